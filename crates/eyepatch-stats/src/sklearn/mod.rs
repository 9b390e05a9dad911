//! The splitters of scikit-learn 1.9.1, index by index.
//!
//! They follow `sklearn/model_selection/_split.py` and, beneath it, NumPy's legacy random numbers ([`RandomState`]) and the
//! order in which NumPy adds numbers: where two folds are equally good, the last bit of a sum decides. The golden file
//! `tests/golden/splits.json` lies beside its generator.
//!
//! Groups and classes come in as [`Keys`], which stand for what `numpy.unique` makes of a column. Rows are 0-based, and
//! both parts of a fold are in ascending order. `shuffle: Some(random_state)` is scikit-learn's `shuffle=True,
//! random_state=...`, `None` its `shuffle=False`; a seed without shuffling, which scikit-learn refuses, cannot be said.
//! What scikit-learn refuses is refused in its words, as a [`StatsError`]; what it warns of is a [`SplitWarning`].

mod group_kfold;
mod group_shuffle;
mod keys;
mod mt19937;
mod numpy;
mod stratified_group_kfold;
mod stratified_kfold;

pub use group_kfold::GroupKFold;
pub use group_shuffle::GroupShuffleSplit;
pub use keys::Keys;
pub use mt19937::RandomState;
pub use stratified_group_kfold::StratifiedGroupKFold;
pub use stratified_kfold::StratifiedKFold;

use crate::{Holdout, StatsError};

/// What a splitter gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    /// One a split: the training rows, and the test rows as those held out.
    pub folds: Vec<Holdout>,
    /// What scikit-learn warns of.
    pub warning: Option<SplitWarning>,
}

impl Folds {
    /// Folds from each row's test fold.
    fn of_test_folds(test_fold: &[usize], folds: usize, warning: Option<SplitWarning>) -> Self {
        let rows = |wanted: bool, k: usize| {
            let fits = move |(_, f): &(usize, &usize)| (**f == k) == wanted;
            test_fold.iter().enumerate().filter(fits).map(|(row, _)| row).collect()
        };
        let fold = |k| Holdout { train: rows(false, k), held_out: rows(true, k) };
        Self { folds: (0..folds).map(fold).collect(), warning }
    }
}

/// What scikit-learn says about a split that it makes all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitWarning {
    /// Not every fold can test a row of the rarest class.
    #[error(
        "The least populated class in y has only {members} members, which is less than n_splits={n_splits}."
    )]
    SmallClass {
        /// Rows of the rarest class.
        members: usize,
        /// Folds.
        n_splits: usize,
    },
}

/// `_BaseKFold`: what all k-fold splitters ask.
fn check_folds(n_splits: usize, rows: usize) -> Result<(), StatsError> {
    if rows == 0 {
        return Err(StatsError::NoRows);
    }
    if n_splits < 2 {
        return Err(StatsError::TooFewSplits { n_splits });
    }
    if n_splits > rows {
        return Err(StatsError::MoreSplitsThanRows { n_splits, rows });
    }
    Ok(())
}

fn check_groups(n_splits: usize, groups: &Keys) -> Result<(), StatsError> {
    if n_splits > groups.kinds() {
        return Err(StatsError::MoreSplitsThanGroups { n_splits, groups: groups.kinds() });
    }
    Ok(())
}

/// Refuses where no class has a row for every fold, and warns where one has not.
fn check_classes(n_splits: usize, counts: &[usize]) -> Result<Option<SplitWarning>, StatsError> {
    if counts.iter().all(|&n| n_splits > n) {
        return Err(StatsError::MoreSplitsThanMembers { n_splits });
    }
    let members = counts.iter().copied().min().unwrap_or(0);
    Ok((n_splits > members).then_some(SplitWarning::SmallClass { members, n_splits }))
}

#[cfg(test)]
#[path = "sklearn_tests.rs"]
mod tests;
