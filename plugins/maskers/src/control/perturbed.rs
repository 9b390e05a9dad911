use eyepatch_core::{Error, Mask, Result};
use eyepatch_kernels::roi;
use rand_core::RngCore;

use super::unit;

/// Places of the coarse grid that the outline's error is drawn on: neighbouring pixels err alike, as a segmentation does.
const GRID: usize = 9;
/// Halvings of the interval in which the error's size is searched.
const STEPS: usize = 24;

/// `own` with its outline shifted by a smooth random error, as large as brings the Dice coefficient (Dice 1945) with the true
/// ROI nearest to `dice`. Never empty.
pub(super) fn perturbed(own: &Mask, dice: f32, rng: &mut impl RngCore) -> Result<Mask> {
    let (width, height) = (own.width(), own.height());
    let levels =
        roi::Levels::new(own.bits(), width, height).map_err(|e| Error::plugin("eyepatch/region", e))?;
    // Below 0 inside, above 0 outside, half a pixel from the outline at it.
    let far = f64::from(i32::try_from(width + height).unwrap_or(i32::MAX));
    let level: Vec<f64> = levels.values().map(|l| f64::from(l).clamp(1.0 - far, far) - 0.5).collect();
    let noise = smooth_noise(width, height, rng);
    let at = |size: f64| -> Vec<u8> {
        level.iter().zip(&noise).map(|(l, n)| u8::from(l + size * n < 0.0)).collect()
    };
    let overlap = |bits: &[u8]| {
        let both = bits.iter().zip(own.bits()).filter(|(a, b)| **a & **b != 0).count();
        let sum = own.area() + bits.iter().map(|b| usize::from(*b)).sum::<usize>();
        2.0 * both as f64 / sum as f64
    };
    let (mut low, mut high, wanted) = (0.0, far, f64::from(dice));
    for _ in 0..STEPS {
        let middle = (low + high) / 2.0;
        if overlap(&at(middle)) > wanted { low = middle } else { high = middle }
    }
    // Of the two sides of the jump in between, the nearer one.
    let (a, b) = (at(low), at(high));
    let nearer = if (overlap(&a) - wanted).abs() <= (overlap(&b) - wanted).abs() { a } else { b };
    let found = Mask::new(width, height, nearer)?;
    Ok(if found.is_empty() { own.clone() } else { found })
}

/// A smooth field between about -1 and 1: random values on a coarse grid, interpolated linearly.
fn smooth_noise(width: usize, height: usize, rng: &mut impl RngCore) -> Vec<f64> {
    let grid: Vec<f64> = (0..GRID * GRID).map(|_| 2.0 * unit(rng) - 1.0).collect();
    let at = |i: usize, side: usize| {
        let place = i as f64 / (side - 1).max(1) as f64 * (GRID - 1) as f64;
        let cell = (place.floor() as usize).min(GRID - 2);
        (cell, place - cell as f64)
    };
    let mut field = Vec::with_capacity(width * height);
    for y in 0..height {
        let (gy, fy) = at(y, height);
        for x in 0..width {
            let (gx, fx) = at(x, width);
            let row = |gy: usize| grid[gy * GRID + gx] * (1.0 - fx) + grid[gy * GRID + gx + 1] * fx;
            field.push(row(gy) * (1.0 - fy) + row(gy + 1) * fy);
        }
    }
    field
}
