//! Regions of interest as plain masks: distance, dilation and erosion, boxes.
//!
//! A mask is a slice of `height * width` bytes, rows first; any non-zero byte is inside. Results hold 0 and 1.
//! Pixels outside the image are ignored: they neither feed a dilation nor eat into an erosion, as with OpenCV's
//! default border.

mod bounds;
mod distance;
mod levels;

pub use bounds::{BoundingBox, bounding_box, box_mask};
pub use distance::{FAR, city_block};
pub use levels::{Levels, dilate};

use crate::KernelError;

/// Checks that a mask is as long as its size says.
fn check(mask: &[u8], width: usize, height: usize) -> Result<(), KernelError> {
    let fits = width > 0
        && height > 0
        // Distances, at most width + height, then never overflow 32 bits.
        && width < (FAR / 2) as usize
        && height < (FAR / 2) as usize
        && width.checked_mul(height) == Some(mask.len());
    if fits { Ok(()) } else { Err(KernelError::MaskShape { width, height, len: mask.len() }) }
}

#[cfg(test)]
mod tests;
