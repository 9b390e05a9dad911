//! Split files: `sample,fold,part`, a line a sample and fold.
//!
//! Samples are named by id, so that a table that was sorted, filtered or added to is not split by somebody else's rows.

use std::collections::BTreeMap;
use std::path::Path;

use eyepatch_core::{Error as CoreError, Seed, Table};
use eyepatch_report::escape::csv_cell;
use serde::{Deserialize, Serialize};

use super::splits::{Fold, Part, Splits, check_fold, hold_out};
use crate::{Error, Result};

const FORMAT: &str = "a split file has the columns sample,fold,part: the sample's id, the 0-based fold, and train, \
                      validation or test";

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    sample: String,
    fold: usize,
    part: Part,
}

fn wrong(path: &Path, line: Option<usize>, problem: String, remedy: &str) -> Error {
    CoreError::Table { path: path.into(), row: line, column: None, problem, remedy: remedy.into() }.into()
}

/// Folds from a file. Samples that the table does not have are passed over (the table may be filtered); each that it has
/// must have a part in every fold. A fold without a validation part gets one from its training part, by patient.
///
/// # Errors
/// [`Error::Plugin`] naming file and line, [`Error::Declaration`] where a class lacks an answer.
pub(crate) fn read(path: &Path, table: &Table, validation: f64, seed: Seed) -> Result<Splits> {
    let folds = parts(path, table)?;
    if !folds.keys().copied().eq(0..folds.len()) || folds.is_empty() {
        return Err(wrong(path, None, "folds are not numbered 0, 1, 2, ...".into(), FORMAT));
    }
    let mut made = Vec::new();
    for (k, rows) in &folds {
        if let Some(row) = (0..table.rows.len()).find(|r| !rows.contains_key(r)) {
            let problem = format!("sample `{}` is in no part of fold {k}", table.rows[row].id);
            return Err(wrong(path, None, problem, "give every sample of the table a part in every fold"));
        }
        let of =
            |part: Part| rows.iter().filter(|(_, (p, _))| *p == part).map(|(r, _)| *r).collect::<Vec<_>>();
        let mut fold =
            Fold { train: of(Part::Train), validation: of(Part::Validation), test: of(Part::Test) };
        // Looked for before a validation part is carved, so that the file's own words are quoted.
        check_fold(table, &fold, *k)
            .map_err(|e| wrong(path, None, e, "put all images of a patient into one part, then run again"))?;
        if fold.train.is_empty() || fold.test.is_empty() {
            return Err(wrong(path, None, format!("fold {k} lacks a train or a test part"), FORMAT));
        }
        if fold.validation.is_empty() {
            let seed = seed.child(&format!("validation {k}"));
            (fold.train, fold.validation) = hold_out(table, &fold.train, validation, seed)?;
        }
        made.push(fold);
    }
    let scheme = format!("{} folds read from {}", made.len(), path.file_name().unwrap_or_default().display());
    Splits { folds: made, scheme }.checked(table)
}

/// By fold and row of the table: the part, and the line that says so.
type Parts = BTreeMap<usize, BTreeMap<usize, (Part, usize)>>;

fn parts(path: &Path, table: &Table) -> Result<Parts> {
    // An id that a spreadsheet would take for a formula is written with a mark before it, and read with or without.
    let ids = table.rows.iter().enumerate().flat_map(|(i, r)| [(csv_cell(&r.id), i), (r.id.clone(), i)]);
    let row_of: BTreeMap<String, usize> = ids.collect();
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut folds = Parts::new();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    for (i, line) in reader.deserialize::<Line>().enumerate() {
        let number = i + 2;
        let line = line.map_err(|e| wrong(path, Some(number), e.to_string(), FORMAT))?;
        let Some(&row) = row_of.get(line.sample.as_str()) else { continue };
        if let Some((part, first)) = folds.entry(line.fold).or_default().insert(row, (line.part, number)) {
            let problem = format!(
                "sample `{}` is already in `{part}` of fold {} (line {first})",
                line.sample, line.fold
            );
            return Err(wrong(path, Some(number), problem, "keep one line a sample and fold"));
        }
    }
    Ok(folds)
}

/// The bytes of a split file.
///
/// # Errors
/// [`Error::Io`], which memory does not give.
pub(crate) fn to_csv(splits: &Splits, table: &Table) -> Result<Vec<u8>> {
    let failed = |e: csv::Error| Error::io("split-rows.csv")(e.into());
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (k, fold) in splits.folds.iter().enumerate() {
        let parts = Part::ALL.iter().flat_map(|&p| fold.rows(p).iter().map(move |&r| (r, p)));
        for (row, part) in parts.collect::<BTreeMap<_, _>>() {
            writer
                .serialize(Line { sample: csv_cell(&table.rows[row].id), fold: k, part })
                .map_err(failed)?;
        }
    }
    writer.into_inner().map_err(|e| Error::io("split-rows.csv")(e.into_error()))
}
