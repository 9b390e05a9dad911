//! The files of a set beside its numbers.

use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{ContentHash, DataCard, Dataset, Handle, LegitimateRegion, Meta, PluginSpec, Row, Table};
use serde::{Deserialize, Serialize};

use super::blocks::Source;
use super::journal::{Block, Entry, Journal};
use super::part::{Part, write_durably};
use super::plan::{Options, Plan, Values};
use super::{DESCRIPTION, JOURNAL, MANIFEST, ROWS, TABLE};
use crate::resize::ResizeMethod;
use crate::{Error, Result};

/// What `prepared.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    /// See [`super::FORMAT`]. First, so that a reader of another version knows at once.
    pub(super) format: String,
    /// The version that wrote it.
    pub(super) eyepatch: String,
    /// Images in `images.npy`.
    pub(super) images: usize,
    /// Rows that were left out.
    pub(super) skipped: usize,
    pub(super) classes: Vec<String>,
    pub(super) plan: Plan,
    /// The data set that it was prepared from.
    pub(super) dataset: PluginSpec,
    /// Its card.
    pub(super) card: DataCard,
    pub(super) legitimate: BTreeMap<String, LegitimateRegion>,
    /// Why its images may only be shown whole, where that is so.
    pub(super) unmasked_only: Option<String>,
    /// Of the data set that was prepared.
    #[serde(default)]
    pub(super) brightness_leaks: bool,
    /// Checksums of the other files; those of images and ROIs are in the journal, one an image.
    pub(super) files: BTreeMap<String, ContentHash>,
}

/// Ends `images.npy` and `rois.npy`, and writes what belongs to them, the description last.
pub(super) fn write(
    part: &Part,
    source: &Source<'_>,
    dataset: &Handle<dyn Dataset>,
    blocks: &[Block],
    options: &Options,
) -> Result<()> {
    let plan = source.plan;
    let entries: Vec<&Entry> = blocks.iter().flat_map(|b| &b.entries).collect();
    let images = entries.iter().filter(|e| e.kept.is_some()).count();
    if images == 0 {
        return Err(Error::declared(
            "no row could be used: the set would be empty",
            "see what is wrong without --on-bad skip",
        ));
    }
    part.images.finish(images, &plan.images(images))?;
    part.rois.finish(images, &plan.rois(images))?;
    let rows = entries.iter().filter(|e| e.kept.is_some()).map(|e| &source.table.rows[e.row]);
    let rows: Vec<Row> = rows.map(without_files).collect();
    // In order, whatever was made again.
    drop(Journal::write(&part.folder.join(JOURNAL), plan, blocks)?);
    let journal = std::fs::read(part.folder.join(JOURNAL))
        .map_err(|e| eyepatch_core::Error::io(part.folder.join(JOURNAL), e))?;
    let mut files = BTreeMap::from([(JOURNAL.to_owned(), ContentHash::of(&journal))]);
    for (name, bytes) in [
        (TABLE, table(&source.table.classes, &rows, options.cell)?),
        (ROWS, lines(&rows)?),
        (MANIFEST, manifest(&entries, plan, options.cell)?),
    ] {
        write_durably(&part.folder.join(name), &bytes)?;
        files.insert(name.to_owned(), ContentHash::of(&bytes));
    }
    let description = Description {
        format: plan.format.clone(),
        eyepatch: env!("CARGO_PKG_VERSION").into(),
        images,
        skipped: plan.rows - images,
        classes: source.table.classes.clone(),
        plan: plan.clone(),
        dataset: dataset.spec().clone(),
        card: card(dataset.card(), plan, plan.rows - images, source.table),
        legitimate: dataset.legitimate(),
        unmasked_only: dataset.unmasked_only(),
        brightness_leaks: dataset.brightness_leaks(),
        files,
    };
    let mut text = serde_json::to_vec_pretty(&description).map_err(unwritten)?;
    text.push(b'\n');
    write_durably(&part.folder.join(DESCRIPTION), &text)
}

fn unwritten(e: impl std::fmt::Display) -> Error {
    Error::declared(format!("the set's description cannot be written: {e}"), "")
}

/// Original files are no part of a set: it may go where they do not.
fn without_files(row: &Row) -> Row {
    Row { image: None, roi: None, line: None, ..row.clone() }
}

/// The original's card, and what preparing did.
fn card(mut card: DataCard, plan: &Plan, skipped: usize, table: &Table) -> DataCard {
    let (height, width) = plan.size;
    let how = match plan.method {
        ResizeMethod::Antialias => "antialiased",
        ResizeMethod::Study => "bilinear, not antialiased (as in the study)",
    };
    card.notes.push(format!(
        "Prepared at {height}x{width}: aspect kept, zeros around, {how}. ROIs keep two edges: the outer one is hidden, the \
         inner one shown."
    ));
    match plan.values {
        Values::Stored => {}
        Values::Study | Values::StudyExternal => card.notes.push(
            "Values were divided by each image's own maximum before any masking, as in the study: hidden pixels set the \
             brightness of visible ones."
                .into(),
        ),
    }
    if plan.rows < table.rows.len() {
        card.notes.push(format!("Only the first {} of {} rows of the table.", plan.rows, table.rows.len()));
    }
    if skipped > 0 {
        card.notes
            .push(format!("{skipped} rows that could not be used were left out; manifest.csv says why."));
    }
    card
}

fn lines(rows: &[Row]) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, row).map_err(unwritten)?;
        text.push(b'\n');
    }
    Ok(text)
}

fn csv_bytes(records: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    records.into_iter().try_for_each(|r| writer.write_record(r)).map_err(unwritten)?;
    writer.into_inner().map_err(|e| unwritten(e.error()))
}

/// id, patient, a column a class (1, 0 or empty), a column a kind of metadata.
fn table(classes: &[String], rows: &[Row], cell: fn(&str) -> String) -> Result<Vec<u8>> {
    let meta: BTreeSet<&String> = rows.iter().flat_map(|r| r.meta.keys()).collect();
    let mut header = vec!["id".to_owned(), "patient".to_owned()];
    for name in classes.iter().chain(meta.iter().copied()) {
        let mut name = cell(name);
        while header.contains(&name) {
            name.push('_');
        }
        header.push(name);
    }
    let record = |row: &Row| {
        let labels = row.labels.iter().map(|l| l.map_or("", |l| if l { "1" } else { "0" }).to_owned());
        let meta = meta.iter().map(|name| match row.meta.get(*name) {
            Some(Meta::Number(number)) => number.to_string(),
            Some(Meta::Text(text)) => cell(text),
            Some(Meta::Missing) | None => String::new(),
        });
        [cell(&row.id), cell(&row.patient)].into_iter().chain(labels).chain(meta).collect()
    };
    csv_bytes(std::iter::once(header).chain(rows.iter().map(record)))
}

const COLUMNS: [&str; 20] = [
    "row",
    "id",
    "image",
    "source_blake3",
    "height",
    "width",
    "channels",
    "depth",
    "method",
    "scaled_height",
    "scaled_width",
    "top",
    "left",
    "scale",
    "values",
    "divided_by",
    "stored_as",
    "blake3",
    "skipped",
    "why",
];

/// A choice as it is written in JSON.
fn name(value: &impl Serialize) -> Result<String> {
    let json = serde_json::to_value(value).map_err(unwritten)?;
    Ok(json.as_str().unwrap_or_default().to_owned())
}

/// What was done, a line a row of the original table.
fn manifest(entries: &[&Entry], plan: &Plan, cell: fn(&str) -> String) -> Result<Vec<u8>> {
    let (method, values) = (name(&plan.method)?, name(&plan.values)?);
    let mut image = 0usize;
    let mut records = vec![COLUMNS.map(ToOwned::to_owned).to_vec()];
    for entry in entries {
        let mut record = vec![entry.row.to_string(), cell(&entry.id)];
        let source = entry.source.map(|s| s.to_string()).unwrap_or_default();
        match &entry.kept {
            Some(kept) => {
                let frame = kept.frame;
                record.extend([image.to_string(), source]);
                record.extend([kept.size.0, kept.size.1, kept.channels].map(|n| n.to_string()));
                record.extend([kept.depth.descr().to_owned(), method.clone()]);
                record.extend([frame.height, frame.width, frame.top, frame.left].map(|n| n.to_string()));
                record.push((frame.height as f64 / kept.size.0 as f64).to_string());
                record.extend([values.clone(), kept.maximum.map(|m| m.to_string()).unwrap_or_default()]);
                record.extend([plan.depth.descr().to_owned(), kept.checksum.to_string()]);
                record.extend(["0".to_owned(), String::new()]);
                image += 1;
            }
            None => {
                record.extend([String::new(), source]);
                record.extend(std::iter::repeat_n(String::new(), COLUMNS.len() - 6));
                record.extend(["1".to_owned(), cell(entry.skipped.as_deref().unwrap_or_default())]);
            }
        }
        records.push(record);
    }
    csv_bytes(records)
}
