//! The scores that a run kept, by what they are of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use eyepatch_report::scores::each_score;
use eyepatch_stats::{AucInfluence, FoldScores, StatsError};

use crate::Result;

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

/// The table; empty where a run kept none. Rows without a label are left out, as in every AUC.
pub(super) fn read(path: &Path) -> Result<Scores> {
    let mut scores = Scores::new();
    if !path.exists() {
        return Ok(scores);
    }
    each_score(path, |row| {
        let Some(label) = row.label.filter(|_| row.dilation == 0) else { return Ok(()) };
        let key = (row.class.to_owned(), row.trained.to_owned(), row.masking.to_owned());
        let scored = Scored { patient: row.patient.to_owned(), label, score: f64::from(row.score) };
        match scores.entry(key).or_default().insert((row.fold, row.sample.to_owned()), scored) {
            None => Ok(()),
            Some(_) => Err("a second score of one sample, fold, class and masking".into()),
        }
    })?;
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

/// Mean AUC over the folds that have one, with its patients' deviations, and these folds; `None` where no fold has.
pub(super) fn influence(set: &Set) -> Option<(AucInfluence<String>, BTreeSet<usize>)> {
    let mut folds: BTreeMap<usize, Fold> = BTreeMap::new();
    for ((fold, _), s) in set {
        let of = folds.entry(*fold).or_default();
        of.labels.push(s.label);
        of.scores.push(s.score);
        of.patients.push(s.patient.clone());
    }
    while !folds.is_empty() {
        let given = folds.iter().map(|(fold, f)| FoldScores {
            fold: *fold,
            labels: &f.labels,
            scores: &f.scores,
            patients: &f.patients,
        });
        match AucInfluence::new(&given.collect::<Vec<_>>()) {
            Ok(found) => return Some((found, folds.into_keys().collect())),
            Err(StatsError::FoldNotEstimable { fold, .. }) => {
                folds.remove(&fold)?;
            }
            Err(_) => return None,
        }
    }
    None
}

/// What belongs to these folds.
pub(super) fn only(set: &Set, folds: &BTreeSet<usize>) -> Set {
    let kept = set.iter().filter(|((fold, _), _)| folds.contains(fold));
    kept.map(|(at, scored)| (at.clone(), scored.clone())).collect()
}
