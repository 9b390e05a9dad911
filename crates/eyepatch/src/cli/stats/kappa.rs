use std::cmp::Ordering;

use eyepatch_data::Sheet;
use eyepatch_stats::{KappaWeights, cohens_kappa, fleiss_kappa};
use serde_json::{Value, json};

use super::args::{KappaArgs, WeightsArg};
use super::refused;
use super::table::{read, text};
use crate::cli::error::CliError;

pub(super) fn kappa(args: &KappaArgs) -> Result<Value, CliError> {
    if args.ratings.len() < 2 {
        return Err(CliError::usage("one column of ratings", "name two or more with --ratings a,b"));
    }
    if args.ratings.len() > 2 && args.weights != WeightsArg::None {
        return Err(CliError::usage(
            "Fleiss' kappa has no weights",
            "leave out --weights, or compare two readers at a time",
        ));
    }
    let sheet = Sheet::read(&args.table)?;
    let cells = args
        .ratings
        .iter()
        .map(|name| read(&sheet, name, "--ratings", text))
        .collect::<Result<Vec<_>, _>>()?;
    let columns = grades(&cells);
    let (method, found) = match columns.as_slice() {
        [first, second] => {
            let weights = match args.weights {
                WeightsArg::None => KappaWeights::Unweighted,
                WeightsArg::Linear => KappaWeights::Linear,
                WeightsArg::Quadratic => KappaWeights::Quadratic,
            };
            ("cohen", cohens_kappa(first, second, weights, args.level))
        }
        _ => {
            let row = |i: usize| columns.iter().map(|c| &c[i]).collect::<Vec<_>>();
            let rows: Vec<_> = (0..sheet.records.len()).map(row).collect();
            ("fleiss", fleiss_kappa(&rows, args.level))
        }
    };
    let weights = (method == "cohen").then_some(match args.weights {
        WeightsArg::None => "none",
        WeightsArg::Linear => "linear",
        WeightsArg::Quadratic => "quadratic",
    });
    Ok(json!({
        "table": args.table,
        "ratings": args.ratings,
        "method": method,
        "weights": weights,
        "kappa": found.map_err(|e| refused(&args.table, e))?,
    }))
}

/// A grade, as a number where all are.
#[derive(PartialEq)]
enum Grade<'a> {
    Number(f64),
    Text(&'a str),
}

impl Eq for Grade<'_> {}

impl PartialOrd for Grade<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Grade<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

fn grades(columns: &[Vec<String>]) -> Vec<Vec<Grade<'_>>> {
    // The sum makes 0 of -0, so that the order of grades agrees with their equality.
    let number = |cell: &String| cell.parse::<f64>().ok().filter(|v| v.is_finite()).map(|v| v + 0.0);
    let all = columns.iter().flatten().all(|c| number(c).is_some());
    let grade = |cell| match number(cell) {
        Some(value) if all => Grade::Number(value),
        _ => Grade::Text(cell.as_str()),
    };
    columns.iter().map(|column| column.iter().map(grade).collect()).collect()
}
