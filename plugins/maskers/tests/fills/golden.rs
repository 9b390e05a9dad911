//! Against OpenCV's box blur, scipy's Gaussian and a direct solution of the Laplace equation. `golden/fills.py` made
//! the data and says what they are.

use eyepatch_core::{Ctx, Image, Mask, Pixels};
use eyepatch_testkit::Memory;
use plugin_maskers::Fill;

/// 2^24 - 1, the largest value before it is cut to the depth.
const FULL: u64 = (1 << 24) - 1;

/// As `mixed` in the generator.
fn mixed(i: u64, seed: u64) -> u64 {
    let cut = |x: u64| x & 0xffff_ffff;
    let x = cut(i * 2_654_435_761 + seed * 40_503 + 12_345);
    let x = cut((x ^ (x >> 15)) * 2_246_822_519);
    let x = cut((x ^ (x >> 13)) * 3_266_489_917);
    x ^ (x >> 16)
}

/// As `image` in the generator.
fn image(depth: &str, w: usize, h: usize, channels: usize, pattern: &str) -> Image {
    let value = |i: usize| {
        let (x, y, c) = (i / channels % w, i / channels / w, i % channels);
        match pattern {
            "noise" => mixed(i as u64, w as u64) >> 8,
            "ramp" => (x * 70_001 + y * 130_003 + c * 5_000_021) as u64 % (FULL + 1),
            "halves" => [0, FULL][usize::from(x < w / 2)],
            other => panic!("{other}"),
        }
    };
    let values = (0..w * h * channels).map(value);
    let pixels = match depth {
        "u8" => Pixels::U8(values.map(|v| (v >> 16) as u8).collect()),
        "u16" => Pixels::U16(values.map(|v| (v >> 8) as u16).collect()),
        _ => Pixels::F32(values.map(|v| v as f32 / (FULL + 1) as f32).collect()),
    };
    Image::new(w, h, channels, pixels).unwrap()
}

/// The visible pixels: all but those of `mask` in the generator.
fn visible(kind: &str, w: usize, h: usize) -> Mask {
    let hidden = |i: usize| {
        let (x, y) = (i % w, i / w);
        match kind {
            "all" => true,
            "disc" => (2 * x).abs_diff(w).pow(2) + (2 * y).abs_diff(h).pow(2) < (w.min(h) * 3 / 4).pow(2),
            "corner" => x * h + y * w < w * h,
            "frame" => x < w / 3 || x > w / 2 || y < h / 4 || y > h / 2,
            "scatter" => mixed(i as u64, 7) % 10 < 6,
            "stripes" => (x + y) % 5 != 0,
            "points" => i != 0 && i != w * h - 1,
            "point" => x != w / 3 || y != h / 5,
            other => panic!("{other}"),
        }
    };
    Mask::new(w, h, (0..w * h).map(|i| u8::from(!hidden(i))).collect()).unwrap()
}

/// The checksum of zlib.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 })
    })
}

/// The largest difference from `every:values`, which run from the last value to the first.
fn difference(image: &Image, golden: &str) -> f32 {
    let (every, values) = golden.split_once(':').unwrap();
    let ours = image.to_f32();
    let ours: Vec<f32> = ours.into_iter().rev().step_by(every.parse().unwrap()).collect();
    let golden: Vec<f32> = values.split(',').map(|v| v.parse().unwrap()).collect();
    assert_eq!(ours.len(), golden.len());
    ours.iter().zip(golden).map(|(ours, golden)| (ours - golden).abs()).fold(0.0, f32::max)
}

#[test]
fn equals_opencv_and_scipy() {
    let ctx = Ctx::for_tests(1);
    let mut seen = [0; 3];
    for line in include_str!("golden/fills.txt").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [fill, depth, w, h, channels, pattern, mask, golden] = fields[..] else { panic!("{line}") };
        let case = line.trim_end_matches(golden);
        let [w, h, channels] = [w, h, channels].map(|side| side.parse().unwrap());
        let mut filled = image(depth, w, h, channels, pattern);
        let filler = fill.parse::<Fill>().unwrap().prepare(&Memory::default(), &ctx).unwrap();
        filler.fill(&mut filled, &visible(mask, w, h), 0, &ctx).unwrap();
        let (kind, most) = match fill.split(':').next() {
            Some("blur") => (0, 1e-6),
            Some("gaussian") => (1, 1e-6),
            _ => (2, 1e-4),
        };
        if depth == "f32" {
            let found = difference(&filled, golden);
            assert!(found < most, "{case}is off by {found:e}");
        } else {
            assert_eq!(format!("{:08x}", crc32(&filled.to_le_bytes())), golden, "{case}");
        }
        seen[kind] += 1;
    }
    assert!(seen[0] > 200 && seen[1] > 20 && seen[2] > 40, "{seen:?}");
}
