//! The grey levels of a baseline JPEG of one component, decoded while its codes are walked.

use eyepatch_kernels::inverse_dct;

use crate::bad::Bad;
use crate::jpeg::bits::{Bits, Codes};
use crate::jpeg::blocks::{check_mean, impossible};

/// Where a block's coefficients lie, row by row, in the order of the scan (T.81, figure 5).
const ORDER: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// The one scan, and what its header names.
pub(super) struct Scan<'a> {
    /// Rows and columns of the image.
    pub(super) size: (usize, usize),
    pub(super) dc: &'a Codes,
    pub(super) ac: &'a Codes,
    /// Steps of the coefficients in the order of the scan.
    pub(super) steps: &'a [i32; 64],
    /// Blocks between two restart markers; 0: there are none.
    pub(super) restart: usize,
}

impl Scan<'_> {
    /// The image's grey levels, rows first, and where the scan's data end.
    ///
    /// # Errors
    /// What [`Blocks`](super::blocks::Blocks) says of damaged data.
    pub(super) fn decode(&self, mut bits: Bits) -> Result<(Vec<u8>, usize), Bad> {
        let (height, width) = self.size;
        let (down, across) = (height.div_ceil(8), width.div_ceil(8));
        let stride = 8 * across;
        let mut levels = vec![0; 8 * down * stride];
        let (mut mean, mut coefficients) = (0, [0; 64]);
        for block in 0..down * across {
            if self.restart > 0 && block > 0 && block % self.restart == 0 {
                bits.restart(block / self.restart - 1)?;
                mean = 0;
            }
            let out = &mut levels[block / across * 8 * stride + block % across * 8..];
            if self.block(&mut bits, &mut mean, &mut coefficients)? {
                inverse_dct(&coefficients, out, stride);
                coefficients = [0; 64];
            } else {
                // Grey levels are 128 above.
                let level = ((coefficients[0] + 4) >> 3) + 128;
                let level = u8::try_from(level.clamp(0, 255)).unwrap_or(u8::MAX);
                (0..8).for_each(|row| out[row * stride..][..8].fill(level));
            }
        }
        if stride > width {
            (1..height).for_each(|row| levels.copy_within(row * stride..row * stride + width, row * width));
        }
        levels.truncate(height * width);
        Ok((levels, bits.end()?))
    }

    /// The next block's coefficients, times their steps. False where all but the mean are 0; they then stay as they were.
    #[inline]
    fn block(&self, bits: &mut Bits, mean: &mut i32, coefficients: &mut [i32; 64]) -> Result<bool, Bad> {
        let difference = bits.step(self.dc)?;
        // Of at most 11 bits.
        if difference.zeros > 0 || difference.number.abs() >= 1 << 11 {
            return Err(impossible());
        }
        *mean += difference.number;
        coefficients[0] = check_mean(*mean, self.steps[0])?;
        let (mut k, mut details) = (1, false);
        while k < 64 {
            let step = bits.step(self.ac)?;
            k += step.zeros as usize;
            if k > 63 {
                return Err(impossible());
            }
            if step.number == 0 {
                match step.zeros {
                    // The rest is 0.
                    0 => break,
                    // Sixteen zeros.
                    15 => {}
                    _ => return Err(impossible()),
                }
            } else {
                coefficients[usize::from(ORDER[k])] = step.number.wrapping_mul(self.steps[k]);
                details = true;
            }
            k += 1;
        }
        Ok(details)
    }
}

#[cfg(test)]
#[path = "grey_tests.rs"]
mod tests;
