use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use eyepatch_core::{ContentHash, Hasher, Seed, Table};
use eyepatch_report::schema::{PartCount, SplitSummary};
use eyepatch_stats::{check_no_overlap, group_holdout, group_kfold};
use serde::{Deserialize, Serialize};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fold {
    pub(crate) train: Vec<usize>,
    pub(crate) validation: Vec<usize>,
    pub(crate) test: Vec<usize>,
}

impl Fold {
    pub(crate) fn rows(&self, part: Part) -> &[usize] {
        match part {
            Part::Train => &self.train,
            Part::Validation => &self.validation,
            Part::Test => &self.test,
        }
    }
}

/// Patient-grouped folds. No patient is in two parts of a fold: checked whenever one is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Splits {
    pub(crate) folds: Vec<Fold>,
    scheme: String,
}

/// One line of a split file.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    row: usize,
    fold: usize,
    part: Part,
}

/// The test fold of each row: patient-grouped, balanced by class.
///
/// # Errors
/// [`Error::Split`] where a class has fewer patients than there are folds.
pub(crate) fn folds_of(table: &Table, folds: usize, seed: u64) -> Result<Vec<usize>> {
    let patients: Vec<&str> = table.rows.iter().map(|r| r.patient.as_str()).collect();
    Ok(group_kfold(&patients, Some(&strata(table)), folds, seed)?)
}

/// A class code a row for balancing: 0 without a positive label, else 1 + the rarest of its positive classes.
fn strata(table: &Table) -> Vec<usize> {
    let count = |c: usize| table.rows.iter().filter(|r| r.labels[c] == Some(true)).count();
    let counts: Vec<usize> = (0..table.classes.len()).map(count).collect();
    let rarest = |labels: &[Option<bool>]| {
        let positive = (0..labels.len()).filter(|&c| labels[c] == Some(true));
        positive.min_by_key(|&c| (counts[c], c)).map_or(0, |c| c + 1)
    };
    table.rows.iter().map(|r| rarest(&r.labels)).collect()
}

impl Splits {
    /// `folds` test folds; of each fold's other rows, the share `validation` watches the training.
    pub(crate) fn make(table: &Table, folds: usize, validation: f64, seed: Seed) -> Result<Self> {
        let test = folds_of(table, folds, seed.child("folds").to_u64())?;
        let patients: Vec<&str> = table.rows.iter().map(|r| r.patient.as_str()).collect();
        let strata = strata(table);
        let fold = |k: usize| -> Result<Fold> {
            let rest: Vec<usize> = (0..test.len()).filter(|&r| test[r] != k).collect();
            let seed = seed.child(&format!("validation {k}")).to_u64();
            let parts = group_holdout(&patients, Some(&strata), &rest, validation, seed)?;
            let (mut train, mut held) = (parts.train, parts.held_out);
            train.sort_unstable();
            held.sort_unstable();
            Ok(Fold { train, validation: held, test: (0..test.len()).filter(|&r| test[r] == k).collect() })
        };
        let folds_made = (0..folds).map(fold).collect::<Result<Vec<_>>>()?;
        let scheme = format!(
            "{folds} folds by patient, balanced by class, each row tested once; {:.0} % of each fold's other patients \
             watch the training",
            validation * 100.0
        );
        Self { folds: folds_made, scheme }.checked(table)
    }

    /// Folds from a file with columns `row,fold,part`; a fold without a validation part gets one from its training
    /// part, by patient.
    pub(crate) fn read(path: &Path, table: &Table, validation: f64, seed: Seed) -> Result<Self> {
        let wrong = |line: Option<usize>, problem: String, remedy: &str| eyepatch_core::Error::Table {
            path: path.into(),
            row: line,
            column: None,
            problem,
            remedy: remedy.into(),
        };
        let format = "a split file has the columns row,fold,part: 0-based row of the table, 0-based fold, and train, \
                      validation or test";
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        let mut folds: BTreeMap<usize, BTreeMap<usize, (Part, usize)>> = BTreeMap::new();
        for (i, line) in csv::Reader::from_reader(text.as_bytes()).deserialize::<Line>().enumerate() {
            let number = i + 2;
            let line = line.map_err(|e| wrong(Some(number), e.to_string(), format))?;
            if line.row >= table.rows.len() {
                let problem = format!("row {} of a table of {} rows", line.row, table.rows.len());
                return Err(wrong(Some(number), problem, "make the split again for this table").into());
            }
            if let Some((part, first)) =
                folds.entry(line.fold).or_default().insert(line.row, (line.part, number))
            {
                let problem =
                    format!("row {} is already in `{part}` of fold {} (line {first})", line.row, line.fold);
                return Err(wrong(Some(number), problem, "keep one line a row and fold").into());
            }
        }
        if !folds.keys().copied().eq(0..folds.len()) || folds.is_empty() {
            return Err(wrong(None, "folds are not numbered 0, 1, 2, ...".into(), format).into());
        }
        let patients: Vec<&str> = table.rows.iter().map(|r| r.patient.as_str()).collect();
        let strata = strata(table);
        let mut made = Vec::new();
        for (k, rows) in folds {
            let of = |part: Part| {
                rows.iter().filter(|(_, (p, _))| *p == part).map(|(r, _)| *r).collect::<Vec<_>>()
            };
            let (mut train, mut held, test) = (of(Part::Train), of(Part::Validation), of(Part::Test));
            if train.is_empty() || test.is_empty() {
                return Err(wrong(None, format!("fold {k} lacks a train or a test part"), format).into());
            }
            // Looked for before a validation part is carved, so that the file's own words are quoted.
            check_fold(
                table,
                &Fold { train: train.clone(), validation: held.clone(), test: test.clone() },
                k,
            )
            .map_err(|e| wrong(None, e, "put all images of a patient into one part, then run again"))?;
            if held.is_empty() {
                let seed = seed.child(&format!("validation {k}")).to_u64();
                let parts = group_holdout(&patients, Some(&strata), &train, validation, seed)?;
                (train, held) = (parts.train, parts.held_out);
                train.sort_unstable();
                held.sort_unstable();
            }
            made.push(Fold { train, validation: held, test });
        }
        let scheme =
            format!("{} folds read from {}", made.len(), path.file_name().unwrap_or_default().display());
        Self { folds: made, scheme }.checked(table)
    }

    /// Refuses folds that part a patient, whoever made them.
    fn checked(self, table: &Table) -> Result<Self> {
        for (k, fold) in self.folds.iter().enumerate() {
            check_fold(table, fold, k).map_err(|problem| Error::Declaration {
                audit: "splits".into(),
                problem,
                remedy: "put all images of a patient into one part, then run again".into(),
            })?;
        }
        Ok(self)
    }

    /// The text of a split file.
    pub(crate) fn to_csv(&self) -> Result<String> {
        let mut text = String::from("row,fold,part\n");
        for (k, fold) in self.folds.iter().enumerate() {
            let parts = Part::ALL.iter().flat_map(|&p| fold.rows(p).iter().map(move |&r| (r, p)));
            for (row, part) in parts.collect::<BTreeMap<_, _>>() {
                text.push_str(&format!("{row},{k},{part}\n"));
            }
        }
        Ok(text)
    }

    /// Hash over one fold's rows.
    pub(crate) fn hash(&self, fold: usize) -> ContentHash {
        let fold = &self.folds[fold];
        let mut hasher = Hasher::new();
        for part in Part::ALL {
            let bytes: Vec<u8> = fold.rows(part).iter().flat_map(|r| (*r as u64).to_le_bytes()).collect();
            hasher = hasher.part(bytes);
        }
        hasher.finish()
    }

    /// For the report.
    pub(crate) fn summary(&self, table: &Table) -> SplitSummary {
        let mut parts = Vec::new();
        for (k, fold) in self.folds.iter().enumerate() {
            for part in Part::ALL {
                let rows = fold.rows(part);
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

fn check_fold(table: &Table, fold: &Fold, k: usize) -> Result<(), String> {
    let (mut patients, mut parts, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for part in Part::ALL {
        for &row in fold.rows(part) {
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
mod tests {
    use super::*;
    use eyepatch_core::Row;
    use proptest::prelude::*;

    fn table(patients: &[usize], labels: &[bool]) -> Table {
        let row = |(i, (p, l)): (usize, (&usize, &bool))| Row {
            id: format!("s{i}"),
            patient: format!("p{p}"),
            labels: vec![Some(*l)],
            meta: BTreeMap::new(),
            image: None,
            roi: None,
            line: None,
        };
        Table { classes: vec!["c".into()], rows: patients.iter().zip(labels).enumerate().map(row).collect() }
    }

    proptest! {
        /// Every row is tested once, no patient is in two parts, and the same seed gives the same folds.
        #[test]
        fn folds_never_part_a_patient(
            patients in prop::collection::vec(0usize..40, 120..200), folds in 2usize..5, seed in any::<u64>(),
        ) {
            let labels: Vec<bool> = patients.iter().map(|p| p % 2 == 0).collect();
            let table = table(&patients, &labels);
            let splits = Splits::make(&table, folds, 0.2, Seed::root(seed)).unwrap();
            prop_assert_eq!(&splits, &Splits::make(&table, folds, 0.2, Seed::root(seed)).unwrap());
            let mut tested: Vec<usize> = splits.folds.iter().flat_map(|f| f.test.clone()).collect();
            tested.sort_unstable();
            prop_assert!(tested.into_iter().eq(0..patients.len()));
            for fold in &splits.folds {
                let of = |rows: &[usize]| rows.iter().map(|&r| patients[r]).collect::<BTreeSet<_>>();
                prop_assert!(of(&fold.train).is_disjoint(&of(&fold.test)));
                prop_assert!(of(&fold.train).is_disjoint(&of(&fold.validation)));
                prop_assert!(of(&fold.validation).is_disjoint(&of(&fold.test)));
            }
        }

        /// A split file reads back as the folds that wrote it.
        #[test]
        fn a_split_file_reads_back(seed in any::<u64>()) {
            let patients: Vec<usize> = (0..60).map(|i| i / 2).collect();
            let labels: Vec<bool> = patients.iter().map(|p| p % 2 == 0).collect();
            let table = table(&patients, &labels);
            let splits = Splits::make(&table, 3, 0.2, Seed::root(seed)).unwrap();
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), splits.to_csv().unwrap()).unwrap();
            let read = Splits::read(file.path(), &table, 0.2, Seed::root(0)).unwrap();
            prop_assert_eq!(splits.folds, read.folds);
        }
    }

    #[test]
    fn a_patient_in_two_parts_is_refused_by_name() {
        let table = table(&[0, 0, 1, 2, 3, 4], &[true, true, false, true, false, true]);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "row,fold,part\n0,0,train\n1,0,test\n2,0,train\n3,0,train\n4,0,test\n")
            .unwrap();
        let error = Splits::read(file.path(), &table, 0.2, Seed::root(0)).unwrap_err().to_string();
        assert!(
            error.contains("patient `p0`") && error.contains("train") && error.contains("`s1`"),
            "{error}"
        );
    }
}
