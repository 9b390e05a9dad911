use super::{Folds, Keys, RandomState, check_folds, check_groups};
use crate::StatsError;

/// `GroupKFold(n_splits, shuffle=..., random_state=...)`. Without shuffling the largest groups come first, each to the fold
/// with the fewest rows; of equal groups the last in order. With it, groups in random order are cut into equal runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupKFold {
    /// Number of folds, at least 2.
    pub n_splits: usize,
    /// Seed of the shuffling, if there is one.
    pub shuffle: Option<u32>,
}

impl GroupKFold {
    /// The folds; each group is tested once.
    ///
    /// # Errors
    /// [`StatsError::NoRows`], [`StatsError::TooFewSplits`], [`StatsError::MoreSplitsThanRows`],
    /// [`StatsError::MoreSplitsThanGroups`].
    pub fn split(&self, groups: &Keys) -> Result<Folds, StatsError> {
        check_folds(self.n_splits, groups.rows())?;
        check_groups(self.n_splits, groups)?;
        let fold_of_group = match self.shuffle {
            Some(seed) => self.in_runs(&RandomState::new(seed).permutation(groups.kinds())),
            None => self.lightest_first(&groups.counts()),
        };
        let folds: Vec<usize> = groups.codes().iter().map(|&group| fold_of_group[group]).collect();
        Ok(Folds::of_test_folds(&folds, self.n_splits, None))
    }

    /// `numpy.array_split`: the first folds have one group more where they do not come out even.
    fn in_runs(&self, order: &[usize]) -> Vec<usize> {
        let (each, more) = (order.len() / self.n_splits, order.len() % self.n_splits);
        let mut fold_of_group = vec![0; order.len()];
        for (place, &group) in order.iter().enumerate() {
            let longer = more * (each + 1);
            fold_of_group[group] =
                if place < longer { place / (each + 1) } else { more + (place - longer) / each };
        }
        fold_of_group
    }

    fn lightest_first(&self, sizes: &[usize]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        order.sort_by_key(|&group| sizes[group]);
        let (mut fold_of_group, mut rows) = (vec![0; sizes.len()], vec![0; self.n_splits]);
        // Ascending and then turned round, as there: of equal groups the last comes first.
        for &group in order.iter().rev() {
            let lightest = (0..self.n_splits).min_by_key(|&fold| rows[fold]).unwrap_or(0);
            rows[lightest] += sizes[group];
            fold_of_group[group] = lightest;
        }
        fold_of_group
    }
}
