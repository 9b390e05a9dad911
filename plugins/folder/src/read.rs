//! From the table's file to rows whose files are known to be there.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use eyepatch_core::{Result, Row, Table};
use eyepatch_data::{Record, Root, Sheet, quoted, table_error};

use crate::annotations::Annotations;
use crate::columns::{Columns, MaskBy, masks};
use crate::filter::Filter;
use eyepatch_data::OnBad;

use crate::params::{Folder, RoiFrom};
use crate::pictures::{Absent, Picture, Pictures};
use crate::rows::{labels, meta, unique};
use crate::sources::{RoiKey, Rois, Source, source};
use crate::{drop, notes};

/// All that is known without opening an image.
pub(crate) struct Loaded {
    pub(crate) table: Arc<Table>,
    pub(crate) sources: Vec<Source>,
    pub(crate) annotations: Option<Annotations>,
    pub(crate) notes: Vec<String>,
    /// How the ROIs were found, in words.
    pub(crate) roi_origin: String,
}

impl Loaded {
    /// Reads table and folders. The result does not depend on `threads`.
    pub(crate) fn read(folder: &Folder, threads: usize) -> Result<Self> {
        let sheet = Sheet::read(&folder.table)?;
        let (kept, mut notes) = filtered(folder, &sheet)?;
        let images = Root::open(&folder.images)?;
        let columns = Columns::choose(folder, &sheet, &kept, &images)?;
        unique(&sheet, &kept, columns.id)?;
        let pictures = Pictures { sheet: &sheet, columns: &columns, root: &images }.find(&kept)?;
        let rois = open_rois(folder, &sheet, &kept, &columns, &pictures)?;
        let meta_columns = match &rois {
            Rois::Masks(_, by) => columns.meta(folder, &sheet, by)?,
            Rois::Outlines(_) => columns.meta(folder, &sheet, &MaskBy::Stem)?,
        };
        let meta = meta(&sheet, &kept, &meta_columns)?;
        let (mut rows, mut sources, mut absent) = (Vec::new(), Vec::new(), Vec::new());
        for ((record, meta), picture) in kept.iter().zip(meta).zip(pictures) {
            let id = record.cell(columns.id).trim().to_owned();
            let labels = labels(folder, &sheet, record, &columns.labels)?;
            let patient = patient(&sheet, record, columns.patient)?.unwrap_or_else(|| id.clone());
            match source(&sheet, record, &columns, picture, &rois)? {
                Err(missing) => absent.push(missing),
                Ok(source) => {
                    let image = Some(source.image.shown.clone());
                    let roi = rois.path(&source.roi);
                    rows.push(Row { id, patient, labels, meta, image, roi, line: Some(record.line) });
                    sources.push(source);
                }
            }
        }
        if folder.on_bad == OnBad::Refuse && !absent.is_empty() {
            return Err(drop::missing_error(&sheet, kept.len(), &absent));
        }
        unique_images(&sheet, &rows, &sources)?;
        unique_rois(&sheet, &rows, &sources, &rois)?;
        notes.extend(notes::columns(folder, &sheet, &columns, &rois));
        notes.extend(notes::unmatched(&rois, &sources));
        let roi_origin = notes::roi_origin(folder, &sheet, &rois);
        let annotations = if let Rois::Outlines(a) = rois { Some(a) } else { None };
        let classes = columns.labels.iter().map(|(class, _)| class.clone()).collect();
        let table = Arc::new(Table { classes, rows });
        let mut loaded = Self { table, sources, annotations, notes, roi_origin };
        if folder.on_bad == OnBad::Drop {
            loaded = drop::unusable(folder, loaded, &absent, threads);
        }
        if loaded.table.rows.is_empty() {
            let remedy = "see the data card's counts: mend the files, or drop fewer rows";
            return Err(sheet.error(None, None, "no row is left: all have unusable images or ROIs", remedy));
        }
        loaded.notes.extend(notes::labels(&loaded.table));
        notes::check_legitimate(folder, &sheet, &loaded)?;
        Ok(loaded)
    }
}

/// The rows that every `where` condition keeps, and a note for each condition.
fn filtered<'a>(folder: &Folder, sheet: &'a Sheet) -> Result<(Vec<&'a Record>, Vec<String>)> {
    let mut kept: Vec<&Record> = sheet.records.iter().collect();
    let mut notes = Vec::new();
    let total = kept.len();
    if total == 0 {
        return Err(sheet.error(None, None, "the table has a header and no row", "add at least one row"));
    }
    for text in &folder.where_ {
        let filter = Filter::parse(text).map_err(|p| sheet.error(None, None, p, "correct the condition"))?;
        let column = sheet.column(&filter.column, "where")?;
        let before = kept.len();
        let mut next = Vec::with_capacity(before);
        for record in kept {
            if filter.keeps(sheet, column, record)? {
                next.push(record);
            }
        }
        kept = next;
        notes.push(format!("where {}: {} of {before} rows dropped", quoted(text), before - kept.len()));
    }
    if kept.is_empty() {
        let problem = format!("no row is left after the `where` conditions: {}", notes.join("; "));
        return Err(sheet.error(None, None, problem, "loosen a condition"));
    }
    notes.insert(0, format!("{total} rows in the table, {} kept", kept.len()));
    Ok((kept, notes))
}

fn open_rois(
    folder: &Folder,
    sheet: &Sheet,
    kept: &[&Record],
    columns: &Columns,
    pictures: &[Result<Picture, Absent>],
) -> Result<Rois> {
    let ending =
        |e: &str| folder.rois.extension().is_some_and(|x| x.eq_ignore_ascii_case(e)) && folder.rois.is_file();
    let from = match folder.roi_from {
        RoiFrom::Auto if ending("json") => RoiFrom::Coco,
        RoiFrom::Auto if ending("csv") => RoiFrom::Csv,
        RoiFrom::Auto => RoiFrom::Masks,
        given => given,
    };
    if from != RoiFrom::Masks {
        no_mask_columns(folder)?;
        return Ok(Rois::Outlines(Annotations::read(&folder.rois, from)?));
    }
    let root = Root::open(&folder.rois)?;
    let by = masks(folder, sheet, kept, &root, columns, pictures)?;
    Ok(Rois::Masks(root, by))
}

/// Outlines are found by the image: a column of masks beside them would be ignored.
fn no_mask_columns(folder: &Folder) -> Result<()> {
    let (parameter, columns): (_, Vec<String>) = match &folder.roi {
        Some(column) => ("`roi` (--roi-column)", vec![quoted(column)]),
        None => ("`structures`", folder.structures.values().map(|c| quoted(c)).collect()),
    };
    if columns.is_empty() {
        return Ok(());
    }
    let problem = format!(
        "{parameter} names {}, a column of masks, but this is a file of outlines",
        columns.join(", ")
    );
    let remedy = format!(
        "leave out {parameter}: outlines belong to the row whose id or image they name, and name their structures \
         themselves; or give a folder of masks as `rois`"
    );
    Err(table_error(&folder.rois, None, None, problem, remedy))
}

fn patient(sheet: &Sheet, record: &Record, column: Option<usize>) -> Result<Option<String>> {
    let Some(column) = column else { return Ok(None) };
    let patient = record.cell(column).trim();
    if patient.is_empty() {
        return Err(sheet.error(
            Some(record.line),
            Some(&sheet.headers[column]),
            "the patient is missing",
            "fill in the cell, or drop the row with a `where` condition: without it the row cannot be split safely",
        ));
    }
    Ok(Some(patient.to_owned()))
}

/// One file under two ids would stand in two parts of a split.
fn unique_images(sheet: &Sheet, rows: &[Row], sources: &[Source]) -> Result<()> {
    let mut seen: HashMap<&Path, Option<usize>> = HashMap::new();
    for (row, source) in rows.iter().zip(sources) {
        if let Some(first) = seen.insert(&source.image.real, row.line) {
            let name = source.image.shown.display().to_string();
            return Err(sheet.error(
                row.line,
                None,
                format!("image {} is also that of line {}", quoted(&name), first.unwrap_or_default()),
                "keep one row an image",
            ));
        }
    }
    Ok(())
}

/// One ROI under two images would be wrong for one of them.
fn unique_rois(sheet: &Sheet, rows: &[Row], sources: &[Source], rois: &Rois) -> Result<()> {
    let mut seen: HashMap<RoiKey, Option<usize>> = HashMap::new();
    for (row, source) in rows.iter().zip(sources) {
        for key in source.roi.keys() {
            if let Some(first) = seen.insert(key, row.line).filter(|first| *first != row.line) {
                let (what, remedy) = rois.shared(key);
                let first = first.unwrap_or_default();
                return Err(sheet.error(row.line, None, format!("{what} also that of line {first}"), remedy));
            }
        }
    }
    Ok(())
}
