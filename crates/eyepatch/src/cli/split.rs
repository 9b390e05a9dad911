use std::collections::BTreeMap;

use super::args::SplitArgs;
use super::error::CliError;
use super::{Linked, Outcome, files};

/// Folds of any table by its group column: `row,fold,part` with 0-based rows.
pub(crate) fn split(args: &SplitArgs, _linked: &Linked) -> Result<Outcome, CliError> {
    let bad = |e: &dyn std::fmt::Display| CliError::file(&args.table, e, "give a CSV table with a header");
    let mut reader = csv::Reader::from_path(&args.table).map_err(|e| bad(&e))?;
    let header = reader.headers().map_err(|e| bad(&e))?.clone();
    let column = |name: &str| {
        header.iter().position(|h| h.trim_start_matches('\u{feff}') == name).ok_or_else(|| {
            let columns: Vec<&str> = header.iter().collect();
            CliError::file(
                &args.table,
                format!("no column `{name}`"),
                format!("it has: {}", columns.join(", ")),
            )
        })
    };
    let group = column(&args.group)?;
    let stratify = args.stratify.as_deref().map(column).transpose()?;
    let (mut groups, mut values) = (Vec::new(), Vec::new());
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(|e| bad(&e))?;
        let patient = record.get(group).unwrap_or_default().trim().to_owned();
        if patient.is_empty() {
            let problem = format!("line {}: no value in column `{}`", i + 2, args.group);
            return Err(CliError::file(&args.table, problem, "every row needs a patient"));
        }
        groups.push(patient);
        values.push(stratify.and_then(|s| record.get(s)).unwrap_or_default().to_owned());
    }
    let codes: BTreeMap<&String, usize> = {
        let mut sorted: Vec<&String> = values.iter().collect();
        sorted.sort();
        sorted.dedup();
        sorted.into_iter().enumerate().map(|(i, v)| (v, i)).collect()
    };
    let labels: Vec<usize> = values.iter().map(|v| codes[v]).collect();
    let balance = stratify.is_some().then_some(labels.as_slice());
    let folds = usize::from(args.folds);
    let fold = eyepatch_stats::group_kfold(&groups, balance, folds, args.seed)
        .map_err(|e| CliError::file(&args.table, e, "use fewer folds, or no --stratify"))?;
    let mut text = String::from("row,fold,part\n");
    for k in 0..folds {
        for (row, f) in fold.iter().enumerate() {
            text.push_str(&format!("{row},{k},{}\n", if *f == k { "test" } else { "train" }));
        }
    }
    files::write_bytes(&args.out, text.as_bytes())?;
    Ok(Outcome::Fine)
}
