use super::check;
use crate::KernelError;

/// The smallest upright box around the inside pixels: columns `x0..x1` and rows `y0..y1`, ends excluded, so the
/// last inside column is `x1 - 1`. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoundingBox {
    /// First column.
    pub x0: usize,
    /// First row.
    pub y0: usize,
    /// One past the last column.
    pub x1: usize,
    /// One past the last row.
    pub y1: usize,
}

/// The box around a mask; `None` for an empty one.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn bounding_box(mask: &[u8], width: usize, height: usize) -> Result<Option<BoundingBox>, KernelError> {
    check(mask, width, height)?;
    let mut found: Option<BoundingBox> = None;
    for (y, row) in mask.chunks_exact(width).enumerate() {
        let Some(first) = row.iter().position(|&b| b != 0) else { continue };
        let end = row.iter().rposition(|&b| b != 0).map_or(first, |last| last) + 1;
        let so_far = found.unwrap_or(BoundingBox { x0: first, y0: y, x1: end, y1: y });
        found =
            Some(BoundingBox { x0: so_far.x0.min(first), y0: so_far.y0, x1: so_far.x1.max(end), y1: y + 1 });
    }
    Ok(found)
}

/// The mask's bounding box, filled; an empty mask stays empty.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn box_mask(mask: &[u8], width: usize, height: usize) -> Result<Vec<u8>, KernelError> {
    let mut out = vec![0; mask.len()];
    if let Some(b) = bounding_box(mask, width, height)? {
        for row in out.chunks_exact_mut(width).take(b.y1).skip(b.y0) {
            row[b.x0..b.x1].fill(1);
        }
    }
    Ok(out)
}
