use eyepatch_core::{Dataset, Table};

/// What is checked.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The data set that images are loaded from.
    pub dataset: &'a dyn Dataset,
    /// Its table, or a part of it.
    pub table: &'a Table,
    /// The data set's own row of each row of `table`; empty where they are the same.
    pub sources: &'a [usize],
    /// The splits that models will be trained with; empty where there are none yet.
    pub splits: &'a [SplitPart],
}

/// One part of one fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitPart {
    /// 0-based fold.
    pub fold: usize,
    /// `train`, `validation` or `test`.
    pub part: String,
    /// Rows of the table.
    pub rows: Vec<usize>,
}

impl Input<'_> {
    /// The data set's own row.
    pub(crate) fn source(&self, row: usize) -> usize {
        self.sources.get(row).copied().unwrap_or(row)
    }

    /// For each fold, the place in `splits` of each row's part (the first, where it has several).
    pub(crate) fn parts_by_fold(&self) -> Vec<Vec<Option<usize>>> {
        let folds = self.splits.iter().map(|s| s.fold + 1).max().unwrap_or(0);
        let mut parts = vec![vec![None; self.table.rows.len()]; folds];
        for (place, split) in self.splits.iter().enumerate() {
            for &row in &split.rows {
                parts[split.fold][row].get_or_insert(place);
            }
        }
        parts
    }

    /// Whether two rows are in different parts of some fold.
    pub(crate) fn parted(parts: &[Vec<Option<usize>>], a: usize, b: usize) -> bool {
        parts.iter().any(|fold| matches!((fold[a], fold[b]), (Some(x), Some(y)) if x != y))
    }
}
