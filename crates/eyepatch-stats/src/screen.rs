//! How well one column of a table tells a class, with a test that holds for few patients and near-perfect columns.

use std::collections::BTreeMap;

use crate::{
    FoldScores, IntervalMethod, NotEstimable, StatsError, hanley_mcneil_variance, mean_auc_over_folds,
    student_quantile, student_upper_tail,
};

/// Which way a column may point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointing {
    /// High values may go with the class or against it: the strength is max(AUC, 1 - AUC) and tests are two-sided.
    Either,
    /// Scores were made to point to the class, as [`crate::encode_categories`] does: the strength is the AUC.
    Towards,
}

/// The AUC of a column for a class, ready to be held against a threshold.
///
/// A test of "the strength is at most t" divides (strength - t) by a standard error. The larger of two is taken: the
/// patient-clustered one at the estimate ([`mean_auc_over_folds`]), and one *at t*, which is Hanley and McNeil's with the
/// correction of Mann and Whitney's test for ties and with as many images as the clustering leaves (n over the design
/// effect, which is the ratio of clustered to plain variance, held between 1 and the images a patient). The second does not
/// shrink to nothing where the column separates perfectly or where few patients happen to agree; solving it for t gives
/// an interval of the kind of Newcombe's method 5 (Statistics in Medicine 25, 2006, page 559). The ratio is held against
/// Student's t with Kish's effective number of patients of either class, less 2, degrees of freedom.
///
/// Scores that were made to point to the class come from folds that learnt from each other, so their AUCs are not
/// independent: the variance of their mean is taken as the mean of theirs, which is the most that it can be.
#[derive(Debug, Clone, PartialEq)]
pub struct Screen {
    /// Mean AUC over the folds.
    pub auc: f64,
    /// Images, counted once a fold.
    pub n_images: usize,
    /// Different patients.
    pub n_patients: usize,
    /// Different patients with a positive image.
    pub n_patients_positive: usize,
    /// Different patients with a negative image.
    pub n_patients_negative: usize,
    /// Which way it may point.
    pub pointing: Pointing,
    /// Patient-clustered variance at the estimate.
    clustered: f64,
    /// A fold's positives and negatives after the design effect, and the factor of its ties.
    at_null: Vec<(f64, f64, f64)>,
    /// Degrees of freedom of the test.
    freedom: f64,
}

/// The scores of one or more folds, screened. With one fold the column's values are the scores.
///
/// # Errors
/// As [`mean_auc_over_folds`].
pub fn screen<P: Ord>(folds: &[FoldScores<'_, P>], pointing: Pointing) -> Result<Screen, StatsError> {
    let clustered = mean_auc_over_folds(folds, 0.95)?;
    let alone: Vec<Vec<usize>> = rows_as_patients(folds);
    let alone: Vec<_> = folds
        .iter()
        .zip(&alone)
        .map(|(f, rows)| FoldScores { fold: f.fold, labels: f.labels, scores: f.scores, patients: rows })
        .collect();
    let plain = mean_auc_over_folds(&alone, 0.95)?;
    let most = (clustered.n_images as f64 / clustered.n_patients as f64).max(1.0);
    let design = match (clustered.method, plain.method) {
        (IntervalMethod::Logit, IntervalMethod::Logit) => {
            ((clustered.se / plain.se).powi(2)).clamp(1.0, most)
        }
        _ => most,
    };
    // Folds that learnt from each other: of the sum's variance a K-th is independent, all of it is allowed for.
    let dependence = if pointing == Pointing::Towards { folds.len() as f64 } else { 1.0 };
    let at_null = |f: &FoldScores<'_, P>| {
        let positive = f.labels.iter().filter(|l| **l).count() as f64;
        let negative = f.labels.len() as f64 - positive;
        ((positive / design).max(1.0), (negative / design).max(1.0), ties(f.scores))
    };
    Ok(Screen {
        auc: clustered.auc,
        n_images: clustered.n_images,
        n_patients: clustered.n_patients,
        n_patients_positive: clustered.n_patients_positive,
        n_patients_negative: clustered.n_patients_negative,
        pointing,
        clustered: match clustered.method {
            IntervalMethod::Logit => dependence * clustered.se.powi(2),
            _ => 0.0,
        },
        at_null: folds.iter().map(at_null).collect(),
        freedom: folds.iter().map(freedom).fold(f64::INFINITY, f64::min).max(1.0),
    })
}

/// Every image as a patient of its own, different in all folds.
fn rows_as_patients<P>(folds: &[FoldScores<'_, P>]) -> Vec<Vec<usize>> {
    let mut next = 0..;
    folds.iter().map(|f| next.by_ref().take(f.labels.len()).collect()).collect()
}

/// Kish's effective numbers of patients, (sum s)^2 / sum s^2 over the images s that a patient has of a class, less 2.
fn freedom<P: Ord>(fold: &FoldScores<'_, P>) -> f64 {
    let mut counts: BTreeMap<(bool, &P), f64> = BTreeMap::new();
    for (label, patient) in fold.labels.iter().zip(fold.patients) {
        *counts.entry((*label, patient)).or_default() += 1.0;
    }
    let effective = |class: bool| {
        let of = || counts.iter().filter(move |((label, _), _)| *label == class).map(|(_, s)| *s);
        of().sum::<f64>().powi(2) / of().map(|s| s * s).sum::<f64>().max(1.0)
    };
    effective(true) + effective(false) - 2.0
}

/// Share of the variance that ties leave: 1 - sum (t^3 - t) / (n^3 - n) over runs of t equal scores.
fn ties(scores: &[f64]) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let cube = |n: usize| (n as f64).powi(3) - n as f64;
    // `==` rather than the sort's order, so that 0 and -0 tie.
    let tied: f64 = sorted.chunk_by(|a, b| a == b).map(|run| cube(run.len())).sum();
    if scores.len() < 2 { 1.0 } else { 1.0 - tied / cube(scores.len()) }
}

impl Screen {
    /// max(AUC, 1 - AUC), or the AUC where scores were made to point to the class.
    #[must_use]
    pub fn strength(&self) -> f64 {
        match self.pointing {
            Pointing::Either => self.auc.max(1.0 - self.auc),
            Pointing::Towards => self.auc,
        }
    }

    /// p of "the strength is at most `threshold`" (0.5 to below 1). Never below that of the most extreme order that so
    /// many patients can have: 1 over the number of ways to draw the positive ones.
    #[must_use]
    pub fn p_at_most(&self, threshold: f64) -> f64 {
        let (above, sides) = (self.strength() - threshold, self.sides());
        // Where all scores are equal there is no variance either.
        if above <= 0.0 {
            return (sides * 0.5).min(1.0);
        }
        let t = above / self.variance(threshold).sqrt();
        (sides * student_upper_tail(t, self.freedom)).max(self.least_p()).min(1.0)
    }

    /// Lower bound of coverage `level` of the strength: it lies above a threshold exactly where
    /// [`Screen::p_at_most`] there is below 1 - `level`. One half, which says nothing, where so few patients can never
    /// show anything at that level.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless 0.5 <= `level` < 1.
    pub fn lower_bound(&self, level: f64) -> Result<f64, StatsError> {
        in_level(level)?;
        let alpha = 1.0 - level;
        if self.least_p() > alpha {
            return Ok(0.5);
        }
        Ok(self.root(self.strength(), student_quantile(alpha / self.sides(), self.freedom)).max(0.5))
    }

    /// Two-sided interval of the AUC, of coverage `level`.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless 0.5 <= `level` < 1.
    pub fn interval(&self, level: f64) -> Result<(f64, f64), StatsError> {
        in_level(level)?;
        let z = student_quantile((1.0 - level) / 2.0, self.freedom);
        Ok((self.root(self.auc, z), 1.0 - self.root(1.0 - self.auc, z)))
    }

    fn sides(&self) -> f64 {
        if self.pointing == Pointing::Either { 2.0 } else { 1.0 }
    }

    /// The variance of the mean AUC if it were `at`.
    fn variance(&self, at: f64) -> f64 {
        let k = self.at_null.len() as f64;
        let share = if self.pointing == Pointing::Towards { 1.0 / k } else { 1.0 / (k * k) };
        let one = |&(positive, negative, ties): &(f64, f64, f64)| {
            // Meant for AUCs above one half; below, it is mirrored. Arguments are in range by construction.
            ties * hanley_mcneil_variance(at.max(1.0 - at), positive, negative).unwrap_or(0.0)
        };
        self.clustered.max(self.at_null.iter().map(one).sum::<f64>() * share)
    }

    /// The t below `estimate` with (estimate - t) = z SE(t); 0 where there is none.
    fn root(&self, estimate: f64, z: f64) -> f64 {
        let beyond = |t: f64| estimate - t > z * self.variance(t).sqrt();
        // The standard error is concave in t on either side of one half, so there is one crossing; 60 halvings reach the
        // last bit.
        let (mut low, mut high) = (0.0, estimate);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if beyond(middle) { low = middle } else { high = middle }
        }
        low
    }

    /// 1 over the number of ways to choose the positive patients, for each side.
    fn least_p(&self) -> f64 {
        let (m, n) = (self.n_patients_positive as f64, self.n_patients_negative as f64);
        let ways = libm::lgamma(m + n + 1.0) - libm::lgamma(m + 1.0) - libm::lgamma(n + 1.0);
        (self.sides() * (-ways).exp()).min(1.0)
    }
}

fn in_level(level: f64) -> Result<(), StatsError> {
    if (0.5..1.0).contains(&level) {
        return Ok(());
    }
    Err(StatsError::OutOfRange { name: "level", range: "from 0.5 to below 1", found: level })
}

/// [`screen`] of plain values: one fold.
///
/// # Errors
/// As [`mean_auc_over_folds`], without a fold's name.
pub fn screen_values<P: Ord>(labels: &[bool], values: &[f64], patients: &[P]) -> Result<Screen, StatsError> {
    let fold = FoldScores { fold: 0, labels, scores: values, patients };
    screen(&[fold], Pointing::Either).map_err(|e| match e {
        StatsError::FoldNotEstimable { reason, .. } => NotEstimable::into(reason),
        other => other,
    })
}

#[cfg(test)]
#[path = "screen_tests.rs"]
mod tests;
