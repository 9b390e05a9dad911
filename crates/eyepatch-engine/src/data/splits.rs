use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use eyepatch_core::{ContentHash, Hasher, Seed, Table};
use eyepatch_report::schema::{PartCount, SplitSummary};
use eyepatch_stats::{check_no_overlap, group_holdout, group_kfold};
use serde::{Deserialize, Serialize};

use super::SplitScheme;
use crate::{Error, Result};

/// Part of a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Part {
    Train,
    Validation,
    Test,
}

impl Part {
    pub(crate) const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        })
    }
}

/// One fold's rows, each part in ascending order.
pub(crate) use eyepatch_core::FoldRows as Fold;

impl Part {
    pub(crate) fn of(self, fold: &Fold) -> &[usize] {
        match self {
            Self::Train => &fold.train,
            Self::Validation => &fold.validation,
            Self::Test => &fold.test,
        }
    }
}

/// Patient-grouped folds. No patient is in two parts of a fold: checked whenever one is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Splits {
    pub(crate) folds: Vec<Fold>,
    pub(super) scheme: String,
}

/// Patients of a stratum that a share of the data keeps at least, where there are as many.
const LEAST_PATIENTS: usize = 12;

/// The test fold of each row: patient-grouped, balanced by class.
fn folds_of(table: &Table, folds: usize, seed: u64) -> Result<Vec<usize>> {
    let all: Vec<usize> = (0..table.rows.len()).collect();
    Ok(group_kfold(&patients(table), Some(&strata(table, &all, folds)), folds, seed)?)
}

/// Training and validation rows among `rows`, both in ascending order.
pub(super) fn hold_out(
    table: &Table,
    rows: &[usize],
    validation: f64,
    seed: Seed,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let strata = strata(table, rows, 2);
    let parts = group_holdout(&patients(table), Some(&strata), rows, validation, seed.to_u64())?;
    let (mut train, mut held) = (parts.train, parts.held_out);
    train.sort_unstable();
    held.sort_unstable();
    Ok((train, held))
}

pub(super) fn patients(table: &Table) -> Vec<&str> {
    table.rows.iter().map(|r| r.patient.as_str()).collect()
}

/// What a row's labels say, as a code: 0 without a positive label, else 1 + the class that is rarest among `rows` of its
/// positive ones.
pub(super) fn answer_codes(table: &Table, rows: &[usize]) -> Vec<usize> {
    let count = |c: usize| rows.iter().filter(|&&r| table.rows[r].labels[c] == Some(true)).count();
    let counts: Vec<usize> = (0..table.classes.len()).map(count).collect();
    let rarest = |labels: &[Option<bool>]| {
        let positive = (0..labels.len()).filter(|&c| labels[c] == Some(true));
        positive.min_by_key(|&c| (counts[c], c)).map_or(0, |c| c + 1)
    };
    table.rows.iter().map(|r| rarest(&r.labels)).collect()
}

/// A stratum a row, for balancing: its [`answer_codes`]. Strata with fewer patients among `rows` than there are `parts`
/// cannot be balanced and join the largest one.
fn strata(table: &Table, rows: &[usize], parts: usize) -> Vec<usize> {
    let mut strata = answer_codes(table, rows);
    let mut patients: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for &row in rows {
        patients.entry(strata[row]).or_default().insert(&table.rows[row].patient);
    }
    let largest =
        patients.iter().max_by_key(|(s, p)| (p.len(), std::cmp::Reverse(**s))).map_or(0, |(s, _)| *s);
    for stratum in &mut strata {
        if patients.get(stratum).is_none_or(|p| p.len() < parts) {
            *stratum = largest;
        }
    }
    strata
}

/// About `count` rows in ascending order: whole patients, each stratum in its share, but of a rare one at least a few.
pub(crate) fn share_of(table: &Table, count: usize, seed: &Seed) -> Vec<usize> {
    let all: Vec<usize> = (0..table.rows.len()).collect();
    let strata = strata(table, &all, 1);
    let mut rows_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for row in all {
        rows_of.entry(&table.rows[row].patient).or_default().push(row);
    }
    let mut by_stratum: BTreeMap<usize, Vec<(u64, Vec<usize>)>> = BTreeMap::new();
    for (patient, rows) in rows_of {
        let stratum = rows.iter().map(|&r| strata[r]).max().unwrap_or(0);
        by_stratum.entry(stratum).or_default().push((seed.child(patient).to_u64(), rows));
    }
    let mut kept = Vec::new();
    for mut patients in by_stratum.into_values() {
        patients.sort();
        let share = (patients.len() * count).div_ceil(table.rows.len());
        let wanted = share.max(LEAST_PATIENTS);
        kept.extend(patients.into_iter().take(wanted).flat_map(|(_, rows)| rows));
    }
    kept.sort_unstable();
    kept
}

impl Splits {
    /// `folds` test folds; of each fold's other rows, the share `validation` watches the training.
    pub(crate) fn make(table: &Table, folds: usize, validation: f64, seed: Seed) -> Result<Self> {
        let test = folds_of(table, folds, seed.child("folds").to_u64())?;
        let fold = |k: usize| -> Result<Fold> {
            let rest: Vec<usize> = (0..test.len()).filter(|&r| test[r] != k).collect();
            let (train, held) = hold_out(table, &rest, validation, seed.child(&format!("validation {k}")))?;
            Ok(Fold { train, validation: held, test: (0..test.len()).filter(|&r| test[r] == k).collect() })
        };
        let folds_made = (0..folds).map(fold).collect::<Result<Vec<_>>>()?;
        Self { folds: folds_made, scheme: SplitScheme::Balanced.words(folds, validation) }.checked(table)
    }

    /// Refuses folds that part a patient or in which a class cannot be learnt or tested, whoever made them.
    pub(super) fn checked(self, table: &Table) -> Result<Self> {
        let wrong = |problem: String, remedy: &str| Error::Declaration {
            audit: "splits".into(),
            problem,
            remedy: remedy.into(),
        };
        for (k, fold) in self.folds.iter().enumerate() {
            check_fold(table, fold, k)
                .map_err(|e| wrong(e, "put all images of a patient into one part, then run again"))?;
            check_answers(table, fold, k).map_err(|e| {
                wrong(e, "use fewer folds, add patients of that answer, or leave the class out")
            })?;
        }
        Ok(self)
    }

    /// All rows tested by every fold's model, none of which has seen any: external data.
    pub(crate) fn all_tested(rows: usize, folds: usize) -> Self {
        let all: Vec<usize> = (0..rows).collect();
        let fold = Fold { train: all.clone(), validation: Vec::new(), test: all };
        Self { folds: vec![fold; folds], scheme: "external: every model is asked about all images".into() }
    }

    /// Whether all folds are tested on the same rows.
    pub(crate) fn common_test(&self) -> bool {
        self.folds.len() > 1 && self.folds.windows(2).all(|pair| pair[0].test == pair[1].test)
    }

    /// How they were made, in words.
    pub(crate) fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Hash over one fold's rows.
    pub(crate) fn hash(&self, fold: usize) -> ContentHash {
        let fold = &self.folds[fold];
        let mut hasher = Hasher::new();
        for part in Part::ALL {
            let bytes: Vec<u8> = part.of(fold).iter().flat_map(|r| (*r as u64).to_le_bytes()).collect();
            hasher = hasher.part(bytes);
        }
        hasher.finish()
    }

    /// Hash over the names that rows go by in a split file.
    pub(crate) fn names_hash(&self, table: &Table) -> ContentHash {
        table.rows.iter().fold(Hasher::new(), |h, row| h.part(&row.id)).finish()
    }

    /// For the report.
    pub(crate) fn summary(&self, table: &Table) -> SplitSummary {
        let mut parts = Vec::new();
        for (k, fold) in self.folds.iter().enumerate() {
            for part in Part::ALL {
                let rows = part.of(fold);
                let patients: BTreeSet<&str> = rows.iter().map(|&r| table.rows[r].patient.as_str()).collect();
                let positives =
                    |c: usize| rows.iter().filter(|&&r| table.rows[r].labels[c] == Some(true)).count();
                parts.push(PartCount {
                    fold: k,
                    part: part.to_string(),
                    images: rows.len(),
                    patients: patients.len(),
                    positives: (0..table.classes.len()).map(positives).collect(),
                });
            }
        }
        let leak_check = "no patient is in two parts of a fold (checked before training)".into();
        SplitSummary { scheme: self.scheme.clone(), parts, leak_check }
    }
}

/// Every class needs both answers where it is trained and where it is tested.
fn check_answers(table: &Table, fold: &Fold, k: usize) -> Result<(), String> {
    for part in [Part::Train, Part::Test] {
        for (c, class) in table.classes.iter().enumerate() {
            for answer in [true, false] {
                if !part.of(fold).iter().any(|&r| table.rows[r].labels[c] == Some(answer)) {
                    let answer = if answer { "positive" } else { "negative" };
                    return Err(format!(
                        "fold {k}: its {part} part has no {answer} image of class `{class}`"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// No patient, and so no row, may be in two parts.
pub(super) fn check_fold(table: &Table, fold: &Fold, k: usize) -> Result<(), String> {
    let (mut patients, mut parts, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for part in Part::ALL {
        for &row in part.of(fold) {
            patients.push(table.rows[row].patient.as_str());
            parts.push(part);
            rows.push(row);
        }
    }
    check_no_overlap(&patients, &parts).map_err(|e| match e {
        eyepatch_stats::StatsError::PatientOverlap { patient, first, first_row, second, second_row } => format!(
            "fold {k}: patient `{patient}` is in {first} (sample `{}`, row {}) and in {second} (sample `{}`, row {})",
            table.rows[rows[first_row]].id, rows[first_row], table.rows[rows[second_row]].id, rows[second_row]
        ),
        other => other.to_string(),
    })
}

#[cfg(test)]
#[path = "splits_tests.rs"]
mod tests;
