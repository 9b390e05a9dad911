//! Grey levels of an image, inside and outside its ROI.

use eyepatch_core::{Image, Mask, Pixels};

/// Bins of the histogram from 0 to 1: each 8-bit value has its own.
const BINS: usize = 4096;
/// How far below white and above black counts as such: one level of 8 bits.
const STEP: f32 = 1.0 / 255.0;

/// One grey value a pixel, 0 to 1 of the stored scale; the mean of the channels.
pub(crate) fn grey(image: &Image) -> Vec<f32> {
    let scale = 1.0 / (image.full_scale() * image.channels() as f32);
    fn mean<T: Copy + Into<f32>>(values: &[T], channels: usize, scale: f32) -> Vec<f32> {
        let pixel = |p: &[T]| p.iter().map(|&v| v.into()).sum::<f32>() * scale;
        values.chunks_exact(channels).map(pixel).collect()
    }
    match image.pixels() {
        Pixels::U8(v) => mean(v, image.channels(), scale),
        Pixels::U16(v) => mean(v, image.channels(), scale),
        Pixels::F32(v) => mean(v, image.channels(), scale),
    }
}

/// Grey levels of one side of the ROI, 0 to 1. All NaN where that side is empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Levels {
    pub(crate) mean: f64,
    pub(crate) sd: f64,
    pub(crate) p5: f64,
    pub(crate) median: f64,
    pub(crate) p95: f64,
    pub(crate) max: f64,
    /// Share of pixels at black and at white.
    pub(crate) black: f64,
    pub(crate) white: f64,
}

impl Levels {
    const NONE: Self = Self {
        mean: f64::NAN,
        sd: f64::NAN,
        p5: f64::NAN,
        median: f64::NAN,
        p95: f64::NAN,
        max: f64::NAN,
        black: f64::NAN,
        white: f64::NAN,
    };
}

/// Levels inside and outside a mask of the image's size.
pub(crate) fn levels(grey: &[f32], inside: &Mask) -> (Levels, Levels) {
    let (mut within, mut without) = (Sums::new(), Sums::new());
    for (&v, &bit) in grey.iter().zip(inside.bits()) {
        if bit == 0 { without.add(v) } else { within.add(v) }
    }
    (within.levels(), without.levels())
}

struct Sums {
    n: u64,
    sum: f64,
    squares: f64,
    max: f32,
    black: u64,
    white: u64,
    histogram: Vec<u32>,
}

impl Sums {
    fn new() -> Self {
        Self { n: 0, sum: 0.0, squares: 0.0, max: 0.0, black: 0, white: 0, histogram: vec![0; BINS] }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the bins")]
    fn add(&mut self, v: f32) {
        let wide = f64::from(v);
        self.n += 1;
        self.sum += wide;
        self.squares += wide * wide;
        self.max = self.max.max(v);
        self.black += u64::from(v < STEP / 2.0);
        self.white += u64::from(v > 1.0 - STEP / 2.0);
        self.histogram[((v * (BINS - 1) as f32).round() as usize).min(BINS - 1)] += 1;
    }

    fn levels(&self) -> Levels {
        if self.n == 0 {
            return Levels::NONE;
        }
        let n = self.n as f64;
        let mean = self.sum / n;
        Levels {
            mean,
            sd: (self.squares / n - mean * mean).max(0.0).sqrt(),
            p5: self.quantile(0.05),
            median: self.quantile(0.5),
            p95: self.quantile(0.95),
            max: f64::from(self.max),
            black: self.black as f64 / n,
            white: self.white as f64 / n,
        }
    }

    /// The level that a share of pixels does not exceed, to a bin.
    fn quantile(&self, share: f64) -> f64 {
        let wanted = share * self.n as f64;
        let mut seen = 0.0;
        for (bin, &count) in self.histogram.iter().enumerate() {
            seen += f64::from(count);
            if seen >= wanted {
                return bin as f64 / (BINS - 1) as f64;
            }
        }
        1.0
    }
}

/// Lines at each side that are of one value all over (letterboxing, collimation), as shares of the height (above and
/// below together) and of the width (left and right together).
pub(crate) fn margins(grey: &[f32], width: usize, height: usize) -> (f64, f64) {
    // Compression makes a plain border waver a little.
    const WAVER: f32 = 4.0 / 255.0;
    let first = grey[0];
    let plain = |mut line: Box<dyn Iterator<Item = f32> + '_>| line.all(|v| (v - first).abs() <= WAVER);
    let row = |y: usize| plain(Box::new(grey[y * width..][..width].iter().copied()));
    let column = |x: usize| plain(Box::new(grey[x..].iter().step_by(width).copied()));
    let count = |n: usize, line: &dyn Fn(usize) -> bool| {
        let before = (0..n).take_while(|&i| line(i)).count();
        let after = (before..n).rev().take_while(|&i| line(i)).count();
        (before + after) as f64 / n as f64
    };
    (count(height, &row), count(width, &column))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn levels_are_those_of_a_sort(bytes in prop::collection::vec(any::<u8>(), 48), bits in prop::collection::vec(0..2u8, 48)) {
            let image = Image::new(8, 6, 1, Pixels::U8(bytes.clone())).unwrap();
            let mask = Mask::new(8, 6, bits.clone()).unwrap();
            let (inside, outside) = levels(&grey(&image), &mask);
            for (found, bit) in [(inside, 1), (outside, 0)] {
                let mut values: Vec<f64> =
                    bytes.iter().zip(&bits).filter(|(_, b)| **b == bit).map(|(v, _)| f64::from(*v) / 255.0).collect();
                if values.is_empty() {
                    prop_assert!(found.mean.is_nan() && found.max.is_nan());
                    continue;
                }
                values.sort_by(f64::total_cmp);
                let n = values.len() as f64;
                let mean = values.iter().sum::<f64>() / n;
                let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
                prop_assert!((found.mean - mean).abs() < 1e-6 && (found.sd - sd).abs() < 1e-4);
                for (quantile, share) in [(found.p5, 0.05), (found.median, 0.5), (found.p95, 0.95)] {
                    let at = ((share * n).ceil() as usize).max(1) - 1;
                    prop_assert!((quantile - values[at]).abs() < 2e-4, "{} {}", quantile, values[at]);
                }
                prop_assert!((found.max - values[values.len() - 1]).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn margins_are_counted_on_both_sides() {
        let mut pixels = vec![10_u8; 100];
        for y in 2..9 {
            for x in 3..10 {
                pixels[y * 10 + x] = 100 + (x * y) as u8;
            }
        }
        let image = Image::new(10, 10, 1, Pixels::U8(pixels)).unwrap();
        assert_eq!(margins(&grey(&image), 10, 10), (0.3, 0.3));
        let plain = Image::new(4, 4, 1, Pixels::U8(vec![0; 16])).unwrap();
        assert_eq!(margins(&grey(&plain), 4, 4), (1.0, 1.0));
    }
}
