//! Regions of interest as plain masks: distance, dilation and erosion, boxes, areas, connected parts, run-length codes.
//!
//! A mask is a slice of `height * width` bytes, rows first; any non-zero byte is inside. Results hold 0 and 1.
//! Pixels outside the image are ignored: they neither feed a dilation nor eat into an erosion, as with OpenCV's
//! default border.

mod area;
mod bits;
mod bounds;
pub mod components;
mod level;
mod levels;
mod plus;
pub mod rle;
mod rows;
mod strips;
mod sweep;

pub use area::{area, centroid, to_area};
pub use bounds::{BoundingBox, bounding_box, box_mask, box_published};
pub use levels::{FAR, Levels, city_block};
pub use sweep::{Scratch, dilate, dilate_into, sweep, sweep_batch};

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

/// Checks that a buffer is as long as it must be.
fn check_buffer(buffer: &[u8], expected: usize) -> Result<(), KernelError> {
    if buffer.len() == expected {
        Ok(())
    } else {
        Err(KernelError::BufferLength { expected, found: buffer.len() })
    }
}

#[cfg(test)]
mod tests;
