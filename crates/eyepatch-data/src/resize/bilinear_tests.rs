use eyepatch_core::Pixels;
use proptest::prelude::*;

use super::*;
use crate::resize::{ResizeMethod, image as resized, study};

#[derive(serde::Deserialize)]
struct Golden {
    cases: Vec<Case>,
    /// Sizes before and after, and the height, width, top and left between.
    frames: Vec<([usize; 4], [usize; 4])>,
}

#[derive(serde::Deserialize)]
struct Case {
    size: [usize; 3],
    to: (usize, usize),
    depth: String,
    pixels: Vec<u16>,
    expected: Vec<f32>,
}

/// What TensorFlow gives; the generator is beside the file.
fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/resize_with_pad.json")).unwrap()
}

#[test]
fn fits_as_tensorflow_does() {
    for ([h, w, to_h, to_w], [height, width, top, left]) in golden().frames {
        assert_eq!(
            frame((h, w), (to_h, to_w)),
            Frame { height, width, top, left },
            "{h}x{w} in {to_h}x{to_w}"
        );
    }
    // TensorFlow refuses these: nothing of one side would be left.
    assert_eq!(frame((1, 4000), (64, 64)), Frame { height: 1, width: 64, top: 31, left: 0 });
}

#[test]
fn equals_tensorflow() {
    for Case { size: [h, w, channels], to, depth, pixels, expected } in golden().cases {
        let pixels = match depth.as_str() {
            "uint8" => Pixels::U8(pixels.into_iter().map(|v| v.try_into().unwrap()).collect()),
            _ => Pixels::U16(pixels),
        };
        let source = Image::new(w, h, channels, pixels).unwrap();
        let (ours, stored) =
            (study(&source, to).unwrap(), resized(&source, to, ResizeMethod::Study).unwrap());
        assert_eq!(ours.len(), expected.len());
        // The file holds four decimals; a step of the depth is 1.
        let close = if depth == "uint8" { 1e-3 } else { 0.02 };
        for (i, (ours, e)) in ours.into_iter().zip(expected).enumerate() {
            assert!((ours - e).abs() < close, "{h}x{w}, {i}: {ours} {e}");
            assert!((stored.value(i) - e).abs() <= 0.5 + close, "{h}x{w}, {i}: {} {e}", stored.value(i));
        }
    }
}

/// By definition, in double precision.
fn slow(source: &Image, to: (usize, usize)) -> Vec<f64> {
    let Frame { height: h, width: w, top, left } = frame((source.height(), source.width()), to);
    let mut out = vec![0.0; to.0 * to.1 * source.channels()];
    let at = |side: usize, of: usize, i: usize| {
        ((i as f64 + 0.5) * side as f64 / of as f64 - 0.5).clamp(0.0, side as f64 - 1.0)
    };
    for (y, x, c) in (0..h * w * source.channels())
        .map(|i| (i / source.channels() / w, i / source.channels() % w, i % source.channels()))
    {
        let (sy, sx) = (at(source.height(), h, y), at(source.width(), w, x));
        let mut sum = 0.0;
        for row in 0..source.height() {
            for column in 0..source.width() {
                let weight =
                    (1.0 - (sy - row as f64).abs()).max(0.0) * (1.0 - (sx - column as f64).abs()).max(0.0);
                let index = (row * source.width() + column) * source.channels() + c;
                sum += weight * f64::from(source.value(index));
            }
        }
        out[((y + top) * to.1 + x + left) * source.channels() + c] = sum;
    }
    out
}

proptest! {
    #[test]
    fn equals_the_definition(
        (h, w) in (1usize..20, 1usize..20), to in (1usize..24, 1usize..24), colour in any::<bool>(),
        deep in any::<bool>(), seed in any::<u64>(),
    ) {
        use rand_core::RngCore;
        let mut rng = eyepatch_core::Seed::root(seed).rng();
        let channels = if colour { 3 } else { 1 };
        let n = h * w * channels;
        let pixels = if deep {
            Pixels::U16((0..n).map(|_| (rng.next_u32() >> 16) as u16).collect())
        } else {
            Pixels::U8((0..n).map(|_| (rng.next_u32() >> 24) as u8).collect())
        };
        let source = Image::new(w, h, channels, pixels).unwrap();
        let (fast, stored) = (study(&source, to).unwrap(), resized(&source, to, ResizeMethod::Study).unwrap());
        prop_assert_eq!((stored.height(), stored.width(), stored.channels()), (to.0, to.1, channels));
        let scale = f64::from(source.full_scale());
        for (i, slow) in slow(&source, to).into_iter().enumerate() {
            prop_assert!((f64::from(fast[i]) - slow).abs() < 1e-5 * scale, "{} {} {}", i, fast[i], slow);
            prop_assert!((f64::from(stored.value(i)) - slow).abs() < 0.5 + 1e-5 * scale);
        }
    }
}
