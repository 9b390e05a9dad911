use std::collections::BTreeMap;
use std::path::Path;

use eyepatch_core::Error;
use eyepatch_data::{Record, Sheet, quoted};
use eyepatch_stats::FoldScores;

use super::args::ScoredArgs;
use crate::cli::error::CliError;

/// What is wrong with a cell, and what to do.
pub(super) type Wrong = (String, &'static str);

/// Scored images of one table, row by row.
pub(super) struct Scored {
    pub(super) samples: Vec<String>,
    pub(super) patients: Vec<String>,
    pub(super) labels: Vec<bool>,
    /// A list a score column.
    pub(super) scores: Vec<Vec<f64>>,
    /// The fold of each row; 0 where there are no folds.
    pub(super) folds: Vec<usize>,
    /// 1-based line of each row.
    pub(super) lines: Vec<usize>,
}

/// One fold's rows.
pub(super) struct Part {
    fold: usize,
    labels: Vec<bool>,
    patients: Vec<String>,
    scores: Vec<f64>,
}

impl Part {
    pub(super) fn as_scores(&self) -> FoldScores<'_, String> {
        FoldScores { fold: self.fold, labels: &self.labels, scores: &self.scores, patients: &self.patients }
    }
}

impl Scored {
    /// Reads the columns that `args` and `scores` name.
    pub(super) fn read(path: &Path, args: &ScoredArgs, scores: &[&String]) -> Result<Self, CliError> {
        Self::read_as(path, args, scores, number)
    }

    /// The same with one score that must be a probability.
    pub(super) fn read_probabilities(
        path: &Path,
        args: &ScoredArgs,
        score: &String,
    ) -> Result<Self, CliError> {
        Self::read_as(path, args, &[score], probability)
    }

    fn read_as(
        path: &Path,
        args: &ScoredArgs,
        scores: &[&String],
        score: fn(&str) -> Result<f64, Wrong>,
    ) -> Result<Self, CliError> {
        let sheet = Sheet::read(path)?;
        if sheet.records.is_empty() {
            return Err(sheet
                .error(None, None, "there are no rows below the header", "write a row an image")
                .into());
        }
        let labels = read(&sheet, &args.label, "--label", label)?;
        let folds = match &args.fold {
            Some(name) => read(&sheet, name, "--fold", fold)?,
            None => vec![0; labels.len()],
        };
        let scored = Self {
            samples: read(&sheet, &args.sample, "--sample", text)?,
            patients: read(&sheet, &args.patient, "--patient", text)?,
            labels,
            scores: scores
                .iter()
                .map(|name| read(&sheet, name, "--score", score))
                .collect::<Result<_, _>>()?,
            folds,
            lines: sheet.records.iter().map(|r| r.line).collect(),
        };
        scored.check_samples(&sheet, args)?;
        Ok(scored)
    }

    /// A sample is scored once, or with folds once a fold.
    fn check_samples(&self, sheet: &Sheet, args: &ScoredArgs) -> Result<(), Error> {
        let mut seen = BTreeMap::new();
        for (row, key) in self.samples.iter().zip(&self.folds).enumerate() {
            if let Some(first) = seen.insert(key, self.lines[row]) {
                let again = if args.fold.is_some() { " in this fold" } else { "" };
                let problem = format!("{} is also on line {first}{again}", quoted(key.0));
                let remedy =
                    "keep one of the two rows; where folds share a test set, name their column with --fold";
                return Err(sheet.error(Some(self.lines[row]), Some(&args.sample), problem, remedy));
            }
        }
        Ok(())
    }

    /// The rows of each fold with one of the scores, by ascending fold.
    pub(super) fn parts(&self, score: usize) -> Vec<Part> {
        let mut parts: BTreeMap<usize, Part> = BTreeMap::new();
        for row in 0..self.labels.len() {
            let fold = self.folds[row];
            let empty = || Part { fold, labels: Vec::new(), patients: Vec::new(), scores: Vec::new() };
            let part = parts.entry(fold).or_insert_with(empty);
            part.labels.push(self.labels[row]);
            part.patients.push(self.patients[row].clone());
            part.scores.push(self.scores[score][row]);
        }
        parts.into_values().collect()
    }

    /// Takes the score of another table of the same samples, labels and patients, whatever its order.
    pub(super) fn join(&mut self, mine: &Path, other: &Self, path: &Path) -> Result<(), Error> {
        let refuse = |path: &Path, line: usize, problem: String, remedy: &str| {
            Err(eyepatch_data::table_error(path, Some(line), None, problem, remedy))
        };
        let rows = |s: &Self| -> BTreeMap<(usize, String), usize> {
            s.samples.iter().enumerate().map(|(row, id)| ((s.folds[row], id.clone()), row)).collect()
        };
        let (here, there) = (rows(self), rows(other));
        let same = "both tables must hold the same samples, each with one label and patient";
        if let Some((key, row)) = there.iter().find(|(key, _)| !here.contains_key(*key)) {
            return refuse(path, other.lines[*row], missing(&key.1, mine), same);
        }
        let mut scores = Vec::with_capacity(self.samples.len());
        for (row, id) in self.samples.iter().enumerate() {
            let Some(&theirs) = there.get(&(self.folds[row], id.clone())) else {
                return refuse(mine, self.lines[row], missing(id, path), same);
            };
            if (self.labels[row], &self.patients[row]) != (other.labels[theirs], &other.patients[theirs]) {
                let problem =
                    format!("{} has another label or patient than in {}", quoted(id), mine.display());
                return refuse(path, other.lines[theirs], problem, same);
            }
            scores.push(other.scores[0][theirs]);
        }
        self.scores.push(scores);
        Ok(())
    }
}

fn missing(sample: &str, path: &Path) -> String {
    format!("{} is not in {}", quoted(sample), path.display())
}

/// A column's cells, read one by one; what is wrong with a cell comes with its remedy.
pub(super) fn read<T>(
    sheet: &Sheet,
    name: &str,
    option: &str,
    cell: impl Fn(&str) -> Result<T, Wrong>,
) -> Result<Vec<T>, Error> {
    let column = sheet.column(name, option)?;
    let one = |record: &Record| {
        cell(record.cell(column).trim())
            .map_err(|(problem, remedy)| sheet.error(Some(record.line), Some(name), problem, remedy))
    };
    sheet.records.iter().map(one).collect()
}

pub(super) fn text(cell: &str) -> Result<String, Wrong> {
    match cell {
        "" => Err(("there is no value".into(), "every row needs one; drop the row, or fill it in")),
        cell => Ok(cell.to_owned()),
    }
}

fn label(cell: &str) -> Result<bool, Wrong> {
    match cell {
        "1" | "1.0" => Ok(true),
        "0" | "0.0" => Ok(false),
        "" => Err(("there is no label".into(), "write 1 or 0, or drop rows without a label")),
        other => Err((format!("{} is no label", quoted(other)), "write 1 for positive and 0 for negative")),
    }
}

pub(super) fn number(cell: &str) -> Result<f64, Wrong> {
    let remedy = "write a number with a decimal point, or drop the row";
    match cell.parse::<f64>() {
        Ok(value) if !value.is_nan() => Ok(value),
        _ if cell.is_empty() => Err(("there is no value".into(), remedy)),
        _ => Err((format!("{} is not a number", quoted(cell)), remedy)),
    }
}

/// A number from 0 to 1.
pub(super) fn probability(cell: &str) -> Result<f64, Wrong> {
    let value = number(cell)?;
    if (0.0..=1.0).contains(&value) {
        return Ok(value);
    }
    Err((format!("{} is no probability", quoted(cell)), "give numbers from 0 to 1"))
}

fn fold(cell: &str) -> Result<usize, Wrong> {
    cell.parse().map_err(|_| (format!("{} is no fold", quoted(cell)), "number folds 0, 1, 2, …"))
}
