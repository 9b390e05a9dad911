//! A hash of 64 bits of how an image differs from the others of its data set.

use std::f32::consts::PI;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::align::zoomed;
use super::thumbnail::{PIXELS, SIDE, Thumbnail};

/// Frequencies along each side.
const KEPT: usize = 8;
/// Shares of the side by which an image is tried larger and smaller, since a copy may be cropped.
const ZOOMS: [f32; 2] = [0.02, -0.02];

/// A mirroring or a turn by quarters: mirrored left to right, then top to bottom, then about the diagonal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Turn {
    mirror_x: bool,
    mirror_y: bool,
    diagonal: bool,
}

impl Turn {
    /// All eight, the one that changes nothing first.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..8_u8).map(|k| Self { mirror_x: k & 1 != 0, mirror_y: k & 2 != 0, diagonal: k & 4 != 0 })
    }

    /// A thumbnail, turned.
    pub(super) fn of(self, levels: &[f32]) -> Vec<f32> {
        let at = |y: usize, x: usize| {
            let (y, x) = if self.diagonal { (x, y) } else { (y, x) };
            let y = if self.mirror_y { SIDE - 1 - y } else { y };
            let x = if self.mirror_x { SIDE - 1 - x } else { x };
            levels[y * SIDE + x]
        };
        (0..PIXELS).map(|i| at(i / SIDE, i % SIDE)).collect()
    }

    /// The frequencies of the turned image from those of the image: a mirroring changes the sign of odd ones.
    fn of_frequencies(self, f: &Frequencies) -> Frequencies {
        let mut out = [0.0; KEPT * KEPT];
        for (i, value) in out.iter_mut().enumerate() {
            let (v, u) = (i / KEPT, i % KEPT);
            let (v, u) = if self.diagonal { (u, v) } else { (v, u) };
            let odd = (self.mirror_x && u % 2 == 1) != (self.mirror_y && v % 2 == 1);
            *value = if odd { -f[v * KEPT + u] } else { f[v * KEPT + u] };
        }
        out
    }
}

/// The lowest 8 x 8 frequencies of the cosine transform (DCT-II, not scaled), rows first.
type Frequencies = [f32; KEPT * KEPT];

fn frequencies(levels: &[f32]) -> Frequencies {
    static COSINES: OnceLock<Vec<f32>> = OnceLock::new();
    let cosines = COSINES.get_or_init(|| {
        let cosine = |i: usize| (PI / SIDE as f32 * ((i % SIDE) as f32 + 0.5) * (i / SIDE) as f32).cos();
        (0..KEPT * SIDE).map(cosine).collect()
    });
    let dot = |a: &[f32], k: usize| a.iter().zip(&cosines[k * SIDE..]).map(|(a, c)| a * c).sum::<f32>();
    let rows: Vec<f32> =
        levels.chunks_exact(SIDE).flat_map(|row| (0..KEPT).map(move |u| dot(row, u))).collect();
    let mut out = [0.0; KEPT * KEPT];
    for u in 0..KEPT {
        let column: Vec<f32> = (0..SIDE).map(|y| rows[y * KEPT + u]).collect();
        (0..KEPT).for_each(|v| out[v * KEPT + u] = dot(&column, v));
    }
    out
}

/// Hashes of all images. A bit says whether a frequency is above its median over the data set, so that each bit parts it in
/// halves however alike its images are.
pub(super) struct Hashes {
    pub(super) plain: Vec<u64>,
    medians: Frequencies,
}

impl Hashes {
    pub(super) fn new(thumbnails: &[&Thumbnail]) -> Self {
        let all: Vec<Frequencies> = thumbnails.par_iter().map(|t| frequencies(&t.levels())).collect();
        let mut medians = [0.0; KEPT * KEPT];
        for (k, median) in medians.iter_mut().enumerate() {
            let mut values: Vec<f32> = all.iter().map(|f| f[k]).collect();
            values.sort_unstable_by(f32::total_cmp);
            *median = values.get(values.len() / 2).copied().unwrap_or(0.0);
        }
        Self { plain: all.iter().map(|f| bits(f, &medians)).collect(), medians }
    }

    /// The hashes of an image in all turns, and a little larger and smaller.
    pub(super) fn variants(&self, levels: &[f32]) -> Vec<(Turn, u64)> {
        let own = frequencies(levels);
        let turned = Turn::all().map(|turn| (turn, bits(&turn.of_frequencies(&own), &self.medians)));
        let zoomed =
            ZOOMS.map(|by| (Turn::default(), bits(&frequencies(&zoomed(levels, [by; 4])), &self.medians)));
        turned.chain(zoomed).collect()
    }
}

fn bits(f: &Frequencies, medians: &Frequencies) -> u64 {
    f.iter().zip(medians).enumerate().fold(0, |bits, (k, (f, m))| bits | u64::from(f > m) << k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turned_frequencies_are_those_of_the_turned_image() {
        let image: Vec<f32> = (0..PIXELS).map(|i| ((i * 7919 + i * i * 31) % 1009) as f32 / 1009.0).collect();
        let own = frequencies(&image);
        for turn in Turn::all() {
            let (fast, slow) = (turn.of_frequencies(&own), frequencies(&turn.of(&image)));
            for (a, b) in fast.iter().zip(&slow) {
                assert!((a - b).abs() < 0.02, "{turn:?}: {a} {b}");
            }
        }
        assert_eq!(Turn::default().of(&image), image);
    }

    #[test]
    fn frequencies_are_sums_of_cosines() {
        let image: Vec<f32> = (0..PIXELS).map(|i| ((i * 37) % 101) as f32 / 101.0).collect();
        let f = frequencies(&image);
        for (v, u) in [(0, 0), (1, 0), (3, 5), (7, 7)] {
            let mut sum = 0.0_f64;
            for (i, value) in image.iter().enumerate() {
                let (y, x) = ((i / SIDE) as f64, (i % SIDE) as f64);
                let angle =
                    |n: f64, k: usize| (std::f64::consts::PI / SIDE as f64 * (n + 0.5) * k as f64).cos();
                sum += f64::from(*value) * angle(y, v) * angle(x, u);
            }
            assert!((f64::from(f[v * KEPT + u]) - sum).abs() < 1e-2, "{v} {u}");
        }
    }
}
