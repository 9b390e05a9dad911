//! Blocks: made from the data set on all threads, and written by one more while the next is made.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use eyepatch_core::{ContentHash, Ctx, Dataset, Error as CoreError, Row, Sample, Table};
use rayon::prelude::*;

use super::journal::{Block, Entry, Journal, Kept};
use super::part::Part;
use super::plan::Plan;
use super::{JOURNAL, values};
use crate::npy::Element;
use crate::resize;
use crate::{Error, Result};

/// What rows are read from, and how far the work is.
pub(super) struct Source<'a> {
    pub(super) dataset: &'a dyn Dataset,
    pub(super) table: &'a Table,
    pub(super) plan: &'a Plan,
    pub(super) ctx: &'a Ctx,
    pub(super) done: AtomicU64,
}

/// A block that is made, with the bytes of its images and ROIs.
pub(super) struct Made {
    block: Block,
    bytes: Vec<(Vec<u8>, Vec<u8>)>,
    /// Images before it.
    start: usize,
}

impl Made {
    pub(super) fn kept(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn block(&self) -> &Block {
        &self.block
    }
}

/// The hash of an image's bytes and its ROI's.
pub(super) fn checksum(image: &[u8], roi: &[u8]) -> ContentHash {
    ContentHash(*blake3::Hasher::new().update(image).update(roi).finalize().as_bytes())
}

/// What a set keeps of a row: its image and its ROI's edges.
type RowBytes = (Vec<u8>, Vec<u8>);

impl Source<'_> {
    /// Makes block `index`, whose first image will be number `start`. The first row at fault decides what is reported,
    /// whichever thread meets its own first.
    pub(super) fn make(&self, index: usize, start: usize) -> Result<Made> {
        let rows: Vec<usize> = self.plan.rows_of(index).collect();
        let one = |&row: &usize| self.row(row);
        let made: Vec<_> = self.ctx.install(|| rows.par_iter().with_max_len(1).map(one).collect());
        self.ctx.check()?;
        let (mut entries, mut bytes) = (Vec::with_capacity(made.len()), Vec::new());
        for made in made {
            let (entry, of_row) = made?;
            entries.push(entry);
            bytes.extend(of_row);
        }
        Ok(Made { block: Block { block: index, entries }, bytes, start })
    }

    /// Counts rows that are done.
    pub(super) fn report(&self, rows: usize) {
        let done = self.done.fetch_add(rows as u64, Ordering::Relaxed) + rows as u64;
        self.ctx.progress().report(done, self.plan.rows as u64, "images");
    }

    fn row(&self, index: usize) -> Result<(Entry, Option<RowBytes>), CoreError> {
        self.ctx.check()?;
        let row = &self.table.rows[index];
        let made = self.prepared(index, row);
        self.report(1);
        let entry = |source, kept, skipped| Entry { row: index, id: row.id.clone(), source, kept, skipped };
        match made {
            Ok((kept, image, roi)) => {
                let source = self.dataset.content(index, self.ctx)?;
                Ok((entry(Some(source), Some(kept), None), Some((image, roi))))
            }
            Err(e) if self.plan.skip_bad && is_of_row(&e) => {
                let source = self.dataset.content(index, self.ctx).ok();
                Ok((entry(source, None, Some(e.to_string())), None))
            }
            Err(e) => Err(e),
        }
    }

    fn prepared(&self, index: usize, row: &Row) -> Result<(Kept, Vec<u8>, Vec<u8>), CoreError> {
        let Sample { image, roi, .. } = self.dataset.load(index, self.ctx)?;
        let inner = self.dataset.inner_roi(index, self.ctx)?;
        let size = (image.height(), image.width());
        if (roi.height(), roi.width()) != size {
            let found = format!("{}x{}", roi.height(), roi.width());
            return Err(CoreError::shape("ROI", format!("{}x{}", size.0, size.1), found).of_row(row));
        }
        let plan = self.plan;
        let of_row = |e: CoreError| e.of_row(row);
        let inner = inner.as_ref().unwrap_or(&roi);
        let roi = if size == plan.size {
            values::roi(&roi, inner, plan)
        } else {
            resize::edges(&roi, inner, plan.size, plan.method)
                .and_then(|edges| values::roi(&edges.outer, &edges.inner, plan))
        };
        let roi = roi.map_err(of_row)?;
        let (channels, depth) = (image.channels(), Element::of_image(&image));
        let (pixels, maximum) = values::pixels(image, plan).map_err(of_row)?;
        let kept = Kept {
            size,
            channels,
            depth,
            frame: plan.method.frame(size, plan.size),
            maximum,
            checksum: checksum(&pixels, &roi),
        };
        Ok((kept, pixels, roi))
    }
}

/// Whether only this row is at fault. A full disk or a request to stop is not.
pub(super) fn is_of_row(error: &CoreError) -> bool {
    match error {
        CoreError::Sample { .. } => true,
        CoreError::Io { source, .. } => source.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

/// Whether a block of the journal still is what was prepared: its bytes have their checksums, and what they were made
/// from is as it was.
pub(super) fn is_whole(block: &Block, start: usize, part: &Part, source: &Source<'_>) -> Result<bool> {
    let rows = source.plan.rows_of(block.block);
    if !block.entries.iter().map(|e| e.row).eq(rows) {
        return Ok(false);
    }
    let kept: Vec<&Kept> = block.entries.iter().filter_map(|e| e.kept.as_ref()).collect();
    let (images, rois) = (part.images.read(start, kept.len())?, part.rois.read(start, kept.len())?);
    if (images.len(), rois.len()) != (kept.len() * part.images.each, kept.len() * part.rois.each) {
        return Ok(false);
    }
    source.ctx.check()?;
    let bytes = images.par_chunks_exact(part.images.each).zip(rois.par_chunks_exact(part.rois.each));
    let same = |e: &Entry| e.source == source.dataset.content(e.row, source.ctx).ok();
    Ok(source.ctx.install(|| {
        bytes.zip(&kept).all(|((image, roi), kept)| checksum(image, roi) == kept.checksum)
            && block.entries.par_iter().all(same)
    }))
}

/// Runs `make` while another thread writes the blocks that it hands over. A block is in memory while it is made, one waits
/// and one is written.
pub(super) fn written<'a>(
    part: &Part,
    journal: Journal,
    make: impl FnOnce(&SyncSender<Made>) -> Result<()> + 'a,
) -> Result<()> {
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel(1);
        let writer = scope.spawn(move || write_all(part, journal, receive));
        let made = make(&send);
        drop(send);
        let written = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // Where writing failed, making ended because nobody took its blocks.
        written.and(made)
    })
}

/// Nobody takes blocks any more: the writer's own error is what counts.
pub(super) fn hand_over(send: &SyncSender<Made>, made: Made) -> Result<()> {
    send.send(made).map_err(|_| Error::Core(CoreError::Cancelled))
}

fn write_all(part: &Part, mut journal: Journal, blocks: Receiver<Made>) -> Result<()> {
    let path = part.folder.join(JOURNAL);
    for made in blocks {
        part.images.write(made.start, made.bytes.iter().map(|(image, _)| image.as_slice()))?;
        part.rois.write(made.start, made.bytes.iter().map(|(_, roi)| roi.as_slice()))?;
        part.images.sync()?;
        part.rois.sync()?;
        journal.add(&made.block, &path)?;
    }
    Ok(())
}
