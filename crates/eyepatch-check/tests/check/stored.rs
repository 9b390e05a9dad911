//! What files give away: formats and qualities by camera and by answer.

use std::io::Cursor;
use std::path::Path;

use eyepatch_core::Pixels;
use eyepatch_report::schema::Severity;
use image::codecs::jpeg::JpegEncoder;
use image::{ImageEncoder, ImageFormat};

use crate::toy::{SIDE, Toy, finding, text};

/// Image files of all rows, each as `encode` makes it.
fn stored(toy: &mut Toy, folder: &Path, encode: impl Fn(usize, &[u8]) -> (Vec<u8>, &'static str)) {
    for (i, row) in toy.table.rows.iter_mut().enumerate() {
        let Pixels::U8(pixels) = toy.images[i].pixels() else { panic!("8 bits") };
        let (bytes, extension) = encode(i, pixels);
        let path = folder.join(format!("{i}.{extension}"));
        std::fs::write(&path, bytes).unwrap();
        row.image = Some(path);
    }
}

fn jpeg(pixels: &[u8], quality: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let side = SIDE as u32;
    JpegEncoder::new_with_quality(&mut out, quality)
        .write_image(pixels, side, side, image::ExtendedColorType::L8)
        .unwrap();
    out
}

fn saved(pixels: &[u8], format: ImageFormat) -> Vec<u8> {
    let side = SIDE as u32;
    let mut out = Cursor::new(Vec::new());
    image::GrayImage::from_raw(side, side, pixels.to_vec()).unwrap().write_to(&mut out, format).unwrap();
    out.into_inner()
}

#[test]
fn images_saved_again_as_jpeg_by_camera() {
    let folder = tempfile::tempdir().unwrap();
    let mut toy = Toy::new(120).with("camera", |i, _| text(["Bosch", "Forus", "Remidio"][i % 3]));
    stored(&mut toy, folder.path(), |i, pixels| match i % 3 {
        1 => (saved(pixels, ImageFormat::Png), "png"),
        _ => (jpeg(pixels, 75), "jpg"),
    });
    let check = toy.check();
    let found = finding(&check, "preparation", "`camera` decides how files are stored");
    assert!(found.severity == Severity::Warning && found.sentence.contains("file format"), "{found:?}");
}

#[test]
fn a_format_or_a_quality_that_goes_with_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let mut toy = Toy::new(120);
    let positive: Vec<bool> = (0..120).map(|r| toy.positive(r)).collect();
    stored(&mut toy, folder.path(), |i, pixels| match positive[i] {
        true => (saved(pixels, ImageFormat::Tiff), "tif"),
        false => (jpeg(pixels, 90), "jpg"),
    });
    let check = toy.check();
    let found = finding(&check, "columns", "file format TIFF with pneumonia");
    assert_eq!(found.severity, Severity::Alarm);
    assert!(found.auc.unwrap().value.max(1.0 - found.auc.unwrap().value) > 0.999);
    stored(&mut toy, folder.path(), |i, pixels| (jpeg(pixels, if positive[i] { 60 } else { 95 }), "jpg"));
    let check = toy.check();
    assert_eq!(finding(&check, "columns", "coarser JPEG tables with pneumonia").severity, Severity::Alarm);
}
