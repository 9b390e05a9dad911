use super::{Folds, Keys, RandomState, check_classes, check_folds, check_groups, numpy};
use crate::StatsError;

/// `StratifiedGroupKFold(n_splits, shuffle=..., random_state=...)`: groups stay together, and each goes to the fold that it
/// leaves most balanced by class. Shuffling only changes which of equally mixed groups comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StratifiedGroupKFold {
    /// Number of folds, at least 2.
    pub n_splits: usize,
    /// Seed of the shuffling, if there is one.
    pub shuffle: Option<u32>,
}

impl StratifiedGroupKFold {
    /// The folds; each group is tested once. As in scikit-learn a fold may stay empty where groups are few.
    ///
    /// # Errors
    /// [`StatsError::NoRows`], [`StatsError::LabelCount`], [`StatsError::TooFewSplits`], [`StatsError::MoreSplitsThanRows`],
    /// [`StatsError::MoreSplitsThanMembers`], [`StatsError::MoreSplitsThanGroups`].
    pub fn split(&self, classes: &Keys, groups: &Keys) -> Result<Folds, StatsError> {
        if classes.rows() != groups.rows() {
            return Err(StatsError::LabelCount { groups: groups.rows(), labels: classes.rows() });
        }
        check_folds(self.n_splits, groups.rows())?;
        let totals = classes.counts();
        let warning = check_classes(self.n_splits, &totals)?;
        check_groups(self.n_splits, groups)?;

        let mut counts = vec![vec![0.0; totals.len()]; groups.kinds()];
        for (&group, &class) in groups.codes().iter().zip(classes.codes()) {
            counts[group][class] += 1.0;
        }
        let mut order: Vec<usize> = (0..groups.kinds()).collect();
        if let Some(seed) = self.shuffle {
            RandomState::new(seed).shuffle(&mut order);
        }
        let spread: Vec<f64> = counts.iter().map(|c| numpy::std(c)).collect();
        order.sort_by(|&a, &b| spread[b].total_cmp(&spread[a]));

        let mut dealer = Dealer::new(self.n_splits, &totals);
        let mut fold_of_group = vec![0; groups.kinds()];
        for group in order {
            fold_of_group[group] = dealer.place(&counts[group]);
        }
        let folds: Vec<usize> = groups.codes().iter().map(|&group| fold_of_group[group]).collect();
        Ok(Folds::of_test_folds(&folds, self.n_splits, warning))
    }
}

/// Deals groups to folds, one by one (`_find_best_fold`).
struct Dealer {
    /// Rows of each class in all.
    totals: Vec<f64>,
    /// Rows of each class in each fold.
    filled: Vec<Vec<f64>>,
    /// `filled` as a share of `totals`.
    shares: Vec<Vec<f64>>,
}

impl Dealer {
    fn new(folds: usize, totals: &[usize]) -> Self {
        let empty = vec![vec![0.0; totals.len()]; folds];
        Self { totals: totals.iter().map(|&n| n as f64).collect(), shares: empty.clone(), filled: empty }
    }

    /// Adds a group to the fold that makes the folds' shares of each class most alike; of folds that are as good, to the
    /// one with the fewest rows.
    fn place(&mut self, group: &[f64]) -> usize {
        let (mut best, mut least, mut rows) = (0, f64::INFINITY, f64::INFINITY);
        for fold in 0..self.filled.len() {
            let spread = self.spread_with(group, fold);
            let here = numpy::sum(&self.filled[fold]);
            if spread < least || (numpy::is_close(spread, least) && here < rows) {
                (best, least, rows) = (fold, spread, here);
            }
        }
        self.filled[best].iter_mut().zip(group).for_each(|(n, more)| *n += more);
        self.shares[best] = self.shares_of(&self.filled[best]);
        best
    }

    /// How unlike the folds' shares would be, were the group in this fold.
    fn spread_with(&mut self, group: &[f64], fold: usize) -> f64 {
        let filled: Vec<f64> = self.filled[fold].iter().zip(group).map(|(n, more)| n + more).collect();
        let tried = self.shares_of(&filled);
        let before = std::mem::replace(&mut self.shares[fold], tried);
        let spread = numpy::mean(&numpy::std_of_columns(&self.shares, self.totals.len()));
        self.shares[fold] = before;
        spread
    }

    fn shares_of(&self, filled: &[f64]) -> Vec<f64> {
        filled.iter().zip(&self.totals).map(|(n, all)| n / all).collect()
    }
}
