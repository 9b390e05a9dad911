use std::collections::BTreeMap;

use eyepatch_core::Error;
use eyepatch_data::{Record, Sheet, quoted};

use super::args::{Scheme, SplitArgs};
use crate::cli::error::CliError;

/// Columns that hold a sample's id, in this order, where none is named: those that `eyepatch/folder` looks for.
const IDS: [&str; 10] = [
    "id",
    "sample",
    "sample_id",
    "image_id",
    "image",
    "image_path",
    "path",
    "file",
    "filename",
    "image_index",
];

/// What folds are made of, a cell a row of the table.
pub(super) struct Rows {
    /// Of `balanced` only.
    pub(super) ids: Vec<String>,
    /// The patients, where a column tells them.
    pub(super) groups: Option<Vec<String>>,
    /// The columns to balance by.
    pub(super) strata: Vec<Vec<String>>,
    /// Number of rows.
    pub(super) count: usize,
}

impl Rows {
    pub(super) fn read(args: &SplitArgs) -> Result<Self, CliError> {
        let sheet = Sheet::read(&args.table)?;
        let filled = |name: &str, option: &str, remedy: &str| {
            let column = sheet.column(name, option)?;
            let cell = |record: &Record| match record.cell(column).trim() {
                "" => Err(sheet.error(
                    Some(record.line),
                    None,
                    format!("no value in column {}", quoted(name)),
                    remedy,
                )),
                cell => Ok(cell.to_owned()),
            };
            sheet.records.iter().map(cell).collect::<Result<Vec<String>, Error>>()
        };
        let groups = args.group.as_deref().map(|name| filled(name, "--group", "every row needs a patient"));
        let stratum = |name: &String| match args.scheme {
            // Rows without a value are a stratum of their own.
            Scheme::Balanced => {
                let column = sheet.column(name, "--stratify")?;
                Ok(sheet.records.iter().map(|r| r.cell(column).trim().to_owned()).collect())
            }
            _ => filled(name, "--stratify", "give the row a class, or drop it"),
        };
        Ok(Self {
            ids: if args.scheme == Scheme::Balanced { ids(args, &sheet)? } else { Vec::new() },
            groups: groups.transpose()?,
            strata: args.stratify.iter().map(stratum).collect::<Result<_, Error>>()?,
            count: sheet.records.len(),
        })
    }
}

/// The samples' ids, all different.
fn ids(args: &SplitArgs, sheet: &Sheet) -> Result<Vec<String>, Error> {
    let column = match &args.id {
        Some(name) => sheet.column(name, "--id")?,
        None => *sheet.candidates(&IDS).first().ok_or_else(|| {
            let remedy = format!("name one with --id; the columns are: {}", sheet.columns_text());
            sheet.error(Some(1), None, "no column looks like an id", remedy)
        })?,
    };
    let name = quoted(&sheet.headers[column]);
    let mut lines = BTreeMap::new();
    let id = |record: &Record| {
        let id = record.cell(column).trim().to_owned();
        if id.is_empty() {
            let problem = format!("no value in column {name}");
            return Err(sheet.error(Some(record.line), None, problem, "every row needs an id"));
        }
        match lines.insert(id.clone(), record.line) {
            None => Ok(id),
            Some(first) => Err(sheet.error(
                Some(record.line),
                None,
                format!("{} in column {name} is also on line {first}", quoted(&id)),
                "name the column of unique ids with --id, or drop one of the two rows",
            )),
        }
    };
    sheet.records.iter().map(id).collect()
}
