use rayon::prelude::*;

use super::Coalitions;
use crate::KernelError;
use crate::compose::Value;
use crate::compose::stream::Writer;

/// Values a strip: what is put together before it is written, 4 KiB of floats.
const STRIP: usize = 1024;

/// The segment of each pixel: the number of the player that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids<'a> {
    /// Fewer than 65,536 segments.
    U16(&'a [u16]),
    /// More.
    U32(&'a [u32]),
}

/// A segmentation as runs of pixels of one segment, made once an image: the batches are then block copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    pixels: usize,
    runs: Vec<Run>,
}

/// Pixels from the end of the run before to `end`, excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    end: usize,
    player: usize,
}

impl Segments {
    /// Reads a segment-id map, rows first.
    #[must_use]
    pub fn new(ids: Ids<'_>) -> Self {
        match ids {
            Ids::U16(ids) => Self::from_ids(ids, usize::from),
            // No target that eyepatch builds for has pointers of 16 bits.
            Ids::U32(ids) => Self::from_ids(ids, |id| id as usize),
        }
    }

    fn from_ids<T: Copy + PartialEq>(ids: &[T], player: impl Fn(T) -> usize) -> Self {
        let mut end = 0;
        let runs = ids.chunk_by(|a, b| a == b).filter_map(|run| {
            end += run.len();
            run.first().map(|&id| Run { end, player: player(id) })
        });
        Self { runs: runs.collect(), pixels: ids.len() }
    }

    /// Pixels of the map.
    #[must_use]
    pub fn pixels(&self) -> usize {
        self.pixels
    }
}

/// Writes one image a coalition: `image` where the pixel's player is shown, `background` elsewhere. A pixel whose id
/// is `coalitions.players()` or more belongs to nobody and always shows the background.
///
/// `image` and `background` are planes (CHW) as [`crate::compose::compose`] writes them, already normalised, in
/// 32-bit floats or in half bits: values are copied, never computed with. `out` is dense NCHW,
/// `coalitions.rows() * image.len()` values. Coalitions are shared out over rayon's threads; nothing is allocated.
///
/// # Errors
/// [`KernelError::Length`] where `image` is no whole number of planes of the segments' size, or where `background` or
/// `out` does not fit it.
pub fn composite<T: Value>(
    image: &[T],
    background: &[T],
    segments: &Segments,
    coalitions: &Coalitions,
    out: &mut [T],
) -> Result<(), KernelError> {
    let pixels = segments.pixels;
    let planes = image.len().checked_div(pixels).unwrap_or(0);
    KernelError::length("the image", planes * pixels, image.len())?;
    KernelError::length("the background", image.len(), background.len())?;
    KernelError::length("the output", coalitions.rows().saturating_mul(image.len()), out.len())?;
    if out.is_empty() {
        return Ok(());
    }
    let writer = Writer::new(size_of_val(out));
    out.par_chunks_exact_mut(image.len()).enumerate().for_each(|(row, out)| {
        let shows = |run: &Run| coalitions.shows(row, run.player);
        let planes = out.chunks_exact_mut(pixels).zip(image.chunks_exact(pixels));
        for ((out, image), background) in planes.zip(background.chunks_exact(pixels)) {
            plane(image, background, &segments.runs, shows, out, writer);
        }
        writer.finish();
    });
    Ok(())
}

/// One plane of one image, strip by strip; a run may go on over several of them.
fn plane<T: Value>(
    image: &[T],
    background: &[T],
    runs: &[Run],
    shows: impl Fn(&Run) -> bool,
    out: &mut [T],
    writer: Writer,
) {
    let mut ready = [T::default(); STRIP];
    let (mut start, mut filled) = (0, 0);
    for run in runs {
        let source = if shows(run) { image } else { background };
        while start + filled < run.end {
            let from = start + filled;
            let len = (run.end - from).min(STRIP - filled);
            ready[filled..filled + len].copy_from_slice(&source[from..from + len]);
            filled += len;
            if filled == STRIP || from + len == out.len() {
                writer.put(&mut out[start..start + filled], &ready[..filled]);
                (start, filled) = (start + filled, 0);
            }
        }
    }
}
