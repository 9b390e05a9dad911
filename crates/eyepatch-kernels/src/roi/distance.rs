use super::check;
use crate::KernelError;

/// The distance where there is no inside pixel at all.
pub const FAR: u32 = u32::MAX / 2;

/// City-block distance, in pixels, of every pixel to the nearest inside pixel: 0 inside, [`FAR`] everywhere in
/// an empty mask.
///
/// The metric is separable, `d(x, y) = min over rows v of (|y - v| + row distance of x in v)` (Rosenfeld and
/// Pfaltz, "Distance functions on digital pictures", 1968), so one sweep each way along rows, then along columns,
/// is exact. Linear in the number of pixels.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn city_block(mask: &[u8], width: usize, height: usize) -> Result<Vec<u32>, KernelError> {
    check(mask, width, height)?;
    Ok(transform(mask, width, |byte| byte != 0))
}

/// Distance to the nearest pixel that `is_source` accepts. `mask` has been checked.
pub(super) fn transform(mask: &[u8], width: usize, is_source: impl Fn(u8) -> bool) -> Vec<u32> {
    let mut distance: Vec<u32> = mask.iter().map(|&b| if is_source(b) { 0 } else { FAR }).collect();
    for row in distance.chunks_exact_mut(width) {
        relax_along(row.iter_mut());
        relax_along(row.iter_mut().rev());
    }
    for y in 1..distance.len() / width {
        let (above, row) = distance.split_at_mut(y * width);
        relax_row(row, &above[(y - 1) * width..]);
    }
    for y in (1..distance.len() / width).rev() {
        let (row, below) = distance.split_at_mut(y * width);
        relax_row(&mut row[(y - 1) * width..], below);
    }
    distance
}

fn relax_along<'a>(row: impl Iterator<Item = &'a mut u32>) {
    let mut reach = FAR;
    for d in row {
        // FAR + 1 does not overflow and never wins.
        *d = (*d).min(reach + 1);
        reach = *d;
    }
}

fn relax_row(row: &mut [u32], neighbour: &[u32]) {
    for (d, n) in row.iter_mut().zip(neighbour) {
        *d = (*d).min(n + 1);
    }
}
