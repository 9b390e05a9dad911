use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicU64;

use eyepatch_core::{Ctx, Dataset, Handle, Sample, Table};

use super::blocks::{self, Source, hand_over, is_of_row, is_whole};
use super::finish;
use super::journal::{self, Block, Journal};
use super::part::{Part, part_of};
use super::plan::{Options, Plan};
use super::set::PreparedSet;
use super::{DESCRIPTION, HEADER, IMAGES, JOURNAL, MANIFEST, ROIS, ROWS, TABLE};
use crate::{Error, Result};

/// What a call left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Images in the set.
    pub images: usize,
    /// Rows that were left out.
    pub skipped: usize,
    /// Images that were there from an earlier run and were found whole.
    pub reused: usize,
    /// Blocks that were there and were made again: damaged, or their originals have changed.
    pub remade: usize,
    /// Bytes of the set.
    pub bytes: u64,
}

/// Prepares `dataset` into the folder `out`, or goes on where an earlier call with the same plan ended. A finished set is
/// verified, and mended where it is damaged.
///
/// # Errors
/// What the data set says of a row that cannot be used (unless such rows are skipped); [`Error::Declared`] where options do
/// not fit each other, the data or what is in `out`; [`Error::Space`]; [`Error::Busy`]; `Cancelled` of core once the context
/// asks to stop, after which the same call goes on.
pub fn prepare(dataset: &Handle<dyn Dataset>, out: &Path, options: &Options, ctx: &Ctx) -> Result<Outcome> {
    let table = dataset.table(ctx)?;
    table.check()?;
    let first = first_sample(&**dataset, &table, options, ctx)?;
    let plan = Plan::new((&dataset.spec().id, dataset.spec().revision), &table, &first, options)?;
    drop(first);
    let source = Source { dataset: &**dataset, table: &table, plan: &plan, ctx, done: AtomicU64::new(0) };
    let folder = part_of(out)?;
    if let Some(whole) = finished(out, &folder, &source)? {
        return Ok(whole);
    }
    let known = begun(&folder, &plan)?;
    check_space(&folder, &plan)?;
    let part = Part::open(&folder, &plan)?;
    let (blocks, reused, remade) = make(&part, &source, known)?;
    finish::write(&part, &source, dataset, &blocks, options)?;
    part.publish(out)?;
    Ok(outcome(&blocks, reused, remade, &plan))
}

fn outcome(blocks: &[Block], reused: usize, remade: usize, plan: &Plan) -> Outcome {
    let images = blocks.iter().map(Block::kept).sum();
    Outcome { images, skipped: plan.rows - images, reused, remade, bytes: bytes(plan, images) }
}

/// Bytes of `images.npy` and `rois.npy`.
fn bytes(plan: &Plan, images: usize) -> u64 {
    let (image, roi) = plan.bytes();
    (2 * HEADER) as u64 + images as u64 * (image + roi) as u64
}

/// The first sample that can be used: it decides depth, channels and structures where nobody else does.
fn first_sample(dataset: &dyn Dataset, table: &Table, options: &Options, ctx: &Ctx) -> Result<Sample> {
    let mut fault = None;
    for row in 0..table.rows.len().min(options.limit.unwrap_or(usize::MAX)) {
        match dataset.load(row, ctx) {
            Ok(sample) => return Ok(sample),
            Err(e) if options.skip_bad && is_of_row(&e) => fault = fault.or(Some(e)),
            Err(e) => return Err(e.into()),
        }
    }
    Err(fault.map_or_else(
        || {
            Error::declared(
                "the data set has no row to prepare",
                "give a table with rows, or a larger --limit",
            )
        },
        Error::from,
    ))
}

/// A set that is there and whole. One that is damaged becomes a set in the making again.
fn finished(out: &Path, folder: &Path, source: &Source<'_>) -> Result<Option<Outcome>> {
    let empty = |path: &Path| path.read_dir().is_ok_and(|mut entries| entries.next().is_none());
    if !out.exists() || empty(out) {
        return Ok(None);
    }
    let plan = plan_of(out);
    if plan.is_none() && !out.join(DESCRIPTION).exists() {
        let problem = format!("{} is there and is no prepared set", out.display());
        return Err(Error::declared(problem, "choose another --out, or remove it"));
    }
    if let Some((plan, _)) = plan {
        check_same(out, &plan, source.plan)?;
    }
    if folder.exists() {
        let problem = format!("{} and {} are both there", out.display(), folder.display());
        return Err(Error::declared(problem, "remove the one that is not wanted"));
    }
    let whole = match PreparedSet::open(out) {
        Ok(set) => set.is_whole(source.dataset, source.ctx)?,
        Err(Error::Damaged { .. }) => false,
        Err(e) => return Err(e),
    };
    if whole {
        let blocks: Vec<Block> = plan_of(out).map(|(_, b)| b.into_values().collect()).unwrap_or_default();
        let images = blocks.iter().map(Block::kept).sum();
        return Ok(Some(outcome(&blocks, images, 0, source.plan)));
    }
    // Nobody may have it mapped while it is mended.
    drop(Part::open(out, source.plan)?);
    std::fs::rename(out, folder).map_err(|e| eyepatch_core::Error::io(out, e))?;
    Ok(None)
}

fn plan_of(folder: &Path) -> Option<(Plan, BTreeMap<usize, Block>)> {
    journal::read(&std::fs::read_to_string(folder.join(JOURNAL)).ok()?)
}

fn check_same(folder: &Path, there: &Plan, wanted: &Plan) -> Result<()> {
    let differences = wanted.differences(there);
    if differences.is_empty() {
        return Ok(());
    }
    let problem =
        format!("{} was prepared with other options or data: {}", folder.display(), differences.join(", "));
    Err(Error::declared(problem, "choose another --out, give the same options again, or remove the folder"))
}

/// Blocks that an earlier run left, from the first on without a gap: only then is it known where each lies.
fn begun(folder: &Path, plan: &Plan) -> Result<Vec<Block>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let Some((there, mut blocks)) = plan_of(folder) else {
        let ours = [IMAGES, ROIS, TABLE, ROWS, MANIFEST, JOURNAL, DESCRIPTION, "lock", "journal.new"];
        let entries = folder.read_dir().map_err(|e| eyepatch_core::Error::io(folder, e))?;
        let names: BTreeSet<_> = entries.flatten().map(|e| e.file_name()).collect();
        return match names.iter().find(|n| !ours.iter().any(|o| *n == *o)) {
            None => Ok(Vec::new()),
            Some(name) => {
                let problem = format!("{} holds `{}`, which is not ours", folder.display(), name.display());
                Err(Error::declared(problem, "remove the folder, or choose another --out"))
            }
        };
    };
    // A run that kept nothing binds nobody to its options.
    if !blocks.is_empty() {
        check_same(folder, &there, plan)?;
    }
    Ok((0..).map_while(|index| blocks.remove(&index)).collect())
}

/// Refuses where the disk has not the room that is still needed.
fn check_space(folder: &Path, plan: &Plan) -> Result<()> {
    let there = |name| std::fs::metadata(folder.join(name)).map_or(0, |m| m.len());
    let needed = bytes(plan, plan.rows).saturating_sub(there(IMAGES) + there(ROIS));
    let mut parent = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    while !parent.exists() {
        parent = parent.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    }
    let free = fs4::available_space(parent).map_err(|e| eyepatch_core::Error::io(parent, e))?;
    if needed > free {
        return Err(Error::Space { folder: folder.to_owned(), needed, free });
    }
    Ok(())
}

/// Makes all blocks that are not there, or not as they were. Gives all of them in order, the number of images that were
/// reused, and of blocks that were made again.
fn make(part: &Part, source: &Source<'_>, known: Vec<Block>) -> Result<(Vec<Block>, usize, usize)> {
    let (mut whole, mut start, mut reused) = (BTreeSet::new(), 0, 0);
    for block in &known {
        if is_whole(block, start, part, source)? {
            whole.insert(block.block);
            reused += block.kept();
            source.report(block.entries.len());
        }
        start += block.kept();
    }
    let path = part.folder.join(JOURNAL);
    let kept = known.iter().filter(|b| whole.contains(&b.block));
    let journal = Journal::write(&path, source.plan, kept)?;
    let mut known: BTreeMap<usize, Block> = known.into_iter().map(|b| (b.block, b)).collect();
    let (mut all, mut start, mut remade) = (Vec::new(), 0, 0);
    blocks::written(part, journal, |send| {
        for index in 0..source.plan.blocks() {
            let there = known.remove(&index);
            if let Some(block) = there.as_ref().filter(|_| whole.contains(&index)) {
                start += block.kept();
                all.push(block.clone());
                continue;
            }
            let made = source.make(index, start)?;
            remade += usize::from(there.is_some());
            if there.is_some_and(|t| t.kept() != made.kept()) {
                // What follows does not lie where it did.
                known.clear();
                whole.clear();
            }
            start += made.kept();
            all.push(made.block().clone());
            hand_over(send, made)?;
        }
        Ok(())
    })?;
    Ok((all, reused, remade))
}
