use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use csv::StringRecord;
use eyepatch_report::escape::csv_cell;
use serde_json::json;

use super::args::SplitArgs;
use super::error::CliError;
use super::{Outcome, files};

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

/// What folds are made of, a row each.
#[derive(Default)]
struct Rows {
    ids: Vec<String>,
    patients: Vec<String>,
    /// The column to balance by; empty without one.
    strata: Vec<String>,
}

/// Folds of any table by its group column: `sample,fold,part`, as `--splits` reads it.
pub(crate) fn split(args: &SplitArgs) -> Result<Outcome, CliError> {
    let rows = read(args)?;
    let codes = codes(&rows.strata);
    let balance = args.stratify.is_some().then_some(codes.as_slice());
    let folds = usize::from(args.folds);
    let fold = eyepatch_stats::group_kfold(&rows.patients, balance, folds, args.seed)
        .map_err(|e| CliError::file(&args.table, e, "use fewer folds, or no --stratify"))?;
    files::write_bytes(
        &args.out,
        &written(&rows, &fold, folds).map_err(|e| CliError::file(&args.out, e, ""))?,
    )?;
    if !args.json {
        return Ok(Outcome::Fine);
    }
    let tested = |k: usize| {
        let test: Vec<usize> = (0..fold.len()).filter(|&row| fold[row] == k).collect();
        let patients: BTreeSet<&String> = test.iter().map(|&row| &rows.patients[row]).collect();
        json!({ "fold": k, "test_rows": test.len(), "test_patients": patients.len() })
    };
    let folds: Vec<_> = (0..folds).map(tested).collect();
    files::print_json(&json!({ "out": args.out, "rows": fold.len(), "folds": folds }))
}

fn read(args: &SplitArgs) -> Result<Rows, CliError> {
    let bad = |e: &dyn Display| CliError::file(&args.table, e, "give a CSV table with a header");
    let mut reader = csv::Reader::from_path(&args.table).map_err(|e| bad(&e))?;
    let header = reader.headers().map_err(|e| bad(&e))?.clone();
    let id = match &args.id {
        Some(name) => column(args, &header, name)?,
        None => found(args, &header)?,
    };
    let group = column(args, &header, &args.group)?;
    let stratify = args.stratify.as_deref().map(|name| column(args, &header, name)).transpose()?;
    let (mut rows, mut lines) = (Rows::default(), BTreeMap::new());
    for record in reader.records() {
        let record = record.map_err(|e| bad(&e))?;
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |problem: String, remedy: &str| {
            Err(CliError::file(&args.table, format!("line {line}: {problem}"), remedy))
        };
        let cell = |c: usize| record.get(c).unwrap_or_default().trim().to_owned();
        let (sample, patient) = (cell(id), cell(group));
        if patient.is_empty() {
            return wrong(format!("no value in column `{}`", args.group), "every row needs a patient");
        }
        if sample.is_empty() {
            return wrong(format!("no value in column `{}`", &header[id]), "every row needs an id");
        }
        if let Some(first) = lines.insert(sample.clone(), line) {
            let remedy = "name the column of unique ids with --id, or drop one of the two rows";
            return wrong(format!("`{sample}` in column `{}` is also on line {first}", &header[id]), remedy);
        }
        rows.ids.push(sample);
        rows.patients.push(patient);
        rows.strata.push(stratify.map(cell).unwrap_or_default());
    }
    Ok(rows)
}

fn column(args: &SplitArgs, header: &StringRecord, name: &str) -> Result<usize, CliError> {
    header.iter().position(|h| h.trim_start_matches('\u{feff}') == name).ok_or_else(|| {
        let columns: Vec<&str> = header.iter().collect();
        CliError::file(&args.table, format!("no column `{name}`"), format!("it has: {}", columns.join(", ")))
    })
}

fn found(args: &SplitArgs, header: &StringRecord) -> Result<usize, CliError> {
    let plain = |h: &str| h.trim_start_matches('\u{feff}').to_lowercase().replace([' ', '-'], "_");
    let names: Vec<String> = header.iter().map(plain).collect();
    IDS.iter().find_map(|id| names.iter().position(|n| n == id)).ok_or_else(|| {
        let columns: Vec<&str> = header.iter().collect();
        let remedy = format!("name one with --id; it has: {}", columns.join(", "));
        CliError::file(&args.table, "no column looks like an id", remedy)
    })
}

/// Values numbered in their order.
fn codes(values: &[String]) -> Vec<usize> {
    let sorted: BTreeSet<&String> = values.iter().collect();
    let code: BTreeMap<&String, usize> = sorted.into_iter().enumerate().map(|(i, v)| (v, i)).collect();
    values.iter().map(|v| code[v]).collect()
}

fn written(rows: &Rows, fold: &[usize], folds: usize) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["sample", "fold", "part"])?;
    for k in 0..folds {
        for (id, f) in rows.ids.iter().zip(fold) {
            let part = if *f == k { "test" } else { "train" };
            writer.write_record([csv_cell(id).as_str(), &k.to_string(), part])?;
        }
    }
    writer.into_inner().map_err(|e| e.into_error().into())
}
