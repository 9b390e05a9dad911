//! Harmonic inpainting: the Laplace equation on the pixels that are not known, with the known ones as boundary values
//! and no flux through the image's border; the simplest of the inpaintings by a partial differential equation (Chan and
//! Shen, "Mathematical models for local nontexture inpaintings", SIAM J. Appl. Math. 62, 2001). In the discrete
//! five-point form each unknown pixel is the mean of its neighbours: four, or fewer at the border.

mod grid;
mod solve;

use eyepatch_core::Image;

use grid::{Grid, System};

/// The image with all pixels that are not `known` continued from those that are, on the image's scale. At least one is
/// known. A continued pixel is within 1e-4 of the exact solution where the known neighbours span 1, and within their
/// range.
pub(super) fn inpaint(image: &Image, known: &[u8]) -> Vec<f32> {
    let channels = image.channels();
    let system = System::new(Grid { width: image.width(), height: image.height() }, known);
    let mut values = image.to_f32();
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
    values
}
