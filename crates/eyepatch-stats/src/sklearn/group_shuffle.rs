use super::{Folds, Keys, RandomState};
use crate::{Holdout, StatsError};

/// `GroupShuffleSplit(n_splits, test_size=..., random_state=...)`: each split draws its own test groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupShuffleSplit {
    /// Number of splits, at least 1.
    pub n_splits: usize,
    /// Share of the groups (not of the rows) that is tested, between 0 and 1, rounded up to whole groups.
    pub test_size: f64,
    /// Seed.
    pub random_state: u32,
}

impl GroupShuffleSplit {
    /// The splits.
    ///
    /// # Errors
    /// [`StatsError::NoRows`], [`StatsError::TestSize`], [`StatsError::EmptyTraining`], and [`StatsError::OutOfRange`] for
    /// no split.
    pub fn split(&self, groups: &Keys) -> Result<Folds, StatsError> {
        let n = groups.kinds();
        if n == 0 {
            return Err(StatsError::NoRows);
        }
        if self.n_splits == 0 {
            return Err(StatsError::OutOfRange { name: "n_splits", range: "at least 1", found: 0.0 });
        }
        if !(self.test_size > 0.0 && self.test_size < 1.0) {
            return Err(StatsError::TestSize { test_size: self.test_size, groups: n });
        }
        let tested = (self.test_size * n as f64).ceil() as usize;
        if tested >= n {
            return Err(StatsError::EmptyTraining { test_size: self.test_size, groups: n });
        }
        let mut random = RandomState::new(self.random_state);
        let mut split = || {
            let mut test = vec![false; n];
            random.permutation(n)[..tested].iter().for_each(|&group| test[group] = true);
            let part = |wanted: bool| {
                (0..groups.rows()).filter(|&row| test[groups.codes()[row]] == wanted).collect()
            };
            Holdout { train: part(false), held_out: part(true) }
        };
        Ok(Folds { folds: (0..self.n_splits).map(|_| split()).collect(), warning: None })
    }
}
