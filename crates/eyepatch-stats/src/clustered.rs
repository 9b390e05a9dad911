//! The mean of within-fold AUCs, with a variance that knows which images belong to one patient.

use serde::{Deserialize, Serialize};

use crate::influence::gather;
use crate::{ContrastEstimate, FoldAuc, FoldScores, StatsError, contrast};

/// How intervals and tests of an AUC or a contrast are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalMethod {
    /// Clustered standard error on the logit scale.
    Logit,
    /// Clustered standard error on the scale of the contrast.
    Plain,
    /// The clustered variance is 0 or the AUC is 0 or 1, where the logit has no width: Hanley and McNeil's standard
    /// error for the numbers of patients, at the AUC shrunk by half an observation towards one half.
    Shrunk,
}

/// A mean AUC over folds. Its interval is conditional on the trained models: it holds for new patients, not for
/// models trained anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AucEstimate {
    /// Mean of the folds' AUCs.
    pub auc: f64,
    /// Its standard error between patients.
    pub se: f64,
    /// Degrees of freedom of Student's t, for tests and intervals.
    pub freedom: f64,
    /// Lower end of the two-sided interval, at most `auc`.
    pub lower: f64,
    /// Upper end of the two-sided interval, at least `auc`.
    pub upper: f64,
    /// Coverage of the interval, for instance 0.95.
    pub level: f64,
    /// How the interval was made.
    pub method: IntervalMethod,
    /// Scored images, counted once a fold.
    pub n_images: usize,
    /// Scored positive images, counted once a fold.
    pub n_positive: usize,
    /// Different patients.
    pub n_patients: usize,
    /// Different patients with a positive image.
    pub n_patients_positive: usize,
    /// Different patients with a negative image; a patient may have both.
    pub n_patients_negative: usize,
    /// The folds, in the order given.
    pub folds: Vec<FoldAuc>,
    /// The same as a contrast of one term.
    contrast: ContrastEstimate,
}

impl AucEstimate {
    /// One-sided p-value of "the AUC is `threshold` or less" (for a margin d, `threshold` is 0.5 + d). Below alpha exactly
    /// where [`AucEstimate::lower_bound`] of coverage 1 - alpha lies above `threshold`.
    #[must_use]
    pub fn p_above(&self, threshold: f64) -> f64 {
        self.contrast.p_above(threshold)
    }

    /// The one-sided upper bound of coverage `level` (0.95: the true AUC lies below it in 95 of 100 studies).
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless 0.5 <= `level` < 1.
    pub fn upper_bound(&self, level: f64) -> Result<f64, StatsError> {
        self.contrast.upper_bound(level)
    }

    /// The one-sided lower bound of coverage `level`.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless 0.5 <= `level` < 1.
    pub fn lower_bound(&self, level: f64) -> Result<f64, StatsError> {
        self.contrast.lower_bound(level)
    }
}

/// The mean of the folds' AUCs with one patient-clustered variance ([`crate::AucInfluence`] has the formula); the
/// [`contrast`] of one term. The interval is two-sided, of coverage `level`, on the logit scale; [`IntervalMethod`] says what
/// happens where that has no width.
///
/// # Errors
/// [`StatsError::FoldNotEstimable`] naming the first fold without an AUC or with only one patient in a class,
/// [`StatsError::NotEstimable`] without folds, [`StatsError::DuplicateFold`], [`StatsError::OutOfRange`] unless
/// 0 < `level` < 1.
pub fn mean_auc_over_folds<P: Ord>(
    folds: &[FoldScores<'_, P>],
    level: f64,
) -> Result<AucEstimate, StatsError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::OutOfRange { name: "level", range: "between 0 and 1", found: level });
    }
    let influence = gather(folds, None)?;
    let found = contrast(&[(1.0, &influence)], 0.0)?;
    let (lower, upper) = found.interval(level)?;
    Ok(AucEstimate {
        auc: influence.auc(),
        se: found.se,
        freedom: found.freedom,
        lower,
        upper,
        level,
        method: found.method,
        n_images: influence.n_images(),
        n_positive: influence.n_positive(),
        n_patients: found.n_patients,
        n_patients_positive: found.n_patients_positive,
        n_patients_negative: found.n_patients_negative,
        folds: influence.folds().to_vec(),
        contrast: found,
    })
}

#[cfg(test)]
#[path = "clustered_tests.rs"]
mod tests;
