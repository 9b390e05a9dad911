//! Answers held against the key.

mod agreement;
mod reading;
mod tables;

use std::path::PathBuf;

use eyepatch_core::ContentHash;
pub use eyepatch_core::Interval;
use serde::Serialize;

use crate::answers::Exclusion;
use crate::{Answers, Key, Result};

pub use agreement::Agreement;
pub use reading::Reading;
pub use tables::{csv, markdown};

/// Name and version of the scores' schema.
pub const SCORES_SCHEMA: &str = "eyepatch-reader-scores/1";
/// Names in tables that are no reader's.
pub(crate) const NOT_READERS: [&str; 2] = [agreement::MODEL, tables::ALL_READERS];
/// Coverage of every interval.
const LEVEL: f64 = 0.95;

/// An estimate, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measure {
    /// The estimate.
    pub value: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
    /// Why there is none.
    pub note: Option<String>,
}

impl Measure {
    fn of(value: f64, (lower, upper): (f64, f64)) -> Self {
        Self { value: Some(value), interval: Some(Interval { lower, upper, level: LEVEL }), note: None }
    }

    fn none(why: impl ToString) -> Self {
        Self { value: None, interval: None, note: Some(why.to_string()) }
    }

    fn or_none<E: ToString>(found: Result<Self, E>) -> Self {
        found.unwrap_or_else(Self::none)
    }
}

/// A share of images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareOf {
    /// Of how many images.
    pub of: usize,
    /// The share, 0 to 1.
    #[serde(flatten)]
    pub share: Measure,
}

/// How much of a study one reader answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReaderSummary {
    /// Who.
    pub reader: String,
    /// Their file.
    pub file: PathBuf,
    /// Questions with answer and confidence.
    pub answered: usize,
    /// Questions that are left out because one of the two is missing.
    pub excluded: usize,
    /// Questions without an answer.
    pub missing: usize,
}

/// All that answers say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// [`SCORES_SCHEMA`].
    pub schema: String,
    /// The key's commitment.
    pub study: ContentHash,
    /// The audit.
    pub audit: String,
    /// The fold.
    pub fold: usize,
    /// The readers, in the order of their files.
    pub readers: Vec<ReaderSummary>,
    /// By masking, class and reader; then all readers, where there are several.
    pub readings: Vec<Reading>,
    /// By class and masking: pairs of readers, all readers, readers and model.
    pub agreement: Vec<Agreement>,
    /// Answers that are left out.
    pub excluded: Vec<Exclusion>,
    /// What the numbers rest on.
    pub notes: Vec<String>,
}

/// Scores answers that [`crate::read_all`] read for this key.
#[must_use]
pub fn score(key: &Key, answers: &[Answers]) -> Scores {
    let sealed = &key.sealed;
    let summary = |a: &Answers| {
        let answered = a.given.iter().flatten().flatten().count();
        let excluded = a.excluded.len();
        let missing = sealed.cases.len() * sealed.classes.len() - answered - excluded;
        ReaderSummary { reader: a.reader.clone(), file: a.file.clone(), answered, excluded, missing }
    };
    Scores {
        schema: SCORES_SCHEMA.into(),
        study: key.commitment,
        audit: sealed.audit.clone(),
        fold: sealed.fold,
        readers: answers.iter().map(summary).collect(),
        readings: reading::readings(sealed, answers),
        agreement: agreement::agreement(sealed, answers),
        excluded: answers.iter().flat_map(|a| a.excluded.clone()).collect(),
        notes: NOTES.iter().map(|n| (*n).to_owned()).collect(),
    }
}

const NOTES: [&str; 6] = [
    "A reader's AUC takes the confidence, signed by the answer, as the score. Intervals of AUCs and of their differences are \
     patient-clustered, on the images that the reader answered; the model's AUC is of the same images.",
    "Images were chosen by the model's scores, so its AUC here is not that of the audit.",
    "\"All readers\" is the mean over readers, of AUCs over those whose answers allow one (column readers). Its interval holds for new patients and these readers, not for other readers.",
    "Sensitivity and specificity of one reader have Clopper and Pearson's exact interval; of all readers, Wilson's for a share that \
     knows of patients.",
    "The model says yes from its threshold on: the one given at export, else the score above which it calls as many of the fold's \
     images positive as are positive.",
    "Questions without a whole answer are left out of every number, and counted.",
];

#[cfg(test)]
#[path = "../score_tests.rs"]
mod tests;
