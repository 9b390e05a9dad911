//! Scores of an audit as the contrasts need them: by model and masking, fold by fold, with labels and patients.

use std::collections::BTreeMap;

use eyepatch_core::{Labelled, ScoreSet, Table};
use eyepatch_report::schema::{Estimate, Measured};
use eyepatch_stats::{AucInfluence, ContrastEstimate, FoldScores, StatsError, contrast};

/// Coverage of the two-sided intervals and of the one-sided upper bounds.
pub(super) const LEVEL: f64 = 0.95;

/// What each patient adds to a mean AUC.
pub(crate) type Influence<'a> = AucInfluence<&'a str>;

/// Scores of one class.
pub(crate) struct ClassScores<'a> {
    pub(super) table: &'a Table,
    pub(super) class: usize,
    sets: &'a [ScoreSet],
}

impl<'a> ClassScores<'a> {
    pub(crate) fn new(table: &'a Table, class: usize, sets: &'a [ScoreSet]) -> Self {
        Self { table, class, sets }
    }

    /// The mean over folds of the AUC of a model on a masking.
    ///
    /// # Errors
    /// Why it is not estimable, in words.
    pub(crate) fn auc(&self, trained: &str, evaluated: &str) -> Result<Influence<'a>, String> {
        self.auc_of(trained, evaluated, |_| true)
    }

    /// The same over the rows that are wanted.
    pub(super) fn auc_of(
        &self,
        trained: &str,
        evaluated: &str,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<Influence<'a>, String> {
        let folds = self.folds(trained, evaluated, wanted);
        AucInfluence::new(&given(&folds)).map_err(|e| e.to_string())
    }

    /// The same over the rows that are in a group: as it is, and where the group says nothing of the label.
    pub(super) fn balanced(
        &self,
        trained: &str,
        evaluated: &str,
        group: &BTreeMap<usize, usize>,
    ) -> Result<(Influence<'a>, Influence<'a>), String> {
        let folds = self.folds(trained, evaluated, |row| group.contains_key(&row));
        let groups: Vec<Vec<usize>> =
            folds.iter().map(|f| f.rows.iter().map(|row| group[row]).collect()).collect();
        let groups: Vec<&[usize]> = groups.iter().map(Vec::as_slice).collect();
        let told = |e: StatsError| e.to_string();
        let plain = AucInfluence::new(&given(&folds)).map_err(told)?;
        Ok((plain, AucInfluence::balanced(&given(&folds), &groups).map_err(told)?))
    }

    /// Rows that were tested and have this class's label, each once.
    pub(super) fn tested_rows(&self, trained: &str, evaluated: &str) -> Vec<usize> {
        let folds = self.folds(trained, evaluated, |_| true);
        let rows: std::collections::BTreeSet<usize> =
            folds.iter().flat_map(|f| f.rows.iter().copied()).collect();
        rows.into_iter().collect()
    }

    /// The label of a row that has one.
    pub(super) fn label(&self, row: usize) -> bool {
        self.table.rows[row].labels[self.class] == Some(true)
    }

    fn folds(&self, trained: &str, evaluated: &str, wanted: impl Fn(usize) -> bool) -> Vec<Labelled<'a>> {
        let of =
            self.sets.iter().filter(|s| s.trained == trained && s.evaluated == evaluated && s.dilation == 0);
        let mut folds: Vec<Labelled<'a>> =
            of.map(|set| set.labelled(self.table, self.class, &wanted)).collect();
        folds.sort_by_key(|f| f.fold);
        folds
    }
}

fn given<'f, 'a>(folds: &'f [Labelled<'a>]) -> Vec<FoldScores<'f, &'a str>> {
    let one = |f: &'f Labelled<'a>| FoldScores {
        fold: f.fold,
        labels: &f.labels,
        scores: &f.scores,
        patients: &f.patients,
    };
    folds.iter().map(one).collect()
}

/// One AUC, less one half.
pub(crate) fn above_chance(a: &Influence<'_>) -> Result<ContrastEstimate, String> {
    contrast(&[(1.0, a)], 0.5).map_err(|e| e.to_string())
}

/// One AUC less another of the same patients.
pub(crate) fn difference(a: &Influence<'_>, b: &Influence<'_>) -> Result<ContrastEstimate, String> {
    contrast(&[(1.0, a), (-1.0, b)], 0.0).map_err(|e| e.to_string())
}

/// A contrast as the result keeps it.
pub(super) fn measured(with: &str, c: &ContrastEstimate, margin: f64) -> Result<Measured, String> {
    let told = |e: StatsError| e.to_string();
    let (lower, upper) = c.interval(LEVEL).map_err(told)?;
    Ok(Measured {
        with: with.to_owned(),
        estimate: Estimate {
            value: c.estimate,
            interval: Some(eyepatch_core::Interval { lower, upper, level: LEVEL }),
        },
        p: c.p_above(margin),
        upper: c.upper_bound(LEVEL).map_err(told)?,
    })
}
