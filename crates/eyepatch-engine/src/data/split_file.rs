//! Split files: `sample,fold,part` or `row,fold,part`, a line a sample and fold.
//!
//! We write ids, so that a table that was sorted, filtered or added to is not split by somebody else's rows. A `row` is the
//! 0-based place among the rows of the table's **file**, filtered or not; it means what it says only as long as the file is
//! the one that was split.

use std::collections::BTreeMap;
use std::path::Path;

use eyepatch_core::{Error as CoreError, Row, Seed, Table};
use eyepatch_data::Sheet;
use eyepatch_report::escape::csv_cell;
use serde::{Deserialize, Serialize};

use super::splits::{Fold, Part, Splits, check_fold, hold_out};
use crate::{Error, Result};

const FORMAT: &str = "a split file has the columns sample,fold,part or row,fold,part: the sample's id or the 0-based row of \
                      the table's file, the 0-based fold, and train, validation or test";

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    #[serde(alias = "row")]
    sample: String,
    fold: usize,
    part: Part,
}

fn wrong(path: &Path, line: Option<usize>, problem: String, remedy: &str) -> Error {
    CoreError::Table { path: path.into(), row: line, column: None, problem, remedy: remedy.into() }.into()
}

/// Folds from a file. Samples that the table does not have are passed over (the table may be filtered); each that it has
/// must have a part in every fold. A fold without a validation part gets one from its training part, by patient. `source` is
/// the file that the table was read from, where there is one.
///
/// # Errors
/// [`Error::Plugin`] naming file and line, [`Error::Declaration`] where a class lacks an answer.
pub(crate) fn read(
    path: &Path,
    (table, source): (&Table, Option<&Path>),
    validation: f64,
    seed: Seed,
) -> Result<Splits> {
    let folds = parts(path, table, source)?;
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

fn parts(path: &Path, table: &Table, source: Option<&Path>) -> Result<Parts> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| wrong(path, Some(1), e.to_string(), FORMAT))?;
    let names = |name: &str| header.iter().any(|h| h == name);
    let rows = match (names("sample"), names("row")) {
        (true, true) => {
            let problem = "it has a column `sample` and a column `row`".into();
            return Err(wrong(path, Some(1), problem, "keep one of the two"));
        }
        (_, by_place) => Rows::of(table, by_place.then_some(source), path)?,
    };
    let mut folds = Parts::new();
    for (i, line) in reader.deserialize::<Line>().enumerate() {
        let number = i + 2;
        let line = line.map_err(|e| wrong(path, Some(number), e.to_string(), FORMAT))?;
        let named = rows.find(&line.sample).map_err(|e| wrong(path, Some(number), e, SAME_TABLE))?;
        let Some(row) = named else { continue };
        if let Some((part, first)) = folds.entry(line.fold).or_default().insert(row, (line.part, number)) {
            let problem = format!(
                "{} `{}` is already in `{part}` of fold {} (line {first})",
                rows.noun(),
                line.sample,
                line.fold
            );
            return Err(wrong(path, Some(number), problem, "keep one line a sample and fold"));
        }
    }
    Ok(folds)
}

const SAME_TABLE: &str = "rows are counted from 0 in the file that the data set reads: split that very file";

/// What the rows of a table go by in a split file.
enum Rows {
    /// By id.
    ById(BTreeMap<String, usize>),
    /// By place in the table's file, which has so many rows.
    ByPlace(BTreeMap<usize, usize>, usize),
}

impl Rows {
    /// `by_place`: the table's file, if any, where rows go by their place in it.
    fn of(table: &Table, by_place: Option<Option<&Path>>, path: &Path) -> Result<Self> {
        match by_place {
            None => {
                // An id that a spreadsheet would take for a formula is written with a mark before it, and read with or
                // without.
                let both = |(i, r): (usize, &Row)| [(csv_cell(&r.id), i), (r.id.clone(), i)];
                Ok(Self::ById(table.rows.iter().enumerate().flat_map(both).collect()))
            }
            Some(Some(source)) => Self::places(table, source),
            Some(None) => {
                let problem =
                    "it names rows by number, and this data set is not read from one table file".into();
                Err(wrong(path, Some(1), problem, "name samples by their ids: sample,fold,part"))
            }
        }
    }

    /// A filter leaves rows out, a quoted cell or an empty line moves lines: the file itself tells which row a line is.
    fn places(table: &Table, source: &Path) -> Result<Self> {
        let sheet = Sheet::read(source)?;
        let place_of: BTreeMap<usize, usize> =
            sheet.records.iter().enumerate().map(|(place, record)| (record.line, place)).collect();
        let mut rows = BTreeMap::new();
        for (i, row) in table.rows.iter().enumerate() {
            let Some(&place) = row.line.and_then(|line| place_of.get(&line)) else {
                let problem = format!("sample `{}` comes from no row of this file", row.id);
                return Err(wrong(source, row.line, problem, "name samples by their ids: sample,fold,part"));
            };
            if let Some(other) = rows.insert(place, i) {
                let problem =
                    format!("samples `{}` and `{}` come from one row", table.rows[other].id, row.id);
                return Err(wrong(source, row.line, problem, "name samples by their ids: sample,fold,part"));
            }
        }
        Ok(Self::ByPlace(rows, sheet.records.len()))
    }

    /// The row of this name; none where the table leaves it out.
    fn find(&self, name: &str) -> Result<Option<usize>, String> {
        match self {
            Self::ById(rows) => Ok(rows.get(name).copied()),
            Self::ByPlace(rows, all) => match name.parse::<usize>() {
                Err(_) => Err(format!("`{name}` is no 0-based row")),
                Ok(place) if place >= *all => {
                    Err(format!("there is no row {place}: the table has {all} rows, from 0 to {}", all - 1))
                }
                Ok(place) => Ok(rows.get(&place).copied()),
            },
        }
    }

    fn noun(&self) -> &'static str {
        match self {
            Self::ById(_) => "sample",
            Self::ByPlace(..) => "row",
        }
    }
}

/// The bytes of a split file.
///
/// # Errors
/// [`Error::Io`], which memory does not give.
pub(crate) fn to_csv(splits: &Splits, table: &Table) -> Result<Vec<u8>> {
    let failed = |e: csv::Error| Error::io("split-rows.csv")(e.into());
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (k, fold) in splits.folds.iter().enumerate() {
        let parts = Part::ALL.iter().flat_map(|&p| p.of(fold).iter().map(move |&r| (r, p)));
        for (row, part) in parts.collect::<BTreeMap<_, _>>() {
            writer
                .serialize(Line { sample: csv_cell(&table.rows[row].id), fold: k, part })
                .map_err(failed)?;
        }
    }
    writer.into_inner().map_err(|e| Error::io("split-rows.csv")(e.into_error()))
}
