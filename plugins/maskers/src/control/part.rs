//! Parts of the image in which shortcuts are often found, each without the ROI.

use eyepatch_core::{Error, Mask, Result};
use eyepatch_kernels::roi;

use super::Of;

/// The part's pixels that are not the ROI's. `own` is the whole ROI.
///
/// # Errors
/// [`Error::EmptyRegion`] where the ROI leaves nothing of the part.
pub(super) fn part(of: Of, own: &Mask) -> Result<Mask> {
    let (width, height) = (own.width(), own.height());
    let pixels = |fraction: f32| of_shorter_side(fraction, (width, height));
    let mut bits = vec![0; width * height];
    let bits = match of {
        Of::Rim(fraction) => {
            rim(&mut bits, (width, height), pixels(fraction), 1);
            corners(&mut bits, (width, height), pixels(Of::CORNERS), 0);
            without(bits, own.bits())
        }
        Of::Corners(fraction) => {
            corners(&mut bits, (width, height), pixels(fraction), 1);
            without(bits, own.bits())
        }
        Of::Background(fraction) => {
            bits.fill(1);
            rim(&mut bits, (width, height), pixels(fraction), 0);
            corners(&mut bits, (width, height), pixels(Of::CORNERS), 0);
            // A pixel further, so that the outline's own contrast stays.
            let near =
                roi::dilate(own.bits(), width, height, 1).map_err(|e| Error::plugin("eyepatch/region", e))?;
            without(bits, &near)
        }
        _ => bits,
    };
    let part = Mask::new(width, height, bits)?;
    if part.is_empty() {
        return Err(Error::EmptyRegion { what: of.describe() });
    }
    Ok(part)
}

/// At least a pixel.
fn of_shorter_side(fraction: f32, (width, height): (usize, usize)) -> usize {
    let shorter = width.min(height);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most a side of the image"
    )]
    let pixels = (f64::from(fraction) * shorter as f64).round() as usize;
    pixels.clamp(1, shorter)
}

/// A frame `thick` pixels wide.
fn rim(bits: &mut [u8], (width, height): (usize, usize), thick: usize, value: u8) {
    ends_of_rows(bits, width, value, |y| if y < thick || y + thick >= height { width } else { thick });
}

/// Four squares of `side` pixels.
fn corners(bits: &mut [u8], (width, height): (usize, usize), side: usize, value: u8) {
    ends_of_rows(bits, width, value, |y| if y < side || y + side >= height { side } else { 0 });
}

/// Sets the first and the last `length(y)` pixels of each row `y`.
fn ends_of_rows(bits: &mut [u8], width: usize, value: u8, length: impl Fn(usize) -> usize) {
    for (y, row) in bits.chunks_exact_mut(width).enumerate() {
        let length = length(y);
        row[..length].fill(value);
        row[width - length..].fill(value);
    }
}

fn without(mut bits: Vec<u8>, taken: &[u8]) -> Vec<u8> {
    bits.iter_mut().zip(taken).for_each(|(bit, taken)| *bit &= 1 - taken);
    bits
}
