//! How a sweep's folds are made: our own way, or the study's, which is scikit-learn's.

use eyepatch_core::{Meta, Seed, Table};
use eyepatch_stats::sklearn::{Folds, GroupKFold, GroupShuffleSplit, Keys, StratifiedGroupKFold};
use serde::{Deserialize, Serialize};

use super::leave_out::leave_one_out;
use super::splits::{Fold, Splits, answer_codes, hold_out, patients};
use crate::{Error, Result};

/// How a sweep's folds are made. Patients are never parted, whatever the scheme.
///
/// Patients' ids are sorted as scikit-learn sorts them once pandas has read them: as numbers where all are numbers, else as
/// text ([`Keys::parsed`]).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SplitScheme {
    /// Every fold has near its share of every class, and each row is tested once; a share of each fold's other patients
    /// watches the training.
    #[default]
    Balanced,
    /// The study's chest protocol: scikit-learn's `GroupShuffleSplit(test_size=test, random_state=seed)` draws **one test
    /// set for all folds**; `GroupKFold` deals the other patients, and each fold's own part watches its training.
    GroupHoldoutKfold {
        /// Share of the patients that is tested, between 0 and 1 [default: 0.2].
        #[serde(default = "study_test")]
        test: f64,
        /// Seed of the draw, as scikit-learn's `random_state` [default: 1907].
        #[serde(default = "study_seed")]
        seed: u32,
    },
    /// The study's fundus protocol: scikit-learn's `StratifiedGroupKFold`. With one class its answer is stratified by, with
    /// several the rarest finding of an image.
    StratifiedGroupKfold {
        /// Seed of the shuffling; without one nothing is shuffled, as in the study.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shuffle: Option<u32>,
        /// The rows that are **the one test set of all folds**; of the others each fold's own part watches its training.
        /// Without it each row is tested once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test_where: Option<TestWhere>,
    },
    /// One split and no folds: near this share of the patients, balanced by class, is tested; a share of the others watches
    /// the training. For benchmarks of many models; the number of folds must be 1.
    Holdout {
        /// Share of the patients that is tested, between 0 and 1.
        test: f64,
    },
    /// Each fold tests the rows of one value of a column, a camera for instance, by a model that has not seen it: as many folds as the
    /// column has values, or the commonest ones. Patients who have a tested row train nothing.
    LeaveOneOut {
        /// A metadata column of texts.
        column: String,
    },
}

/// The rows of a column's value: a data set's own test folder, for instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestWhere {
    /// A metadata column of the data set.
    pub column: String,
    /// Its value in the rows that are tested; the others train and watch.
    pub value: String,
}

fn study_test() -> f64 {
    0.2
}

fn study_seed() -> u32 {
    1907
}

impl SplitScheme {
    /// What the study did with chest films; its folds were five.
    #[must_use]
    pub fn study_chest() -> Self {
        Self::GroupHoldoutKfold { test: study_test(), seed: study_seed() }
    }

    /// What the study did with fundus images, whose test rows have `value` in `column`; its folds were five.
    #[must_use]
    pub fn study_fundus(column: impl Into<String>, value: impl Into<String>) -> Self {
        let test_where = TestWhere { column: column.into(), value: value.into() };
        Self::StratifiedGroupKfold { shuffle: None, test_where: Some(test_where) }
    }

    /// Each camera, or each value of another column, is tested by a model that has not seen it.
    #[must_use]
    pub fn leave_one_out(column: impl Into<String>) -> Self {
        Self::LeaveOneOut { column: column.into() }
    }

    /// The folds of a table. `validation` and `seed` are used where the scheme leaves them to us.
    ///
    /// # Errors
    /// [`Error::Split`] where the patients do not suffice, [`Error::Declaration`] where the test rows cannot be told or a
    /// class lacks an answer.
    pub(crate) fn splits(&self, table: &Table, folds: usize, validation: f64, seed: Seed) -> Result<Splits> {
        let made = match self {
            Self::Balanced => return Splits::make(table, folds, validation, seed),
            Self::Holdout { test } => {
                let all: Vec<usize> = (0..table.rows.len()).collect();
                let (rest, test) = hold_out(table, &all, *test, seed.child("test"))?;
                let (train, validation) = hold_out(table, &rest, validation, seed.child("validation 0"))?;
                vec![Fold { train, validation, test }]
            }
            Self::LeaveOneOut { column } => leave_one_out(table, column, (folds, validation), &seed)?,
            Self::GroupHoldoutKfold { test, seed } => holdout_kfold(table, folds, *test, *seed)?,
            Self::StratifiedGroupKfold { shuffle, test_where: Some(test) } => {
                let (rest, test) = told_apart(table, test)?;
                around(&test, &rest, &stratified(table, &rest, folds, *shuffle)?)
            }
            Self::StratifiedGroupKfold { shuffle, test_where: None } => {
                let all: Vec<usize> = (0..table.rows.len()).collect();
                let outer = stratified(table, &all, folds, *shuffle)?;
                let fold = |(k, f): (usize, eyepatch_stats::Holdout)| {
                    let seed = seed.child(&format!("validation {k}"));
                    let (train, validation) = hold_out(table, &f.train, validation, seed)?;
                    Ok(Fold { train, validation, test: f.held_out })
                };
                outer.folds.into_iter().enumerate().map(fold).collect::<Result<_>>()?
            }
        };
        Splits { folds: made, scheme: self.words(folds, validation) }.checked(table)
    }

    /// For plan and report.
    pub(super) fn words(&self, folds: usize, validation: f64) -> String {
        let watch = "each fold's own part watches its training";
        match self {
            Self::Balanced => format!(
                "{folds} folds by patient, balanced by class, each row tested once; {:.0} % of each fold's other \
                 patients watch the training",
                validation * 100.0
            ),
            Self::Holdout { test } => format!(
                "one split: {:.0} % of the patients, balanced by class, are tested, and {:.0} % of the others watch the \
                 training",
                test * 100.0,
                validation * 100.0
            ),
            Self::LeaveOneOut { column } => format!(
                "{folds} folds, each of which tests one value of `{column}` by a model that has seen neither it nor any \
                 patient who has it; {:.0} % of the other patients watch the training",
                validation * 100.0
            ),
            Self::GroupHoldoutKfold { test, seed } => format!(
                "{:.0} % of the patients, drawn with seed {seed}, are the one test set of all {folds} folds; the others \
                 are dealt to the folds by patient, and {watch} (GroupShuffleSplit, then GroupKFold of scikit-learn)",
                test * 100.0
            ),
            Self::StratifiedGroupKfold { shuffle, test_where } => {
                let shuffled =
                    shuffle.map_or("not shuffled".to_owned(), |s| format!("shuffled with seed {s}"));
                let by = format!("StratifiedGroupKFold of scikit-learn, {shuffled}");
                match test_where {
                    Some(TestWhere { column, value }) => format!(
                        "the rows with `{value}` in `{column}` are the one test set of all {folds} folds; the others are \
                         dealt to the folds by patient, balanced by class, and {watch} ({by})"
                    ),
                    None => format!(
                        "{folds} folds by patient, balanced by class, each row tested once ({by}); {:.0} % of each \
                         fold's other patients watch the training",
                        validation * 100.0
                    ),
                }
            }
        }
    }

    /// The fewest folds that it makes.
    pub(crate) fn least_folds(&self) -> usize {
        if matches!(self, Self::Holdout { .. }) { 1 } else { 2 }
    }

    /// The most folds that it makes.
    pub(crate) fn most_folds(&self) -> usize {
        if matches!(self, Self::Holdout { .. }) { 1 } else { usize::MAX }
    }

    /// What is wrong with the declaration, and what to do.
    pub(crate) fn check(&self) -> Result<(), (String, &'static str)> {
        match self {
            Self::GroupHoldoutKfold { test, .. } | Self::Holdout { test }
                if !(*test > 0.0 && *test < 1.0) =>
            {
                Err((
                    format!("a test share of {test}"),
                    "give a share of the patients between 0 and 1, for instance 0.2",
                ))
            }
            _ => Ok(()),
        }
    }
}

fn holdout_kfold(table: &Table, folds: usize, test: f64, seed: u32) -> Result<Vec<Fold>> {
    let groups = Keys::parsed(&patients(table));
    let drawn = GroupShuffleSplit { n_splits: 1, test_size: test, random_state: seed }.split(&groups)?;
    let mut made = Vec::new();
    for outer in drawn.folds {
        let inner = GroupKFold { n_splits: folds, shuffle: None }.split(&among(&groups, &outer.train))?;
        made.extend(around(&outer.held_out, &outer.train, &inner));
    }
    Ok(made)
}

fn stratified(table: &Table, rows: &[usize], folds: usize, shuffle: Option<u32>) -> Result<Folds> {
    let (answers, groups) = (answer_codes(table, rows), Keys::parsed(&patients(table)));
    let classes = among(&Keys::sorted(&answers), rows);
    let made = StratifiedGroupKFold { n_splits: folds, shuffle }.split(&classes, &among(&groups, rows))?;
    let warning = made.warning.map(|w| w.to_string());
    warning.into_iter().for_each(|w| tracing::warn!("{w}"));
    Ok(made)
}

/// The keys of some rows, in the order that all rows give them.
fn among(keys: &Keys, rows: &[usize]) -> Keys {
    Keys::sorted(&rows.iter().map(|&row| keys.codes()[row]).collect::<Vec<_>>())
}

/// Folds of `rows` around one test set; what a fold holds out watches its training.
fn around(test: &[usize], rows: &[usize], inner: &Folds) -> Vec<Fold> {
    let of = |places: &[usize]| places.iter().map(|&place| rows[place]).collect();
    let fold = |f: &eyepatch_stats::Holdout| Fold {
        train: of(&f.train),
        validation: of(&f.held_out),
        test: test.to_vec(),
    };
    inner.folds.iter().map(fold).collect()
}

/// The rows that are not tested, and those that are.
fn told_apart(table: &Table, test: &TestWhere) -> Result<(Vec<usize>, Vec<usize>)> {
    let wrong = |problem: String, remedy: &str| Error::Declaration {
        audit: "splits".into(),
        problem,
        remedy: remedy.into(),
    };
    let (mut rest, mut tested) = (Vec::new(), Vec::new());
    for (index, row) in table.rows.iter().enumerate() {
        let is_test = match row.meta.get(&test.column) {
            None | Some(Meta::Missing) => {
                let problem = format!("sample `{}` has no value in column `{}`", row.id, test.column);
                let remedy =
                    "name a metadata column of the data set that says of every row whether it is tested";
                return Err(wrong(problem, remedy));
            }
            Some(Meta::Text(text)) => *text == test.value,
            Some(Meta::Number(number)) => test.value.parse::<f64>().is_ok_and(|value| value == *number),
        };
        if is_test { tested.push(index) } else { rest.push(index) }
    }
    if tested.is_empty() || rest.is_empty() {
        let which = if tested.is_empty() { "no row has" } else { "all rows have" };
        let problem = format!("{which} `{}` in column `{}`", test.value, test.column);
        return Err(wrong(problem, "give a value that some rows have and others have not"));
    }
    Ok((rest, tested))
}

#[cfg(test)]
#[path = "scheme_tests.rs"]
mod tests;
