//! Whether two thumbnails are one image, up to a crop of a few hundredths.

use super::thumbnail::{PIXELS, SIDE, moments};

/// Half the side of the box whose mean is taken off: what is left is detail.
const BLUR: usize = 2;
/// The largest crop that is tried, in shares of the side.
const MOST: f32 = 0.05;
/// Steps of the search, from coarse to fine, in shares of the side.
const STEPS: [f32; 4] = [0.016, 0.008, 0.004, 0.002];
/// A pair this far apart after the first look is no copy; below it the search never came near the threshold.
const HOPELESS: f64 = 0.35;
/// Correlation of detail from which on two images are one. Different patients reach 0.79 (500,000 pairs of NIH films) and 0.90
/// (millions of pairs of synthetic films of 64 pixels); copies keep 0.97 and more, those cropped by 2 % on each side mostly 0.93.
const SAME: f64 = 0.92;
/// How the frame's left, top, right and bottom edges move together.
const MOVES: [[f32; 4]; 7] = [
    [1.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0],
    [0.0, 0.0, 1.0, 0.0],
    [0.0, 0.0, 0.0, 1.0],
    [1.0, 0.0, -1.0, 0.0],
    [0.0, 1.0, 0.0, -1.0],
    [1.0, 1.0, 1.0, 1.0],
];

/// A thumbnail with its detail.
pub(super) struct Detail {
    levels: Vec<f32>,
    detail: Vec<f32>,
    small: bool,
}

impl Detail {
    pub(super) fn new(levels: Vec<f32>, small: bool) -> Self {
        Self { detail: detail(&levels), levels, small }
    }

    /// Whether two thumbnails are one image; of images of 128 pixels and more, after either one's frame is moved.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        let plain = correlation(&self.detail, &other.detail);
        if plain >= SAME {
            return true;
        }
        // Small images have little detail, and a moved frame makes some of different people agree.
        if self.small || other.small {
            return false;
        }
        let both = [(self, other), (other, self)];
        let look = |(a, b): &(&Self, &Self), by| correlation(&a.detail, &detail(&zoomed(&b.levels, [by; 4])));
        let first = both.iter().flat_map(|pair| [0.01, 0.02].map(|by| look(pair, by))).fold(plain, f64::max);
        first >= HOPELESS && both.iter().any(|(a, b)| a.agrees(b))
    }

    /// Hill climbing over the frame of `other`.
    fn agrees(&self, other: &Self) -> bool {
        let mut frame = [0.0_f32; 4];
        let mut best = correlation(&self.detail, &other.detail);
        for step in STEPS {
            for _ in 0..3 {
                let before = best;
                for direction in MOVES {
                    for sign in [step, -step] {
                        let mut tried = frame;
                        tried.iter_mut().zip(direction).for_each(|(f, d)| *f += sign * d);
                        if tried.iter().any(|f| f.abs() > MOST) {
                            continue;
                        }
                        let found = correlation(&self.detail, &detail(&zoomed(&other.levels, tried)));
                        if found > best {
                            (best, frame) = (found, tried);
                        }
                    }
                }
                if best >= SAME {
                    return true;
                }
                if best <= before {
                    break;
                }
            }
        }
        false
    }
}

/// The part of a thumbnail within a frame (left, top, right, bottom, in shares of the side; negative reaches beyond, where
/// the edge is repeated), at the same size.
pub(super) fn zoomed(levels: &[f32], [left, top, right, bottom]: [f32; 4]) -> Vec<f32> {
    let side = SIDE as f32;
    let places = |start: f32, end: f32| -> Vec<(usize, f32)> {
        (0..SIDE)
            .map(|i| {
                let at = (start + (i as f32 + 0.5) / side * (1.0 - start - end)) * side - 0.5;
                let at = at.clamp(0.0, side - 1.0);
                let low = (at as usize).min(SIDE - 2);
                (low, at - low as f32)
            })
            .collect()
    };
    let (columns, rows) = (places(left, right), places(top, bottom));
    let mut out = Vec::with_capacity(PIXELS);
    for &(y, v) in &rows {
        let (upper, lower) = (&levels[y * SIDE..][..SIDE], &levels[(y + 1) * SIDE..][..SIDE]);
        out.extend(columns.iter().map(|&(x, u)| {
            let a = upper[x] + u * (upper[x + 1] - upper[x]);
            let b = lower[x] + u * (lower[x + 1] - lower[x]);
            a + v * (b - a)
        }));
    }
    out
}

/// Each pixel less the mean of the box around it, with mean 0 and standard deviation 1 over the image.
fn detail(levels: &[f32]) -> Vec<f32> {
    let smooth = |get: &dyn Fn(usize) -> f32| -> Vec<f32> {
        let at = |i: isize| get(i.clamp(0, SIDE as isize - 1) as usize);
        let reach = BLUR as isize;
        let mut sum: f32 = (-reach..=reach).map(at).sum();
        (0..SIDE as isize)
            .map(|i| {
                let mean = sum / (2 * BLUR + 1) as f32;
                sum += at(i + reach + 1) - at(i - reach);
                mean
            })
            .collect()
    };
    let rows: Vec<f32> = levels.chunks_exact(SIDE).flat_map(|row| smooth(&|x| row[x])).collect();
    let mut out = levels.to_vec();
    for x in 0..SIDE {
        for (y, mean) in smooth(&|y| rows[y * SIDE + x]).into_iter().enumerate() {
            out[y * SIDE + x] -= mean;
        }
    }
    even(&out)
}

/// With mean 0 and standard deviation 1.
fn even(levels: &[f32]) -> Vec<f32> {
    let (mean, sd) = moments(levels);
    let scale = if sd > 0.0 { 1.0 / sd } else { 0.0 };
    levels.iter().map(|v| (v - mean) * scale).collect()
}

/// Of two thumbnails of mean 0 and standard deviation 1.
fn correlation(a: &[f32], b: &[f32]) -> f64 {
    f64::from(a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>()) / PIXELS as f64
}
