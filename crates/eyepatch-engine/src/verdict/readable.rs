//! What a model's embedding tells of the columns, whatever the model makes of it. It supports a cause and never makes one.

use eyepatch_report::schema::{Contrast, Measured};
use eyepatch_stats::{AucInfluence, FoldScores, contrast};
use serde::{Deserialize, Serialize};

use super::rule::{Tested, outcomes};
use super::scores::{ClassScores, Influence, measured};

/// AUC above 0.5 that a column must be told with to be readable.
const LEAST: f64 = 0.05;

/// What a regression on the embeddings of a fold's training images says of its tested ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Readout {
    /// The column that was asked for.
    pub(crate) column: String,
    /// The value that it was asked for.
    pub(crate) value: String,
    /// Whose test part.
    pub(crate) fold: usize,
    /// Tested rows that have a value.
    pub(crate) rows: Vec<usize>,
    /// Whether they have this one.
    pub(crate) labels: Vec<bool>,
    /// What the regression says.
    pub(crate) logits: Vec<f64>,
    /// Why there are none.
    pub(crate) why: Option<String>,
}

/// One contrast a column that was read, adjusted among themselves: the AUC, less 0.5, with which it is told; of several values
/// the mean.
pub(super) fn contrasts<'c>(
    readouts: &[Readout],
    columns: impl Iterator<Item = &'c str>,
    scores: &ClassScores<'_>,
    alpha: f64,
) -> Vec<Contrast> {
    let one = |column: &str| {
        let of: Vec<&Readout> = readouts.iter().filter(|r| r.column == column).collect();
        (!of.is_empty()).then(|| Tested {
            id: format!("readable:{column}"),
            what: format!(
                "AUC, less 0.5, with which a logistic regression on the full-image model's embedding tells `{column}`"
            ),
            measured: told(&of, column, scores).map(|m| vec![m]),
            note: None,
        })
    };
    outcomes(columns.filter_map(one).collect(), LEAST, alpha)
}

fn told(of: &[&Readout], column: &str, scores: &ClassScores<'_>) -> Result<Measured, String> {
    let mut values: Vec<&str> = of.iter().map(|r| r.value.as_str()).collect();
    values.sort_unstable();
    values.dedup();
    let each: Vec<Influence<'_>> =
        values.iter().map(|value| auc(of, value, scores)).collect::<Result<_, _>>()?;
    let terms: Vec<(f64, &Influence<'_>)> = each.iter().map(|a| (1.0 / each.len() as f64, a)).collect();
    measured(column, &contrast(&terms, 0.5).map_err(|e| e.to_string())?, LEAST)
}

fn auc<'a>(of: &[&Readout], value: &str, scores: &ClassScores<'a>) -> Result<Influence<'a>, String> {
    let folds: Vec<&Readout> = of.iter().copied().filter(|r| r.value == value).collect();
    if let Some(why) = folds.iter().find_map(|r| r.why.as_ref()) {
        return Err(format!("`{value}` could not be learnt from the embedding: {why}"));
    }
    let patients: Vec<Vec<&str>> = folds
        .iter()
        .map(|r| r.rows.iter().map(|&row| scores.table.rows[row].patient.as_str()).collect())
        .collect();
    let given: Vec<FoldScores<'_, &str>> = folds
        .iter()
        .zip(&patients)
        .map(|(r, patients)| FoldScores { fold: r.fold, labels: &r.labels, scores: &r.logits, patients })
        .collect();
    AucInfluence::new(&given).map_err(|e| e.to_string())
}
