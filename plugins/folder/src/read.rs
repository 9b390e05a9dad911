//! From the table's file to rows whose files are known to be there.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use eyepatch_core::{Result, Row, Table};

use crate::annotations::Annotations;
use crate::bad::Fault;
use crate::columns::{Columns, ImageBy, MASK_SUFFIXES, MaskBy, masks};
use crate::files::{File, Found, Root};
use crate::filter::Filter;
use crate::params::{Folder, OnBad, RoiFrom};
use crate::rows::{labels, meta, unique};
use crate::sheet::{Record, Sheet, quoted};
use crate::{drop, notes};

/// Where a row's ROI is.
#[derive(Debug, Clone)]
pub(crate) enum RoiSource {
    /// A mask a structure.
    Masks(Vec<(String, File)>),
    /// Outlines by index into the annotations.
    Outlines(usize),
}

/// Where a row's pixels are.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) image: File,
    pub(crate) roi: RoiSource,
}

/// All that is known without opening an image.
pub(crate) struct Loaded {
    pub(crate) table: Arc<Table>,
    pub(crate) sources: Vec<Source>,
    pub(crate) annotations: Option<Annotations>,
    pub(crate) notes: Vec<String>,
    /// How the ROIs were found, in words.
    pub(crate) roi_origin: String,
}

/// A file that is not there.
pub(crate) struct Absent {
    pub(crate) line: usize,
    pub(crate) fault: Fault,
    pub(crate) what: String,
}

/// What masks or outlines are looked up in.
pub(crate) enum Rois {
    Masks(Root, MaskBy),
    Outlines(Annotations),
}

impl Loaded {
    /// Reads table and folders. The result does not depend on `threads`.
    pub(crate) fn read(folder: &Folder, threads: usize) -> Result<Self> {
        let sheet = Sheet::read(&folder.table)?;
        let (kept, mut notes) = filtered(folder, &sheet)?;
        let images = Root::open(&folder.images)?;
        let columns = Columns::choose(folder, &sheet, &kept, &images)?;
        let rois = open_rois(folder, &sheet, &kept, &columns)?;
        let meta_columns = match &rois {
            Rois::Masks(_, by) => columns.meta(folder, &sheet, by)?,
            Rois::Outlines(_) => columns.meta(folder, &sheet, &MaskBy::Stem)?,
        };
        unique(&sheet, &kept, columns.id)?;
        let meta = meta(&sheet, &kept, &meta_columns)?;
        let (mut rows, mut sources, mut absent) = (Vec::new(), Vec::new(), Vec::new());
        for (record, meta) in kept.iter().zip(meta) {
            let id = record.cell(columns.id).trim().to_owned();
            let labels = labels(folder, &sheet, record, &columns.labels)?;
            let patient = patient(&sheet, record, columns.patient)?.unwrap_or_else(|| id.clone());
            match source(&sheet, record, &columns, &images, &rois)? {
                Err(missing) => absent.push(missing),
                Ok(source) => {
                    let image = Some(source.image.shown.clone());
                    let roi = roi_path(&source.roi, &rois);
                    rows.push(Row { id, patient, labels, meta, image, roi, line: Some(record.line) });
                    sources.push(source);
                }
            }
        }
        if folder.on_bad == OnBad::Refuse && !absent.is_empty() {
            return Err(drop::missing_error(&sheet, kept.len(), &absent));
        }
        unique_images(&sheet, &rows, &sources)?;
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

fn open_rois(folder: &Folder, sheet: &Sheet, kept: &[&Record], columns: &Columns) -> Result<Rois> {
    let ending =
        |e: &str| folder.rois.extension().is_some_and(|x| x.eq_ignore_ascii_case(e)) && folder.rois.is_file();
    let from = match folder.roi_from {
        RoiFrom::Auto if ending("json") => RoiFrom::Coco,
        RoiFrom::Auto if ending("csv") => RoiFrom::Csv,
        RoiFrom::Auto => RoiFrom::Masks,
        given => given,
    };
    if from != RoiFrom::Masks {
        return Ok(Rois::Outlines(Annotations::read(&folder.rois, from)?));
    }
    let root = Root::open(&folder.rois)?;
    let by = masks(folder, sheet, kept, &root, columns)?;
    Ok(Rois::Masks(root, by))
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

fn refused(
    sheet: &Sheet,
    record: &Record,
    column: Option<usize>,
    value: &str,
    how: &str,
) -> eyepatch_core::Error {
    sheet.error(
        Some(record.line),
        column.map(|c| sheet.headers[c].as_str()),
        format!("the path {} is refused: {how}", quoted(value)),
        "write paths relative to the images or ROI folder, without `..`, and keep the files themselves in it",
    )
}

/// The files of one row, or the one that is not there.
fn source(
    sheet: &Sheet,
    record: &Record,
    columns: &Columns,
    images: &Root,
    rois: &Rois,
) -> Result<Result<Source, Absent>> {
    let absent = |fault, what| Ok(Err(Absent { line: record.line, fault, what }));
    let id = record.cell(columns.id).trim();
    let (found, value, column) = match columns.image {
        ImageBy::Column(c) => (images.resolve(record.cell(c)), record.cell(c), Some(c)),
        ImageBy::Id => (images.by_stem(id, &[""], None), id, None),
    };
    let image = match found {
        Found::File(file) => file,
        Found::Refused(how) => return Err(refused(sheet, record, column, value, how)),
        Found::Missing => return absent(Fault::ImageMissing, format!("image {}", quoted(value))),
    };
    let (root, by) = match rois {
        Rois::Outlines(annotations) => {
            return match annotations.find(id, column.map(|_| value), &image.shown) {
                Some(index) => Ok(Ok(Source { image, roi: RoiSource::Outlines(index) })),
                None => absent(Fault::RoiMissing, format!("outlines of {}", quoted(id))),
            };
        }
        Rois::Masks(root, by) => (root, by),
    };
    let stem = image.shown.file_stem().and_then(|s| s.to_str()).unwrap_or("");
    let named = match by {
        MaskBy::Stem => vec![("roi".to_owned(), None)],
        MaskBy::Columns(columns) => columns.iter().map(|(name, c)| (name.clone(), Some(*c))).collect(),
    };
    let mut files = Vec::with_capacity(named.len());
    for (structure, column) in named {
        let value = column.map_or(stem, |c| record.cell(c));
        let found = match column {
            Some(_) => root.resolve(value),
            None => root.by_stem(stem, &MASK_SUFFIXES, Some(&image.real)),
        };
        match found {
            Found::File(file) if file.real == image.real => {
                return Err(refused(sheet, record, column, value, "the ROI is the image itself"));
            }
            Found::File(file) => files.push((structure, file)),
            Found::Refused(how) => return Err(refused(sheet, record, column, value, how)),
            Found::Missing => {
                let what =
                    if column.is_some() { quoted(value) } else { format!("of image {}", quoted(stem)) };
                return absent(Fault::RoiMissing, format!("ROI {what}"));
            }
        }
    }
    Ok(Ok(Source { image, roi: RoiSource::Masks(files) }))
}

fn roi_path(source: &RoiSource, rois: &Rois) -> Option<PathBuf> {
    match (source, rois) {
        (RoiSource::Masks(files), _) => files.first().map(|(_, f)| f.shown.clone()),
        (RoiSource::Outlines(_), Rois::Outlines(a)) => Some(a.path.clone()),
        (RoiSource::Outlines(_), Rois::Masks(..)) => None,
    }
}

/// One file under two ids would stand in two parts of a split.
fn unique_images(sheet: &Sheet, rows: &[Row], sources: &[Source]) -> Result<()> {
    let mut seen: HashMap<&std::path::Path, Option<usize>> = HashMap::new();
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
