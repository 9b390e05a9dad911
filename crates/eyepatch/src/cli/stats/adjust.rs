use eyepatch_data::Sheet;
use eyepatch_stats::{benjamini_hochberg_adjusted, holm_adjusted};
use serde_json::{Value, json};

use super::args::AdjustArgs;
use super::table::{probability, read, text};
use crate::cli::error::CliError;

pub(super) fn holm(args: &AdjustArgs) -> Result<Value, CliError> {
    adjusted(args, "holm", holm_adjusted)
}

pub(super) fn bh(args: &AdjustArgs) -> Result<Value, CliError> {
    adjusted(args, "benjamini-hochberg", benjamini_hochberg_adjusted)
}

fn adjusted(args: &AdjustArgs, method: &str, adjust: fn(&[f64]) -> Vec<f64>) -> Result<Value, CliError> {
    if !(args.alpha > 0.0 && args.alpha < 1.0) {
        return Err(CliError::usage(format!("an alpha of {}", args.alpha), "give one between 0 and 1"));
    }
    let sheet = Sheet::read(&args.table)?;
    let p = read(&sheet, &args.p, "--p", probability)?;
    let names = match &args.name {
        Some(name) => read(&sheet, name, "--name", text)?,
        None => sheet.records.iter().map(|r| format!("line {}", r.line)).collect(),
    };
    let row = |((p, adjusted), name): ((&f64, f64), String)| json!({ "name": name, "p": p, "adjusted": adjusted, "rejected": adjusted <= args.alpha });
    let rows: Vec<Value> = p.iter().zip(adjust(&p)).zip(names).map(row).collect();
    Ok(
        json!({ "table": args.table, "method": method, "alpha": args.alpha, "tests": rows.len(), "hypotheses": rows }),
    )
}
