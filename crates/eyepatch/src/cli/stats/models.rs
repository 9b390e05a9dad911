use std::path::Path;

use eyepatch_stats::{FoldScores, StatsError, mean_auc_over_folds};
use serde_json::{Value, json};

use super::args::PairArgs;
use super::table::{Part, Scored};
use crate::cli::error::CliError;

/// One score or two of the same images.
pub(super) struct Models {
    pub(super) scored: Scored,
    /// Table and column of each score.
    pub(super) names: Vec<Value>,
}

impl Models {
    pub(super) fn read(args: &PairArgs) -> Result<Self, CliError> {
        let table = &args.scored.table;
        let columns: Vec<&String> = args.score.iter().collect();
        let named = |path: &Path, score: &String| json!({ "table": path, "score": score });
        match (columns.as_slice(), &args.other) {
            ([one], None) => Ok(Self {
                scored: Scored::read(table, &args.scored, &[one])?,
                names: vec![named(table, one)],
            }),
            ([one, two], None) => Ok(Self {
                scored: Scored::read(table, &args.scored, &columns)?,
                names: vec![named(table, one), named(table, two)],
            }),
            ([one] | [one, _], Some(path)) => {
                let two = columns.last().copied().unwrap_or(one);
                let mut scored = Scored::read(table, &args.scored, &[one])?;
                let other = Scored::read(path, &args.scored, &[two])?;
                scored.join(table, &other, path)?;
                Ok(Self { scored, names: vec![named(table, one), named(path, two)] })
            }
            _ => Err(CliError::usage(
                format!("{} columns of scores", columns.len()),
                "name one with --score, or two that are compared",
            )),
        }
    }

    /// The folds of each model.
    pub(super) fn parts(&self) -> Vec<Vec<Part>> {
        (0..self.names.len()).map(|score| self.scored.parts(score)).collect()
    }

    /// Each model with its AUC and patient-clustered interval.
    pub(super) fn described(
        &self,
        cells: &[Vec<FoldScores<'_, String>>],
        level: f64,
    ) -> Result<Vec<Value>, StatsError> {
        let one = |(name, cell): (&Value, &Vec<FoldScores<'_, String>>)| {
            Ok(json!({ "model": name, "auc": mean_auc_over_folds(cell, level)? }))
        };
        self.names.iter().zip(cells).map(one).collect()
    }
}

/// The models as the statistics take them.
pub(super) fn cells(parts: &[Vec<Part>]) -> Vec<Vec<FoldScores<'_, String>>> {
    parts.iter().map(|folds| folds.iter().map(Part::as_scores).collect()).collect()
}
