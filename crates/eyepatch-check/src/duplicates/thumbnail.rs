/// Width and height of a thumbnail.
pub(super) const SIDE: usize = 48;
/// Its pixels.
pub(super) const PIXELS: usize = SIDE * SIDE;
/// Side from which on an image has detail that a thumbnail averages over.
const LARGE: usize = 128;
/// Standard deviations that the stored levels reach to.
const REACH: f32 = 4.0;

/// An image of 48 x 48 pixels, whatever its shape was, with mean 0 and standard deviation 1, in 8 bits.
#[derive(Clone)]
pub(crate) struct Thumbnail {
    levels: Box<[i8]>,
    /// Whether the image had so few pixels that its thumbnail is nearly the image itself.
    pub(super) small: bool,
}

impl Thumbnail {
    /// The mean grey of each of 48 x 48 equal boxes. `None` where all are the same.
    #[expect(clippy::cast_possible_truncation, reason = "clamped to 8 bits")]
    pub(crate) fn of(grey: &[f32], width: usize, height: usize) -> Option<Self> {
        let across: Vec<f32> = grey.chunks_exact(width).flat_map(|row| boxes(row, 1, width)).collect();
        let mut small = vec![0.0; PIXELS];
        for x in 0..SIDE {
            for (y, v) in boxes(&across[x..], SIDE, height).enumerate() {
                small[y * SIDE + x] = v;
            }
        }
        let (mean, sd) = moments(&small);
        // Less than a tenth of a level of 8 bits: nothing to compare.
        if sd < 0.1 / 255.0 {
            return None;
        }
        let level = |v: &f32| ((v - mean) / sd / REACH * 127.0).round().clamp(-127.0, 127.0) as i8;
        let levels = small.iter().map(level).collect();
        Some(Self { levels, small: width.min(height) < LARGE })
    }

    /// Its levels.
    pub(super) fn levels(&self) -> Vec<f32> {
        self.levels.iter().map(|&v| f32::from(v) * REACH / 127.0).collect()
    }
}

/// Means over `SIDE` equal boxes of `n` values that lie `step` apart; a value on an edge counts in both boxes by its share.
fn boxes(values: &[f32], step: usize, n: usize) -> impl Iterator<Item = f32> {
    let size = n as f64 / SIDE as f64;
    (0..SIDE).map(move |i| {
        let (start, end) = (i as f64 * size, (i + 1) as f64 * size);
        let mut sum = 0.0;
        let mut at = start.floor() as usize;
        while (at as f64) < end - 1e-9 && at < n {
            let share = (end.min(at as f64 + 1.0) - start.max(at as f64)) as f32;
            sum += share * values[at * step];
            at += 1;
        }
        sum / size as f32
    })
}

/// Mean and standard deviation.
pub(super) fn moments(values: &[f32]) -> (f32, f32) {
    let n = values.len() as f32;
    let mean = values.iter().sum::<f32>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n;
    (mean, variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_means_whatever_the_size() {
        // A ramp's mean over a box is its value at the box's middle, whether or not sides divide.
        for n in [30, 48, 96, 101, 512] {
            let ramp: Vec<f32> = (0..n).map(|i| i as f32 + 0.5).collect();
            for (i, mean) in boxes(&ramp, 1, n).enumerate() {
                let middle = (i as f32 + 0.5) * n as f32 / SIDE as f32;
                // Within one value a ramp is a step.
                assert!((mean - middle).abs() <= 0.5, "{n} {i}: {mean} for {middle}");
            }
        }
        let total: f32 = boxes(&[1.0; 77], 1, 77).sum();
        assert!((total - SIDE as f32).abs() < 1e-3);
    }

    #[test]
    fn plain_images_have_none() {
        assert!(Thumbnail::of(&[0.0; 3600], 60, 60).is_none());
        let mut one = vec![0.0; 3600];
        one[1830] = 1.0;
        assert!(Thumbnail::of(&one, 60, 60).is_some());
    }
}
