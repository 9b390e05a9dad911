use rayon::prelude::*;

use super::level::{Level, fits_16_bits};
use super::levels::check_outputs;
use super::rows::RowScratch;
use super::{check, check_buffer, plus, strips};
use crate::KernelError;

/// Memory that [`sweep`] and [`dilate_into`] use again from call to call, whatever the masks' sizes.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    narrow: Buffers<i16>,
    wide: Buffers<i32>,
    /// The packed mask before and after a step; see `strips`.
    here: Vec<u8>,
    there: Vec<u8>,
}

#[derive(Debug, Clone, Default)]
struct Buffers<L> {
    levels: Vec<L>,
    row: RowScratch<L>,
}

impl<L: Level> Buffers<L> {
    /// The last pass up the image settles a row's levels and thresholds them while they are in the cache.
    fn sweep(&mut self, mask: &[u8], width: usize, radii: &[i32], outs: &mut [&mut [u8]]) {
        self.row.prepare(width);
        self.levels.resize(mask.len(), L::default());
        L::descend(mask, width, &mut self.levels, &mut self.row);
        L::ascend(&mut self.levels, width, radii, outs);
    }
}

impl Scratch {
    /// Nothing is reserved before the first use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn sweep(&mut self, mask: &[u8], width: usize, radii: &[i32], outs: &mut [&mut [u8]]) {
        if fits_16_bits(width, mask.len() / width) {
            self.narrow.sweep(mask, width, radii, outs);
        } else {
            self.wide.sweep(mask, width, radii, outs);
        }
    }

    fn dilate(&mut self, mask: &[u8], width: usize, radius: i32, out: &mut [u8]) {
        let steps = radius.unsigned_abs() as usize;
        match steps {
            0 => plus::normalise(mask, out),
            1 => plus::once(mask, width, radius < 0, out),
            _ if few_steps(steps, mask.len(), width) => {
                strips::dilate((mask, width), (steps, radius < 0), (&mut self.here, &mut self.there), out);
            }
            _ => self.sweep(mask, width, &[radius], &mut [out]),
        }
    }
}

/// Whether that many steps on the packed mask cost less than the transform: up to 46 at 512 x 512. Measured there, with
/// AVX-512: packing and unpacking 14 us, a step 1.3 us; the transform and one threshold 54 us (empty mask), 80 us (two
/// lungs) to 155 us (noise). Without AVX all of it takes half as long again, so the place hardly moves.
fn few_steps(steps: usize, pixels: usize, width: usize) -> bool {
    let bytes = strips::len(width, pixels / width);
    steps.checked_mul(bytes).is_some_and(|work| work <= pixels.saturating_mul(6))
}

/// The mask at each of `radii`, dilated by that many pixels or, where negative, eroded; 0 and 1. Equal bit for bit to
/// as many iterations of OpenCV's `dilate` (`erode`) with its 3x3 `MORPH_ELLIPSE`.
///
/// One transform and one pass over the outputs serve all radii, so the cost does not depend on how large they are.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`, [`KernelError::Length`] where
/// there is not one output for each radius, [`KernelError::BufferLength`] where one is not as long as the mask.
pub fn sweep(
    mask: &[u8],
    width: usize,
    height: usize,
    radii: &[i32],
    outs: &mut [&mut [u8]],
    scratch: &mut Scratch,
) -> Result<(), KernelError> {
    check(mask, width, height)?;
    check_outputs(radii, outs, mask.len())?;
    scratch.sweep(mask, width, radii, outs);
    Ok(())
}

/// [`sweep`] over many masks of one size, on rayon's threads: `masks` is `n` x `height` x `width`, `out` is
/// `n` x `radii` x `height` x `width`. Every mask is computed by itself, so threads do not change the result.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or `masks` is no whole number of masks, [`KernelError::BufferLength`]
/// where `out` has another length.
pub fn sweep_batch(
    masks: &[u8],
    width: usize,
    height: usize,
    radii: &[i32],
    out: &mut [u8],
) -> Result<(), KernelError> {
    let pixels = width.saturating_mul(height);
    if pixels == 0 || !masks.len().is_multiple_of(pixels) {
        return Err(KernelError::MaskShape { width, height, len: masks.len() });
    }
    check_buffer(out, masks.len().saturating_mul(radii.len()))?;
    if out.is_empty() {
        return Ok(());
    }
    let each = masks.par_chunks_exact(pixels).zip(out.par_chunks_exact_mut(pixels * radii.len()));
    each.try_for_each_init(Scratch::new, |scratch, (mask, out)| {
        let mut outs: Vec<&mut [u8]> = out.chunks_exact_mut(pixels).collect();
        sweep(mask, width, height, radii, &mut outs, scratch)
    })
}

/// The mask dilated by `radius` pixels, eroded by `-radius` where it is negative; 0 and 1. Equal bit for bit to
/// `radius` iterations of OpenCV's `dilate` (`erode`) with its 3x3 `MORPH_ELLIPSE`. For several radii of one mask
/// use [`sweep`] or [`Levels`](super::Levels).
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn dilate(mask: &[u8], width: usize, height: usize, radius: i32) -> Result<Vec<u8>, KernelError> {
    let mut out = vec![0; mask.len()];
    dilate_into(mask, width, height, radius, &mut out, &mut Scratch::new())?;
    Ok(out)
}

/// As [`dilate`], into a buffer that is already there and with memory that is used again.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`, [`KernelError::BufferLength`]
/// where `out` is not as long as the mask.
pub fn dilate_into(
    mask: &[u8],
    width: usize,
    height: usize,
    radius: i32,
    out: &mut [u8],
    scratch: &mut Scratch,
) -> Result<(), KernelError> {
    check(mask, width, height)?;
    check_buffer(out, mask.len())?;
    scratch.dilate(mask, width, radius, out);
    Ok(())
}
