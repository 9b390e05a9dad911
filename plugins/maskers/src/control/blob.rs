use std::f64::consts::TAU;

use eyepatch_core::{Mask, Result};
use rand_core::RngCore;

use super::{below, parts, unit};

/// One random blob a part of `own`: as many pixels, the same elongation, any direction, any place, a wavy outline.
/// Blobs do not overlap, so the area is that of `own`.
pub(super) fn blobs(own: &Mask, rng: &mut impl RngCore) -> Result<Mask> {
    let mut bits = vec![0u8; own.bits().len()];
    for part in parts(own)? {
        let free: Vec<usize> = (0..bits.len()).filter(|&p| bits[p] == 0).collect();
        for pixel in one_blob(&part, own.width(), &free, rng) {
            bits[pixel] = 1;
        }
    }
    Mask::new(own.width(), own.height(), bits)
}

/// A blob of `part`'s area and elongation among the `free` pixels: those nearest to a centre by the distance of a randomly
/// turned ellipse with a wavy outline. All free pixels where there are no more.
pub(super) fn one_blob(part: &[usize], width: usize, free: &[usize], rng: &mut impl RngCore) -> Vec<usize> {
    if free.len() <= part.len() {
        return free.to_vec();
    }
    let centre = free[below(rng, free.len())];
    let (cx, cy) = ((centre % width) as f64, (centre / width) as f64);
    let (sin, cos) = (TAU * unit(rng)).sin_cos();
    let stretch = elongation(part, width).sqrt();
    // Three harmonics of falling weight: round, but no ellipse.
    let waves: Vec<(f64, f64, f64)> =
        (2..5).map(|k| (f64::from(k), 0.3 / f64::from(k), TAU * unit(rng))).collect();
    let distance = |pixel: usize| {
        let (dx, dy) = ((pixel % width) as f64 - cx, (pixel / width) as f64 - cy);
        let (u, v) = ((cos * dx + sin * dy) / stretch, (cos * dy - sin * dx) * stretch);
        let angle = v.atan2(u);
        let outline: f64 = 1.0 + waves.iter().map(|(k, a, phase)| a * (k * angle + phase).sin()).sum::<f64>();
        (u * u + v * v).sqrt() / outline
    };
    let mut ranked: Vec<(f64, usize)> = free.iter().map(|&p| (distance(p), p)).collect();
    ranked.select_nth_unstable_by(part.len() - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    ranked[..part.len()].iter().map(|(_, p)| *p).collect()
}

/// Ratio of the longer to the shorter axis of the ellipse with the part's second moments, at most 6.
fn elongation(part: &[usize], width: usize) -> f64 {
    let n = part.len() as f64;
    let points = || part.iter().map(|p| ((p % width) as f64, (p / width) as f64));
    let (mx, my) = points().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x / n, sy + y / n));
    // A pixel is a square, not a point: its own moment keeps lines from being infinitely thin.
    let (mut xx, mut yy, mut xy) = (1.0 / 12.0, 1.0 / 12.0, 0.0);
    for (x, y) in points() {
        xx += (x - mx).powi(2) / n;
        yy += (y - my).powi(2) / n;
        xy += (x - mx) * (y - my) / n;
    }
    let (mean, spread) = ((xx + yy) / 2.0, (((xx - yy) / 2.0).powi(2) + xy * xy).sqrt());
    ((mean + spread) / (mean - spread).max(1e-9)).sqrt().clamp(1.0, 6.0)
}
