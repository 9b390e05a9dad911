use eyepatch_core::{Error, Pixels};
use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, Luma, Rgb, RgbImage};
use plugin_folder::Folder;
use proptest::prelude::*;

use crate::fixture::{Fixture, expect_sample, load};

/// Made by `jpeg_golden.py`.
const GOLDEN: [(&str, &[u8]); 6] = [
    ("grey_progressive", include_bytes!("jpeg/grey_progressive.jpg")),
    ("grey_restarts", include_bytes!("jpeg/grey_restarts.jpg")),
    ("colour_420", include_bytes!("jpeg/colour_420.jpg")),
    ("colour_422_optimised", include_bytes!("jpeg/colour_422_optimised.jpg")),
    ("colour_progressive_restarts", include_bytes!("jpeg/colour_progressive_restarts.jpg")),
    ("rgb", include_bytes!("jpeg/rgb.jpg")),
];
const CMYK: &[u8] = include_bytes!("jpeg/cmyk.jpg");

/// One sample whose image is these bytes.
fn of(jpeg: &[u8]) -> (Fixture, Folder) {
    let fixture = Fixture::empty();
    fixture.write("images/a.jpg", jpeg);
    let (width, height) = image::load_from_memory(jpeg).map_or((9, 9), |i| (i.width(), i.height()));
    let corner = GrayImage::from_fn(width, height, |x, y| Luma([u8::from(x + y == 0)]));
    corner.save(fixture.path("rois/a.png")).unwrap();
    fixture.table("id,image,patient,label\na,a.jpg,p,1\n");
    let folder = fixture.bare().patient("patient");
    (fixture, folder)
}

/// A picture without large even areas, as a baseline JPEG.
fn photo() -> Vec<u8> {
    let grey = GrayImage::from_fn(128, 96, |x, y| Luma([(x * y / 3 + x * x / 7 + 5 * y) as u8]));
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 85).encode_image(&grey).unwrap();
    bytes
}

fn good() -> Vec<(&'static str, Vec<u8>)> {
    let mut all: Vec<(&str, Vec<u8>)> = GOLDEN.iter().map(|(name, bytes)| (*name, bytes.to_vec())).collect();
    all.push(("photo", photo()));
    all
}

/// The channels and values that `image` gives.
fn as_image_reads(jpeg: &[u8]) -> (usize, Pixels) {
    let decoded = image::load_from_memory(jpeg).unwrap();
    (decoded.color().channel_count().into(), Pixels::U8(decoded.into_bytes()))
}

fn find(bytes: &[u8], marker: u8) -> usize {
    bytes.windows(2).position(|w| w == [0xff, marker]).unwrap()
}

/// The middle third of the data of the scan that holds most.
fn middle(bytes: &[u8]) -> (usize, usize) {
    let marks = |i: &usize| bytes[*i] == 0xff && !matches!(bytes[i + 1], 0 | 0xd0..=0xd7);
    let ends = (find(bytes, 0xda)..bytes.len() - 1).filter(marks).collect::<Vec<_>>();
    let scans = ends.windows(2).filter(|w| bytes[w[0] + 1] == 0xda);
    let (start, end) = scans.map(|w| (w[0] + 10, w[1])).max_by_key(|(a, b)| b - a).unwrap();
    let third = (end - start) / 3;
    (start + third, end - third)
}

#[test]
fn good_jpegs_are_read_as_image_reads_them() {
    for (name, bytes) in good() {
        let found = load(&of(&bytes).1, 0).unwrap_or_else(|e| panic!("{name}: {e}")).image;
        let grey = name.starts_with("grey") || name == "photo";
        assert_eq!(found.channels(), if grey { 1 } else { 3 }, "{name}");
        assert_eq!((found.channels(), found.pixels().clone()), as_image_reads(&bytes), "{name}");
    }
}

#[test]
fn what_stands_around_the_image_does_not_matter() {
    let bytes = photo();
    let (start, end) = (find(&bytes, 0xda), bytes.len() - 2);
    let comment = [0xff, 0xfe, 0, 6, b'n', b'o', b't', b'e'];
    let padded = [&bytes[..], &[0]].concat();
    let followed = [&bytes[..], &bytes[..]].concat();
    let filled = [&bytes[..end], &[0xff, 0xff], &bytes[end..]].concat();
    let commented = [&bytes[..start], &comment, &bytes[start..]].concat();
    for whole in [padded, followed, filled, commented] {
        let found = load(&of(&whole).1, 0).unwrap().image;
        assert_eq!((found.channels(), found.pixels().clone()), as_image_reads(&bytes));
    }
}

/// A lenient decoder reads most of these without a word, and so does a strict one that does not count.
#[test]
fn damage_in_the_middle_is_found() {
    for (name, bytes) in good() {
        let (start, end) = middle(&bytes);
        let with = |value: u8| [&bytes[..start], &vec![value; end - start], &bytes[end..]].concat();
        let without = [&bytes[..start], &bytes[end..]].concat();
        let twice = [&bytes[..end], &bytes[start..]].concat();
        let cut = [&bytes[..start], &[0, 0xff, 0xd9]].concat();
        for (damage, bytes) in [
            ("overwritten by zeros", with(0)),
            ("overwritten by ones", with(0xfe)),
            ("without a piece", without),
            ("with a piece twice", twice),
            ("cut off and ended", cut),
        ] {
            let (_files, folder) = of(&bytes);
            match load(&folder, 0) {
                Err(Error::Sample { problem, .. }) => {
                    assert!(problem.contains("corrupt"), "{name} {damage}: {problem}");
                }
                Err(other) => panic!("{name} {damage}: {other}"),
                Ok(_) => panic!("{name} {damage} was accepted"),
            }
        }
    }
}

#[test]
fn scans_and_restart_markers_are_all_there() {
    let progressive = GOLDEN[0].1;
    let first = find(progressive, 0xda);
    let second =
        first + 2 + progressive[first + 2..].windows(2).position(|w| w[0] == 0xff && w[1] != 0).unwrap();
    // Without its first scan, the image has details and no means.
    let (_files, folder) = of(&[&progressive[..first], &progressive[second..]].concat());
    expect_sample(&folder, 0, "a.jpg", 2, "ends too early");
    let mut restarts = GOLDEN[1].1.to_vec();
    let at = find(&restarts, 0xd1);
    restarts[at + 1] = 0xd3;
    expect_sample(&of(&restarts).1, 0, "a.jpg", 2, "restart marker");
}

#[test]
fn whole_jpegs_of_other_kinds_are_not_called_corrupt() {
    let changed = |offset: usize, value: u8| {
        let mut bytes = photo();
        let frame = find(&bytes, 0xc0);
        bytes[frame + offset] = value;
        bytes
    };
    for (bytes, says) in [
        (CMYK.to_vec(), "CMYK"),
        (changed(4, 12), "12 bits"),
        (changed(1, 0xc3), "lossless"),
        (changed(1, 0xc9), "arithmetic"),
    ] {
        let (_files, folder) = of(&bytes);
        expect_sample(&folder, 0, "a.jpg", 2, says);
        expect_sample(&folder, 0, "a.jpg", 2, "of a kind that is not read");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_jpeg_of_the_encoder_is_whole(
        width in 1u32..50, height in 1u32..50, quality in 1u8..=100, colour: bool, seed: u32,
    ) {
        let value = |x: u32, y: u32, c: u32| {
            let noise = (seed ^ (x * 7919 + y * 104_729 + c * 31)).wrapping_mul(2_654_435_761) >> 24;
            (noise + 3 * x) as u8
        };
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
        if colour {
            let rgb = |x, y| Rgb([value(x, y, 0), value(x, y, 1), value(x, y, 2)]);
            encoder.encode_image(&RgbImage::from_fn(width, height, rgb)).unwrap();
        } else {
            encoder.encode_image(&GrayImage::from_fn(width, height, |x, y| Luma([value(x, y, 0)]))).unwrap();
        }
        match load(&of(&bytes).1, 0) {
            Ok(sample) => {
                let found = (sample.image.channels(), sample.image.pixels().clone());
                prop_assert_eq!(found, as_image_reads(&bytes));
            }
            // A single pixel is an image of one value, and its corner a whole ROI.
            Err(e) => prop_assert!(!e.to_string().contains("corrupt"), "{}", e),
        }
    }
}
