//! Harmonic inpainting: the Laplace equation on the pixels that are not known, with the known ones as boundary values
//! and no flux through the image's border; the simplest of the inpaintings by a partial differential equation (Chan and
//! Shen, "Mathematical models for local nontexture inpaintings", SIAM J. Appl. Math. 62, 2001). In the discrete
//! five-point form each unknown pixel is the mean of its neighbours: four, or fewer at the border.

mod grid;
mod solve;

use grid::{Grid, System};

use crate::KernelError;

/// Continues the values of an interleaved image (`shape` is rows, columns, channels) from the pixels that are `known` (a byte a pixel,
/// 0 for unknown) to those that are not. A continued value is within 1e-4 of the exact solution where the known neighbours
/// span 1, and within their range. Where nothing is unknown, nothing changes.
///
/// # Errors
/// [`KernelError::MaskShape`] and [`KernelError::Length`] where sizes do not fit, [`KernelError::NothingKnown`].
pub fn inpaint(values: &mut [f32], shape: [usize; 3], known: &[u8]) -> Result<(), KernelError> {
    let [height, width, channels] = shape;
    if height == 0 || width == 0 || known.len() != height * width {
        return Err(KernelError::MaskShape { width, height, len: known.len() });
    }
    if values.len() != known.len() * channels {
        let (expected, found) = (known.len() * channels, values.len());
        return Err(KernelError::Length { what: "the image", expected, found });
    }
    if known.iter().all(|&k| k == 0) {
        return Err(KernelError::NothingKnown);
    }
    let system = System::new(Grid { width, height }, known);
    for c in 0..channels {
        let rim = || system.rim.iter().map(|&(_, pixel)| f64::from(values[pixel as usize * channels + c]));
        let (low, high) =
            rim().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        // The middle of the known neighbours' range is made 0, the range 1.
        let (middle, range) = (f64::midpoint(low, high), high - low);
        let mut right = vec![0.0; system.pixels.len()];
        if range > 0.0 {
            for (&(unknown, _), value) in system.rim.iter().zip(rim()) {
                right[unknown as usize] += (value - middle) / range;
            }
            right = solve::solve(&system.levels, right);
        }
        for (&pixel, value) in system.pixels.iter().zip(right) {
            // The extremes of a harmonic function lie on its boundary.
            values[pixel as usize * channels + c] = (middle + value * range).clamp(low, high) as f32;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_continued_and_misfits_are_named() {
        // Of one row the unknown middle lies on the line between its ends.
        let mut values = vec![0.0, 9.0, 9.0, 3.0];
        inpaint(&mut values, [1, 4, 1], &[1, 0, 0, 1]).unwrap();
        let near = values.iter().zip([0.0, 1.0, 2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(near, "{values:?}");
        let of = |shape, known: &[u8]| inpaint(&mut [0.0; 4], shape, known).unwrap_err();
        assert_eq!(of([1, 4, 1], &[0; 4]), KernelError::NothingKnown);
        assert!(matches!(of([1, 4, 1], &[1; 3]), KernelError::MaskShape { .. }));
        assert!(matches!(of([1, 4, 3], &[1; 4]), KernelError::Length { .. }));
    }
}
