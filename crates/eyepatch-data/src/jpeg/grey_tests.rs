use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, Luma};
use proptest::prelude::*;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::jpeg::bits::{Bits, Codes};
use crate::jpeg::blocks::{Blocks, Pass};
use crate::jpeg::frame::Frame;

use super::*;

fn jpeg(width: u32, height: u32, quality: u8, seed: u32, noise: u32) -> Vec<u8> {
    let value = |x: u32, y: u32| {
        let random = (seed ^ (x * 7919 + y * 104_729)).wrapping_mul(2_654_435_761) >> 24;
        (random % (noise + 1) + 3 * x + y) as u8
    };
    let mut bytes = Vec::new();
    let image = GrayImage::from_fn(width, height, |x, y| Luma([value(x, y)]));
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&image).unwrap();
    bytes
}

/// The same walk, a code and then its number, without a picture.
fn walked(scan: &Scan, bytes: &[u8]) -> Result<usize, Bad> {
    let mut blocks = Blocks::new(Pass::Whole, Some(scan.dc), Some(scan.ac), scan.steps[0]);
    let mut bits = Bits::new(bytes, 0);
    for block in 0..scan.size.0.div_ceil(8) * scan.size.1.div_ceil(8) {
        if scan.restart > 0 && block > 0 && block % scan.restart == 0 {
            blocks.end()?;
            bits.restart(block / scan.restart - 1)?;
        }
        blocks.walk(&mut bits, &mut 0)?;
    }
    bits.end()
}

/// A code of many lengths: values of one byte, those of few bits first.
fn codes(counts: &[u8], first: u8) -> Option<Codes> {
    let values: Vec<u8> = (0..counts.iter().map(|&n| usize::from(n)).sum())
        .map(|i| (i as u8 % 5).wrapping_mul(16).wrapping_add(first + i as u8 / 5))
        .collect();
    Codes::new(counts, &values)
}

proptest! {
    #[test]
    fn levels_are_those_of_the_other_decoder(
        (width, height) in (1u32..60, 1u32..60), quality in 1u8..=100, seed: u32, noise in 0u32..256,
    ) {
        let bytes = jpeg(width, height, quality, seed, noise);
        let levels = Frame::read(&bytes).unwrap().check().unwrap().expect("one component, baseline");
        let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::Luma);
        let theirs = JpegDecoder::new_with_options(ZCursor::new(&bytes), options).decode().unwrap();
        prop_assert_eq!(levels, theirs);
    }

    #[test]
    fn anything_is_judged_as_by_the_walk_without_a_picture(
        bytes in prop::collection::vec(prop_oneof![9 => any::<u8>(), 1 => Just(0xffu8), 1 => Just(0u8)], 0..400),
        (height, width) in (1usize..40, 1usize..40), restart in 0usize..4, step in 1i32..200,
        (dc, ac) in (prop::collection::vec(0u8..3, 16), prop::collection::vec(prop_oneof![Just(0u8), 1u8..12], 16)),
    ) {
        let (Some(dc), Some(ac)) = (codes(&dc, 0), codes(&ac, 0)) else { return Ok(()) };
        let scan = Scan { size: (height, width), dc: &dc, ac: &ac, steps: &[step; 64], restart };
        let (fast, slow) = (scan.decode(Bits::new(&bytes, 0)), walked(&scan, &bytes));
        match (fast, slow) {
            (Ok((levels, end)), Ok(slow)) => {
                prop_assert_eq!(end, slow);
                prop_assert_eq!(levels.len(), height * width);
            }
            (Err(fast), Err(slow)) => prop_assert_eq!(fast.problem, slow.problem),
            (fast, slow) => prop_assert!(false, "{:?} and {:?}", fast.map(|(_, end)| end), slow),
        }
    }

    #[test]
    fn a_damaged_file_is_judged_as_by_the_walk_without_a_picture(
        seed: u32, noise in 0u32..256, at in 0.0f64..1.0, by in 1u8..=255, cut: bool,
    ) {
        let mut bytes = jpeg(48, 40, 85, seed, noise);
        let start = bytes.windows(2).position(|w| w == [0xff, 0xda]).unwrap() + 10;
        let place = start + ((bytes.len() - start) as f64 * at) as usize;
        if cut { bytes.truncate(place) } else { bytes[place] ^= by }
        let grey = Frame::read(&bytes).unwrap().check().map(drop);
        let walk = Frame::read(&bytes).unwrap().without_picture().check().map(drop);
        prop_assert_eq!(grey.map_err(|e| e.problem), walk.map_err(|e| e.problem));
    }
}
