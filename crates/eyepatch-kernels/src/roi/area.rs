use super::{Levels, check};
use crate::KernelError;

/// Number of inside pixels.
#[must_use]
pub fn area(mask: &[u8]) -> usize {
    mask.iter().filter(|&&byte| byte != 0).count()
}

/// Mean column and row of the inside pixels, counted from the centre of the first pixel, as OpenCV and SciPy do;
/// `None` for an empty mask.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn centroid(mask: &[u8], width: usize, height: usize) -> Result<Option<(f64, f64)>, KernelError> {
    check(mask, width, height)?;
    let mut sums = Sums::default();
    for (y, row) in mask.chunks_exact(width).enumerate() {
        super::bits::for_each_run(row, |start, end| sums.add_run(y, start, end));
    }
    Ok(sums.centroid())
}

/// Area and sums of coordinates, in whole numbers and therefore exact.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) area: usize,
    x: u128,
    y: u128,
}

impl Sums {
    /// Adds columns `start..end` of row `y`.
    pub(super) fn add_run(&mut self, y: usize, start: usize, end: usize) {
        let len = end - start;
        self.area += len;
        // The sum of start..end; one of the two factors is even.
        self.x += len as u128 * (start + end - 1) as u128 / 2;
        self.y += len as u128 * y as u128;
    }

    pub(super) fn centroid(&self) -> Option<(f64, f64)> {
        let mean = |sum: u128| sum as f64 / self.area as f64;
        (self.area > 0).then(|| (mean(self.x), mean(self.y)))
    }
}

/// The radius whose dilation (erosion, where negative) of the mask comes nearest to `target` pixels; of two that are
/// equally near, the one nearer to 0, then the dilation. 0 for an empty or full mask, which no radius changes.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn to_area(mask: &[u8], width: usize, height: usize, target: usize) -> Result<i32, KernelError> {
    Ok(Levels::new(mask, width, height)?.radius_for_area(target))
}
