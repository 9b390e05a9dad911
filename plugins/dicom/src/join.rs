//! Which line of the table is which file's. No message repeats a key: it may be a patient's.

use std::collections::{BTreeMap, HashMap};

use eyepatch_core::{Meta, Result};
use eyepatch_data::{Record, Sheet, quoted};

use crate::find::{Candidate, stem};
use eyepatch_data::MissingLabels;

use crate::params::{By, Dicom};
use crate::scan::Scan;

/// The table's columns.
pub(crate) struct Columns {
    pub(crate) key: usize,
    /// Class names and their columns.
    pub(crate) labels: Vec<(String, usize)>,
    pub(crate) patient: Option<usize>,
    /// Columns that become metadata.
    pub(crate) meta: Vec<usize>,
}

impl Columns {
    pub(crate) fn of(dicom: &Dicom, sheet: &Sheet) -> Result<Self> {
        let names: &[&str] = match dicom.by {
            By::File => &["file", "filename", "path", "image", "image_path"],
            By::SopInstance => &["sop_instance_uid", "sopinstanceuid", "sop_instance", "uid"],
            By::Accession => &["accession", "accession_number", "accessionnumber"],
            By::Patient => &["patient_id", "patientid", "patient"],
        };
        let key = match &dicom.key {
            Some(name) => sheet.column(name, "key")?,
            None => *sheet.candidates(names).first().ok_or_else(|| {
                sheet.error(
                    Some(1),
                    None,
                    format!("no column looks like the key of `by` ({})", names.join(", ")),
                    format!("name it with `key`; the columns are: {}", sheet.columns_text()),
                )
            })?,
        };
        let patient = dicom.patient.as_ref().map(|name| sheet.column(name, "patient")).transpose()?;
        let meta = dicom.meta.iter().map(|name| sheet.column(name, "meta")).collect::<Result<Vec<_>>>()?;
        Ok(Self { key, labels: labels(dicom, sheet)?, patient, meta })
    }
}

/// Labels are `COLUMN` or `CLASS=COLUMN`.
fn labels(dicom: &Dicom, sheet: &Sheet) -> Result<Vec<(String, usize)>> {
    let mut classes: Vec<(String, usize)> = Vec::new();
    let found = sheet.candidates(&["label"]).first().map(|&c| sheet.headers[c].clone());
    let named = if dicom.labels.is_empty() { found.into_iter().collect() } else { dicom.labels.clone() };
    for label in &named {
        let (class, column) = match label.split_once('=') {
            Some((class, column)) if !sheet.headers.contains(label) => (class.trim(), column),
            _ => (label.trim(), label.as_str()),
        };
        if classes.iter().any(|(c, _)| c == class) {
            let problem = format!("class {} is asked for twice in `labels`", quoted(class));
            return Err(sheet.error(Some(1), Some(column), problem, "name each class once"));
        }
        classes.push((class.to_owned(), sheet.column(column, "labels")?));
    }
    if classes.is_empty() {
        let remedy = format!("name one with `labels`; the columns are: {}", sheet.columns_text());
        return Err(sheet.error(Some(1), None, "no label column is named", remedy));
    }
    Ok(classes)
}

/// Lines and files that belong together.
pub(crate) struct Joined {
    /// By file: its record's index.
    pub(crate) records: Vec<Option<usize>>,
    /// Lines of the table whose file is not there.
    pub(crate) without_file: Vec<usize>,
}

/// Joins files and lines. A file that could not be scanned is found by its name only.
pub(crate) fn join(
    dicom: &Dicom,
    sheet: &Sheet,
    column: usize,
    files: &[Candidate],
    scans: &[Option<&Scan>],
) -> Result<Joined> {
    let mut by_key: HashMap<&str, Vec<usize>> = HashMap::new();
    match dicom.by {
        By::File => by_name(files, &mut by_key),
        _ => {
            for (i, scan) in scans.iter().enumerate() {
                if let Some(key) = scan.and_then(|s| s.joined_by.as_deref()) {
                    by_key.entry(key).or_default().push(i);
                }
            }
        }
    }
    let mut joined = Joined { records: vec![None; files.len()], without_file: Vec::new() };
    for (r, record) in sheet.records.iter().enumerate() {
        let found = find(dicom, sheet, column, record, &by_key)?;
        if found.is_empty() {
            joined.without_file.push(record.line);
        }
        for &i in found {
            if let Some(first) = joined.records[i].replace(r) {
                return Err(sheet.error(
                    Some(record.line),
                    Some(&sheet.headers[column]),
                    format!("it belongs to the same file as line {}", sheet.records[first].line),
                    "remove one of the two, or choose another key with `by` and `key`",
                ));
            }
        }
    }
    Ok(joined)
}

fn find<'a>(
    dicom: &Dicom,
    sheet: &Sheet,
    column: usize,
    record: &Record,
    by_key: &'a HashMap<&str, Vec<usize>>,
) -> Result<&'a [usize]> {
    let cell = record.cell(column).trim();
    let name = &sheet.headers[column];
    if cell.is_empty() {
        return Err(sheet.error(
            Some(record.line),
            Some(name),
            "the key is missing",
            "give every line a key",
        ));
    }
    let cell = cell.strip_prefix("./").unwrap_or(cell);
    let known = |key: &str| by_key.get(key).map(Vec::as_slice);
    let found = match dicom.by {
        By::File => known(cell).or_else(|| known(stem(cell))),
        _ => known(cell),
    };
    match found {
        Some(several) if several.len() > 1 && dicom.by == By::File => Err(sheet.error(
            Some(record.line),
            Some(name),
            format!("{} files have this name", several.len()),
            "write the path below the folder",
        )),
        other => Ok(other.unwrap_or_default()),
    }
}

/// Files by path, path without extension, name, name without extension. A path is meant before a name.
fn by_name<'a>(files: &'a [Candidate], by_key: &mut HashMap<&'a str, Vec<usize>>) {
    let forms: [fn(&Candidate) -> &str; 4] = [|f| &f.path, |f| f.stem(), |f| f.name(), |f| stem(f.name())];
    for form in forms {
        let mut of_form: HashMap<&str, Vec<usize>> = HashMap::new();
        for (i, file) in files.iter().enumerate() {
            of_form.entry(form(file)).or_default().push(i);
        }
        for (key, found) in of_form {
            by_key.entry(key).or_insert(found);
        }
    }
}

/// A line's labels, one a class.
pub(crate) fn label_cells(
    dicom: &Dicom,
    sheet: &Sheet,
    record: &Record,
    columns: &[(String, usize)],
) -> Result<Vec<Option<bool>>> {
    columns.iter().map(|(_, column)| label(dicom, sheet, record, *column)).collect()
}

fn label(dicom: &Dicom, sheet: &Sheet, record: &Record, column: usize) -> Result<Option<bool>> {
    let cell = record.cell(column).trim();
    let error = |problem: String, remedy: &str| {
        Err(sheet.error(Some(record.line), Some(&sheet.headers[column]), problem, remedy))
    };
    match cell.to_ascii_lowercase().as_str() {
        "1" | "1.0" | "true" | "yes" => Ok(Some(true)),
        "0" | "0.0" | "false" | "no" => Ok(Some(false)),
        "" if dicom.missing_labels == MissingLabels::Allow => Ok(None),
        "" => error(
            "the label is missing".into(),
            "fill in 0 or 1, remove the line, or set `missing_labels` to \"allow\"",
        ),
        _ => error(
            format!("the label is {}", quoted(cell)),
            "write 0 or 1 (or true, false, yes, no); leave the cell empty where the label is not known",
        ),
    }
}

/// The table's own metadata by line. A column is numeric where every cell that is not empty holds a finite number.
pub(crate) fn meta_cells(sheet: &Sheet, columns: &[usize]) -> Vec<BTreeMap<String, Meta>> {
    let mut rows = vec![BTreeMap::new(); sheet.records.len()];
    for &column in columns {
        let number =
            |record: &Record| record.cell(column).trim().parse().ok().filter(|x: &f64| x.is_finite());
        let empty = |record: &Record| record.cell(column).trim().is_empty();
        let numeric = sheet.records.iter().all(|r| empty(r) || number(r).is_some());
        for (row, record) in rows.iter_mut().zip(&sheet.records) {
            let value = match number(record) {
                _ if empty(record) => Meta::Missing,
                Some(x) if numeric => Meta::Number(x),
                _ => Meta::Text(record.cell(column).trim().to_owned()),
            };
            row.insert(sheet.headers[column].clone(), value);
        }
    }
    rows
}
