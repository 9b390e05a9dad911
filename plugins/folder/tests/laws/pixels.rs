use std::sync::LazyLock;

use eyepatch_core::Pixels;
use image::{DynamicImage, GrayImage, ImageBuffer, Luma, LumaA, Rgb, Rgba};
use plugin_folder::Folder;
use proptest::prelude::*;

use crate::fixture::{Fixture, expect_sample, gradient, load, square};

/// One sample whose image is stored under `name`.
fn of(image: impl Into<DynamicImage>, name: &str) -> (Fixture, Folder) {
    let fixture = Fixture::empty();
    image.into().save(fixture.path("images").join(name)).unwrap();
    fixture.roi("s.png", 1);
    let folder = fixture.bare().patient("patient").roi_column("mask");
    fixture.table(format!("id,image,mask,patient,label\ns,{name},s.png,p,1\n"));
    (fixture, folder)
}

fn grey() -> Vec<u8> {
    gradient(2).into_raw()
}

#[test]
fn depth_and_channels_stay_and_alpha_goes() {
    let at = |x: u32, y: u32| u16::from(gradient(2).get_pixel(x, y)[0]);
    let wide: Vec<u16> = grey().iter().map(|&v| u16::from(v) * 257).collect();
    let three = |v: &[u16]| v.iter().flat_map(|&v| [v, v / 2, 1]).collect::<Vec<u16>>();
    let narrow = |v: Vec<u16>| v.into_iter().map(|v| v as u8).collect::<Vec<u8>>();
    let as16: Vec<u16> = grey().iter().map(|&v| u16::from(v)).collect();
    let cases: Vec<(DynamicImage, &str, usize, Pixels)> = vec![
        (gradient(2).into(), "a.png", 1, Pixels::U8(grey())),
        (gradient(2).into(), "a.tif", 1, Pixels::U8(grey())),
        (
            ImageBuffer::from_fn(12, 8, |x, y| LumaA([at(x, y) as u8, 9])).into(),
            "a.png",
            1,
            Pixels::U8(grey()),
        ),
        (
            ImageBuffer::from_fn(12, 8, |x, y| Rgba([at(x, y) as u8, (at(x, y) / 2) as u8, 1, 0])).into(),
            "a.png",
            3,
            Pixels::U8(narrow(three(&as16))),
        ),
        (
            ImageBuffer::from_fn(12, 8, |x, y| Luma([at(x, y) * 257])).into(),
            "a.png",
            1,
            Pixels::U16(wide.clone()),
        ),
        (
            ImageBuffer::from_fn(12, 8, |x, y| Luma([at(x, y) * 257])).into(),
            "a.tiff",
            1,
            Pixels::U16(wide.clone()),
        ),
        (
            ImageBuffer::from_fn(12, 8, |x, y| Rgb([at(x, y) * 257, at(x, y) * 257 / 2, 1])).into(),
            "a.png",
            3,
            Pixels::U16(three(&wide)),
        ),
    ];
    for (image, name, channels, expected) in cases {
        let (_files, folder) = of(image, name);
        let found = load(&folder, 0).unwrap().image;
        assert_eq!((found.width(), found.height(), found.channels()), (12, 8, channels), "{name}");
        assert_eq!(found.pixels(), &expected, "{name}");
    }
}

#[test]
fn jpegs_are_read() {
    let (_files, folder) = of(gradient(2), "a.jpg");
    let found = load(&folder, 0).unwrap().image;
    let Pixels::U8(values) = found.pixels() else { panic!("8 bit") };
    let worst = values.iter().zip(grey()).map(|(a, b)| a.abs_diff(b)).max().unwrap();
    assert!(found.channels() == 1 && worst < 20, "{worst}");
}

#[test]
fn large_images_are_refused_before_they_are_decoded() {
    let (_files, folder) = of(gradient(2), "a.png");
    expect_sample(&folder.clone().max_pixels(95), 0, "a.png", 2, "it is 8x12 (rows x columns), more than");
    load(&folder.max_pixels(96), 0).unwrap();
    // A header that claims 65535 x 65535 pixels with no data behind it.
    let (files, folder) = of(gradient(2), "b.png");
    let mut bytes = std::fs::read(files.path("images/b.png")).unwrap();
    bytes[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let crc = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    files.write("images/b.png", &bytes);
    expect_sample(&folder, 0, "b.png", 2, "it is 65535x65535");
}

/// PNG's checksum, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &b| {
        (0..8).fold(crc ^ u32::from(b), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 })
    })
}

#[test]
fn floating_point_images_are_refused() {
    let float = ImageBuffer::from_fn(12, 8, |x, y| Rgb([x as f32, y as f32, 0.5]));
    let (_files, folder) = of(DynamicImage::ImageRgb32F(float), "a.tif");
    expect_sample(&folder, 0, "a.tif", 2, "pixels are");
}

/// A TIFF of 12 x 8 pixels, uncompressed, with these 16-bit fields (tag, values) beside those for the data's place.
fn tiff(fields: &[(u16, &[u16])], data: &[u8]) -> Vec<u8> {
    let count = fields.len() as u16 + 4;
    let mut extra_at = 8 + 2 + 12 * u32::from(count) + 4;
    let (mut entries, mut extra) = (Vec::new(), Vec::new());
    let mut entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        let bytes = [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value];
        entries.push((tag, bytes.concat()));
    };
    for (tag, values) in fields {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let value = <[u8; 4]>::try_from([&bytes[..], &[0, 0]].concat().as_slice()).unwrap_or_else(|_| {
            let at = extra_at.to_le_bytes();
            extra_at += bytes.len() as u32;
            extra.extend(&bytes);
            at
        });
        entry(*tag, 3, values.len() as u32, value);
    }
    entry(256, 3, 1, [12, 0, 0, 0]);
    entry(257, 3, 1, [8, 0, 0, 0]);
    entry(273, 4, 1, extra_at.to_le_bytes());
    entry(279, 4, 1, (data.len() as u32).to_le_bytes());
    entries.sort();
    let entries: Vec<u8> = entries.into_iter().flat_map(|(_, bytes)| bytes).collect();
    [b"II*\0\x08\0\0\0", &count.to_le_bytes()[..], &entries, &[0; 4], &extra, data].concat()
}

#[test]
fn tiffs_of_other_kinds_are_not_called_corrupt() {
    let (bits, compression, photometric, samples, rows, format, palette) =
        (258, 259, 262, 277, 278, 339, 320);
    let colours: Vec<u16> = (0..768).map(|v| v * 80).collect();
    let plain = |depth: &'static [u16], colour: &'static [u16]| -> Vec<(u16, &[u16])> {
        vec![(bits, depth), (compression, &[1]), (photometric, colour), (samples, &[1]), (rows, &[8])]
    };
    let data = |bytes: usize| (0..96 * bytes).map(|v| v as u8).collect::<Vec<u8>>();
    let write = |fields: Vec<(u16, &[u16])>, bytes: usize| {
        let (files, folder) = of(gradient(2), "a.tif");
        files.write("images/a.tif", tiff(&fields, &data(bytes)));
        (files, folder)
    };
    let (_files, folder) = write(plain(&[16], &[1]), 2);
    load(&folder, 0).unwrap();
    for (fields, bytes) in [
        ([plain(&[16], &[1]), vec![(format, &[2][..])]].concat(), 2),
        ([plain(&[32], &[1]), vec![(format, &[1][..])]].concat(), 4),
        ([plain(&[8], &[3]), vec![(palette, &colours[..])]].concat(), 1),
    ] {
        let (files, folder) = write(fields, bytes);
        let text = load(&folder, 0).unwrap_err();
        assert!(!text.to_string().contains("corrupt"), "{text}");
        expect_sample(&folder, 0, "a.tif", 2, "of a kind that is not read");
        assert!(text.remedy().unwrap().contains("unsigned 8- or 16-bit grey or RGB"), "{text}");
        drop(files);
    }
}

#[test]
fn turned_photographs_are_refused() {
    let (files, folder) = of(gradient(2), "a.jpg");
    let jpeg = std::fs::read(files.path("images/a.jpg")).unwrap();
    // An EXIF segment whose only tag is orientation 6 (quarter turn).
    let tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut exif = vec![0xff, 0xe1, 0, (8 + tiff.len()) as u8];
    exif.extend_from_slice(b"Exif\0\0");
    exif.extend_from_slice(tiff);
    files.write("images/a.jpg", [&jpeg[..2], &exif, &jpeg[2..]].concat());
    expect_sample(&folder, 0, "a.jpg", 2, "EXIF");
}

#[test]
fn any_non_zero_pixel_is_inside() {
    let fixture = Fixture::plain(4);
    let faint = GrayImage::from_fn(12, 8, |x, y| Luma([u8::from(square(1).get_pixel(x, y)[0] > 0)]));
    faint.save(fixture.path("rois/s0.png")).unwrap();
    let deep = ImageBuffer::from_fn(12, 8, |x, y| Luma([u16::from(faint.get_pixel(x, y)[0])]));
    DynamicImage::ImageLuma16(deep).save(fixture.path("rois/s1.png")).unwrap();
    let blue = ImageBuffer::from_fn(12, 8, |x, y| Rgba([0, 0, faint.get_pixel(x, y)[0], 255]));
    DynamicImage::ImageRgba8(blue).save(fixture.path("rois/s2.png")).unwrap();
    faint.save(fixture.path("rois/s3.jpg")).unwrap();
    std::fs::remove_file(fixture.path("rois/s3.png")).unwrap();
    let folder = fixture.folder();
    let expected: Vec<u8> = faint.into_raw();
    for row in 0..3 {
        assert_eq!(load(&folder, row).unwrap().roi.structures()["roi"].bits(), expected, "row {row}");
    }
    expect_sample(&folder, 3, "rois/s3.jpg", 5, "the mask is a JPEG");
}

/// Files of each format, whole.
static WHOLE: LazyLock<Vec<(&str, Vec<u8>)>> = LazyLock::new(|| {
    let bytes = |name: &str| {
        let (files, _) = of(gradient(2), name);
        std::fs::read(files.path("images").join(name)).unwrap()
    };
    ["a.png", "a.jpg", "a.tif"].map(|name| (name, bytes(name))).to_vec()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_never_panic(
        format in 0usize..3, damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut: prop::sample::Index,
        cuts: bool,
    ) {
        let (name, mut bytes) = WHOLE[format].clone();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        let (files, folder) = of(gradient(2), name);
        files.write(&format!("images/{name}"), &bytes);
        match load(&folder.max_pixels(10_000), 0) {
            Ok(sample) => prop_assert_eq!((sample.image.width(), sample.image.height()), (12, 8)),
            Err(eyepatch_core::Error::Sample { row, .. }) => prop_assert_eq!(row, Some(2)),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}

#[test]
fn three_equal_channels_are_one_where_that_is_asked_for() {
    let level = |x: u32, y: u32| gradient(2).get_pixel(x, y)[0];
    let (_kept, folder) = of(ImageBuffer::from_fn(12, 8, |x, y| Rgb([level(x, y); 3])), "a.png");
    assert_eq!(load(&folder, 0).unwrap().image.channels(), 3);
    let image = load(&folder.grey(), 0).unwrap().image;
    assert_eq!((image.channels(), image.pixels()), (1, &Pixels::U8(grey())));
    let (_kept, folder) = of(ImageBuffer::from_fn(12, 8, |x, y| Rgb([level(x, y), 1, 2])), "a.png");
    assert!(load(&folder.grey(), 0).unwrap_err().to_string().contains("colours"));
}
