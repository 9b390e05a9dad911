//! The resize of the study: TensorFlow's `resize_with_pad`, bilinear, half-pixel centres, not antialiased. It reads at
//! most four pixels for each that it writes, so fine structure flickers in and out where it shrinks; it is here so that
//! models that were trained on its output can be shown what they know.

use eyepatch_core::{Image, Pixels, Result};

/// Where the image comes to lie: its size, and rows and columns of padding before it. TensorFlow divides in single
/// precision and rounds down, so a side may come out a pixel short of the canvas; so does ours.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded down from positive numbers"
)]
fn fit(from: (usize, usize), to: (usize, usize)) -> [(usize, usize); 2] {
    let (h, w, to_h, to_w) = (from.0 as f32, from.1 as f32, to.0 as f32, to.1 as f32);
    let ratio = (w / to_w).max(h / to_h);
    let (h, w) = (h / ratio, w / ratio);
    let before = |side: f32, to: f32| ((to - side) / 2.0).floor().max(0.0) as usize;
    // TensorFlow refuses an image of which nothing would be left; one pixel stays here.
    let whole = |side: f32, to: usize| (side.floor() as usize).clamp(1, to);
    let size = (whole(h, to.0), whole(w, to.1));
    let before = (before(h, to_h).min(to.0 - size.0), before(w, to_w).min(to.1 - size.1));
    [size, before]
}

/// For each of `to` places the two sources of `from` and the weight of the second.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the source")]
fn sources(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let scale = from as f32 / to as f32;
    let source = |at: usize| {
        let centre = (at as f32 + 0.5) * scale - 0.5;
        let low = centre.floor();
        let first = low.max(0.0) as usize;
        let second = ((low + 1.0).max(0.0) as usize).min(from - 1);
        (first.min(from - 1), second, centre - low)
    };
    (0..to).map(source).collect()
}

/// The image at `to` (height, width), as numbers from 0 to 1: values are divided by the depth's full scale.
pub(super) fn image(source: &Image, to: (usize, usize)) -> Result<Image> {
    let channels = source.channels();
    let [(h, w), (top, left)] = fit((source.height(), source.width()), to);
    let (rows, columns) = (sources(source.height(), h), sources(source.width(), w));
    let share = 1.0 / source.full_scale();
    let values = source.to_f32();
    let line = source.width() * channels;
    let mut out = vec![0f32; to.0 * to.1 * channels];
    let lines = out.chunks_exact_mut(to.1 * channels).skip(top);
    for (out, &(upper, lower, down)) in lines.zip(&rows) {
        let (upper, lower) = (&values[upper * line..], &values[lower * line..]);
        let pixels = out.chunks_exact_mut(channels).skip(left);
        for (out, &(near, far, right)) in pixels.zip(&columns) {
            for (c, out) in out.iter_mut().enumerate() {
                let across = |row: &[f32]| {
                    let (a, b) = (row[near * channels + c], row[far * channels + c]);
                    a + (b - a) * right
                };
                let (a, b) = (across(upper), across(lower));
                *out = (a + (b - a) * down) * share;
            }
        }
    }
    Image::new(to.1, to.0, channels, Pixels::F32(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fits_as_tensorflow_does() {
        // Computed with TensorFlow's formula in NumPy's float32: see the generator beside the golden data.
        assert_eq!(fit((3000, 2991), (512, 512)), [(512, 510), (0, 0)]);
        assert_eq!(fit((100, 50), (512, 512)), [(512, 256), (0, 128)]);
        assert_eq!(fit((50, 101), (64, 64)), [(31, 64), (16, 0)]);
        assert_eq!(fit((1, 4000), (64, 64)), [(1, 64), (31, 0)]);
    }

    /// Golden data of PyTorch's interpolation in TensorFlow's frame; their generator is beside them.
    #[test]
    fn equals_tensorflow() {
        #[derive(serde::Deserialize)]
        struct Case {
            size: [usize; 3],
            to: (usize, usize),
            pixels: Vec<u8>,
            expected: Vec<f32>,
        }
        let cases: Vec<Case> = serde_json::from_str(include_str!("golden/resize_with_pad.json")).unwrap();
        for Case { size: [h, w, channels], to, pixels, expected } in cases {
            let source = Image::new(w, h, channels, Pixels::U8(pixels)).unwrap();
            let ours = image(&source, to).unwrap();
            assert_eq!(ours.pixels().len(), expected.len());
            for (i, e) in expected.into_iter().enumerate() {
                assert!(
                    (ours.value(i) * 255.0 - e).abs() < 1e-3,
                    "{h}x{w}, {i}: {} {e}",
                    ours.value(i) * 255.0
                );
            }
        }
    }

    /// By definition, in double precision.
    fn slow(source: &Image, to: (usize, usize)) -> Vec<f64> {
        let [(h, w), (top, left)] = fit((source.height(), source.width()), to);
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
                    let weight = (1.0 - (sy - row as f64).abs()).max(0.0)
                        * (1.0 - (sx - column as f64).abs()).max(0.0);
                    let index = (row * source.width() + column) * source.channels() + c;
                    sum += weight * f64::from(source.value(index));
                }
            }
            out[((y + top) * to.1 + x + left) * source.channels() + c] = sum / f64::from(source.full_scale());
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
            let fast = image(&source, to).unwrap();
            prop_assert_eq!((fast.height(), fast.width(), fast.channels()), (to.0, to.1, channels));
            for (i, slow) in slow(&source, to).into_iter().enumerate() {
                prop_assert!((f64::from(fast.value(i)) - slow).abs() < 1e-5, "{} {} {}", i, fast.value(i), slow);
            }
        }
    }
}
