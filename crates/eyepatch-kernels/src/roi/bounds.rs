use super::check;
use crate::KernelError;
use crate::dispatch::dispatched;

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

impl BoundingBox {
    /// Writes 1 into the box of a mask that is `width` wide, leaving out as many of its last columns and rows.
    fn fill(self, width: usize, out: &mut [u8], less: usize) {
        for row in out.chunks_exact_mut(width).take(self.y1 - less).skip(self.y0) {
            row[self.x0..self.x1 - less].fill(1);
        }
    }
}

/// The box around a mask; `None` for an empty one.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn bounding_box(mask: &[u8], width: usize, height: usize) -> Result<Option<BoundingBox>, KernelError> {
    check(mask, width, height)?;
    let mut columns = vec![0; width];
    let (y0, y1) = project(mask, &mut columns);
    let x0 = columns.iter().position(|&b| b != 0);
    let x1 = columns.iter().rposition(|&b| b != 0);
    Ok(x0.zip(x1).map(|(x0, last)| BoundingBox { x0, y0, x1: last + 1, y1 }))
}

dispatched! {
    /// The union of all rows into `columns`; returns the first row with an inside pixel and the one past the last.
    fn project(mask: &[u8], columns: &mut [u8]) -> (usize, usize) {
        let (mut first, mut end) = (usize::MAX, 0);
        for (y, row) in mask.chunks_exact(columns.len()).enumerate() {
            let mut any = 0;
            for (column, &byte) in columns.iter_mut().zip(row) {
                *column |= byte;
                any |= byte;
            }
            if any != 0 {
                first = first.min(y);
                end = y + 1;
            }
        }
        (first, end)
    }
}

/// The mask's bounding box, filled; an empty mask stays empty.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn box_mask(mask: &[u8], width: usize, height: usize) -> Result<Vec<u8>, KernelError> {
    let mut out = vec![0; mask.len()];
    if let Some(found) = bounding_box(mask, width, height)? {
        found.fill(width, &mut out, 0);
    }
    Ok(out)
}

/// The box as the published study drew it: the mask united with its bounding box less the box's last column and
/// last row (a slice whose ends were taken for included). The mask's own pixels there stay; an empty mask stays empty.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn box_published(mask: &[u8], width: usize, height: usize) -> Result<Vec<u8>, KernelError> {
    let mut out = vec![0; mask.len()];
    super::plus::normalise(mask, &mut out);
    if let Some(found) = bounding_box(mask, width, height)? {
        found.fill(width, &mut out, 1);
    }
    Ok(out)
}
