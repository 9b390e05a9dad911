use std::io::Cursor;

use image::{DynamicImage, ImageEncoder, ImageFormat, codecs::jpeg::JpegEncoder};
use proptest::prelude::*;

use super::*;

fn facts(bytes: &[u8]) -> FileFacts {
    FileFacts::of(Cursor::new(bytes), bytes.len() as u64).expect("memory can be read")
}

fn saved(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).expect("it can be written");
    out.into_inner()
}

fn jpeg(image: &DynamicImage, quality: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, quality);
    let (w, h) = (image.width(), image.height());
    encoder.write_image(image.as_bytes(), w, h, image.color().into()).expect("it can be written");
    out
}

/// A segment that is put behind the start of a JPEG.
fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).expect("short").to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, content, &jpeg[2..]].concat()
}

#[test]
fn every_quality_is_read_back() {
    let grey = DynamicImage::new_luma8(17, 9);
    for quality in 2..=100 {
        let found = facts(&jpeg(&grey, quality));
        assert_eq!(found.quality, Some(quality), "{found:?}");
        assert_eq!((found.bit_depth, found.channels), (Some(8), Some(1)));
        assert_eq!(found.subsampling.as_deref(), Some("grey"));
    }
}

#[test]
fn jpegs_say_what_lies_beside_their_pixels() {
    let plain = jpeg(&DynamicImage::new_rgb8(16, 16), 90);
    let found = facts(&plain);
    assert_eq!((found.format, found.channels, found.bytes), (Format::Jpeg, Some(3), plain.len() as u64));
    assert!(found.subsampling.is_some() && found.compression.as_deref() == Some("baseline"), "{found:?}");
    let extras = |bytes: &[u8]| facts(bytes).extras;
    assert!(extras(&with_segment(&plain, 0xE1, b"Exif\0\0rest")).contains("EXIF"));
    assert!(extras(&with_segment(&plain, 0xFE, b"made by")).contains("comment"));
    assert!(extras(&with_segment(&plain, 0xE2, b"ICC_PROFILE\0rest")).contains("ICC profile"));
    assert!(!extras(&plain).contains("comment"));
}

#[test]
fn png_and_tiff_tell_depth_and_channels() {
    let cases = [
        (DynamicImage::new_luma8(5, 4), 8, 1),
        (DynamicImage::new_luma16(5, 4), 16, 1),
        (DynamicImage::new_rgb8(5, 4), 8, 3),
        (DynamicImage::new_rgb16(5, 4), 16, 3),
        (DynamicImage::new_rgba8(5, 4), 8, 4),
    ];
    for (image, depth, channels) in cases {
        for (format, expected) in [(ImageFormat::Png, Format::Png), (ImageFormat::Tiff, Format::Tiff)] {
            let found = facts(&saved(&image, format));
            assert_eq!(found.format, expected);
            assert_eq!((found.bit_depth, found.channels), (Some(depth), Some(channels)), "{expected:?}");
            assert!(found.compression.is_some());
        }
    }
}

#[test]
fn a_png_names_its_software() {
    let png = saved(&DynamicImage::new_luma8(5, 4), ImageFormat::Png);
    let text = b"Software\0somebody's viewer";
    let length = u32::try_from(text.len()).expect("short").to_be_bytes();
    let chunk = [&length[..], b"tEXt", text, &[0; 4]].concat();
    // Behind the signature and IHDR.
    let with = [&png[..33], &chunk, &png[33..]].concat();
    assert!(facts(&with).extras.contains("software") && !facts(&png).extras.contains("software"));
}

#[test]
fn what_is_no_image_has_a_length_and_nothing_else() {
    let found = facts(b"not an image");
    assert_eq!((found.format, found.bytes, found.bit_depth), (Format::Other, 12, None));
    assert_eq!(facts(b"").format, Format::Other);
    assert_eq!(facts(b"\x93NUMPY\x01\x00").format, Format::Npy);
    let dicom = [&[0; 128][..], b"DICM"].concat();
    assert_eq!(facts(&dicom).format, Format::Dicom);
    assert!(FileFacts::read(Path::new("/nonexistent/a.png")).is_err());
}

proptest! {
    /// Cut or scrambled anywhere, a file gives facts and no panic.
    #[test]
    fn damage_is_no_error(cut in 0..2000usize, at in 0..2000usize, byte: u8, kind in 0..3usize) {
        let image = DynamicImage::new_rgb8(16, 16);
        let mut bytes = match kind {
            0 => jpeg(&image, 75),
            1 => saved(&image, ImageFormat::Png),
            _ => saved(&image, ImageFormat::Tiff),
        };
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(cut.max(4));
        facts(&bytes);
    }
}
