//! The scores that a run kept, by what they are of.

use std::collections::BTreeMap;
use std::path::Path;

use eyepatch_stats::{AucInfluence, FoldScores};
use serde::Deserialize;

use crate::{Error, Result};

/// Scores of one class and masking: by fold and sample.
pub(super) type Set = BTreeMap<(usize, String), Scored>;
/// By class, training masking, evaluation masking; undilated only.
pub(super) type Scores = BTreeMap<(String, String, String), Set>;

/// One image's score.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scored {
    patient: String,
    label: bool,
    score: f64,
}

#[derive(Deserialize)]
struct Line {
    sample: String,
    patient: String,
    trained: String,
    masking: String,
    dilation: i32,
    fold: usize,
    class: String,
    label: Option<u8>,
    score: f64,
}

/// The table; empty where a run kept none. Rows without a label are left out, as in every AUC.
pub(super) fn read(path: &Path) -> Result<Scores> {
    let mut scores = Scores::new();
    if !path.exists() {
        return Ok(scores);
    }
    let damaged = |problem: String| Error::Damaged { path: path.into(), problem };
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    for (i, line) in csv::Reader::from_reader(std::io::BufReader::new(file)).deserialize().enumerate() {
        let line: Line = line.map_err(|e| damaged(e.to_string()))?;
        let at = i + 2;
        if !line.score.is_finite() {
            return Err(damaged(format!("line {at}, column score: not a finite number")));
        }
        let label = match line.label {
            None => continue,
            Some(label @ (0 | 1)) => label == 1,
            Some(other) => {
                return Err(damaged(format!("line {at}, column label: {other} is neither 0 nor 1")));
            }
        };
        if line.dilation != 0 {
            continue;
        }
        let set = scores.entry((line.class, line.trained, line.masking)).or_default();
        let scored = Scored { patient: line.patient, label, score: line.score };
        if set.insert((line.fold, line.sample), scored).is_some() {
            return Err(damaged(format!("line {at}: a second score of one sample, fold, class and masking")));
        }
    }
    Ok(scores)
}

/// Whether both hold the same samples of the same patients with the same labels, each as often; folds may differ.
pub(super) fn same_rows(a: &Set, b: &Set) -> bool {
    let rows = |set: &Set| {
        let mut rows: Vec<(String, String, bool)> =
            set.iter().map(|((_, sample), s)| (sample.clone(), s.patient.clone(), s.label)).collect();
        rows.sort();
        rows
    };
    a.len() == b.len() && rows(a) == rows(b)
}

/// Scored images of a fold.
#[derive(Default)]
struct Fold {
    labels: Vec<bool>,
    scores: Vec<f64>,
    patients: Vec<String>,
}

/// Mean AUC over folds with its patients' deviations; `None` where a fold has but one class.
pub(super) fn influence(set: &Set) -> Option<AucInfluence<String>> {
    let mut folds: BTreeMap<usize, Fold> = BTreeMap::new();
    for ((fold, _), s) in set {
        let of = folds.entry(*fold).or_default();
        of.labels.push(s.label);
        of.scores.push(s.score);
        of.patients.push(s.patient.clone());
    }
    let folds: Vec<FoldScores<'_, String>> = folds
        .iter()
        .map(|(fold, f)| FoldScores {
            fold: *fold,
            labels: &f.labels,
            scores: &f.scores,
            patients: &f.patients,
        })
        .collect();
    AucInfluence::new(&folds).ok()
}
