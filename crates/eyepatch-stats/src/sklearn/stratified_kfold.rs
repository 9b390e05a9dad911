use super::{Folds, Keys, RandomState, check_classes, check_folds};
use crate::StatsError;

/// `StratifiedKFold(n_splits, shuffle=..., random_state=...)`: every fold has its share of every class. It knows no groups, so it
/// parts a patient's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StratifiedKFold {
    /// Number of folds, at least 2.
    pub n_splits: usize,
    /// Seed of the shuffling, if there is one.
    pub shuffle: Option<u32>,
}

impl StratifiedKFold {
    /// The folds; each row is tested once.
    ///
    /// # Errors
    /// [`StatsError::NoRows`], [`StatsError::TooFewSplits`], [`StatsError::MoreSplitsThanRows`],
    /// [`StatsError::MoreSplitsThanMembers`].
    pub fn split(&self, classes: &Keys) -> Result<Folds, StatsError> {
        check_folds(self.n_splits, classes.rows())?;
        let warning = check_classes(self.n_splits, &classes.counts())?;
        let mut random = self.shuffle.map(RandomState::new);
        let mut folds = vec![0; classes.rows()];
        // Rows sorted by class are dealt in turn; where a class begins, the turn goes on.
        let mut turn = 0;
        for rows in by_appearance(classes) {
            let mut dealt: Vec<usize> =
                (turn..turn + rows.len()).map(|place| place % self.n_splits).collect();
            turn += rows.len();
            dealt.sort_unstable();
            if let Some(random) = &mut random {
                random.shuffle(&mut dealt);
            }
            rows.into_iter().zip(dealt).for_each(|(row, fold)| folds[row] = fold);
        }
        Ok(Folds::of_test_folds(&folds, self.n_splits, warning))
    }
}

/// The rows of each class, classes in the order in which they first appear.
fn by_appearance(classes: &Keys) -> Vec<Vec<usize>> {
    let mut place = vec![None; classes.kinds()];
    let mut rows: Vec<Vec<usize>> = Vec::with_capacity(classes.kinds());
    for (row, &class) in classes.codes().iter().enumerate() {
        let place = *place[class].get_or_insert_with(|| {
            rows.push(Vec::new());
            rows.len() - 1
        });
        rows[place].push(row);
    }
    rows
}
