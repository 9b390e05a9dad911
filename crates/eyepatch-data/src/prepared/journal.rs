//! What was done, block by block: the plan on the first line, then a line a block. Each line begins with a checksum of
//! what follows, so that a line that was cut by a kill is known.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use eyepatch_core::ContentHash;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::npy::Element;
use crate::resize::Frame;
use crate::{Error, Result};

/// What was done with one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Index in the original table.
    pub row: usize,
    /// The row's id.
    pub id: String,
    /// Hash of the original's content, where it could be read.
    pub source: Option<ContentHash>,
    /// What is kept of it; `None` for a row that was left out.
    pub kept: Option<Kept>,
    /// Why it was left out.
    pub skipped: Option<String>,
}

/// What is kept of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The original's height and width.
    pub size: (usize, usize),
    /// Its channels.
    pub channels: usize,
    /// Its depth.
    pub depth: Element,
    /// Where it came to lie.
    pub frame: Frame,
    /// The original's maximum, where values were divided by it.
    pub maximum: Option<f32>,
    /// Hash of its bytes in `images.npy`, then of those in `rois.npy`.
    pub checksum: ContentHash,
}

/// Rows of one block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Block {
    pub(super) block: usize,
    pub(super) entries: Vec<Entry>,
}

impl Block {
    /// Number of images that it has in `images.npy`.
    pub(super) fn kept(&self) -> usize {
        self.entries.iter().filter(|e| e.kept.is_some()).count()
    }
}

/// An open journal.
pub(super) struct Journal(File);

impl Journal {
    /// Writes a new journal that holds `blocks` already, in the place of any other.
    pub(super) fn write<'a>(
        path: &Path,
        plan: &Plan,
        blocks: impl IntoIterator<Item = &'a Block>,
    ) -> Result<Self> {
        let mut text = line(plan)?;
        for block in blocks {
            text.push_str(&line(block)?);
        }
        let fresh = path.with_extension("new");
        let io = |e| Error::from(eyepatch_core::Error::io(path, e));
        let mut file = File::create(&fresh).map_err(io)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).map_err(io)?;
        std::fs::rename(&fresh, path).map_err(io)?;
        Ok(Self(file))
    }

    /// Adds a block whose bytes are durable.
    pub(super) fn add(&mut self, block: &Block, path: &Path) -> Result<()> {
        // Not synced: a line that is lost costs a block, not the set.
        self.0.write_all(line(block)?.as_bytes()).map_err(|e| eyepatch_core::Error::io(path, e).into())
    }
}

/// The plan and the blocks of a journal's text, up to the first line that is damaged.
pub(super) fn read(text: &str) -> Option<(Plan, BTreeMap<usize, Block>)> {
    let mut lines = text.split_inclusive('\n');
    let plan: Plan = parsed(lines.next()?)?;
    let blocks = lines.map_while(parsed::<Block>).map(|b| (b.block, b)).collect();
    Some((plan, blocks))
}

fn line(value: &impl Serialize) -> Result<String> {
    let json = serde_json::to_string(value)
        .map_err(|e| Error::declared(format!("the journal cannot be written: {e}"), ""))?;
    Ok(format!("{} {json}\n", ContentHash::of(json.as_bytes()).short()))
}

fn parsed<T: DeserializeOwned>(line: &str) -> Option<T> {
    let (checksum, json) = line.strip_suffix('\n')?.split_once(' ')?;
    (ContentHash::of(json.as_bytes()).short() == checksum).then(|| serde_json::from_str(json).ok())?
}
