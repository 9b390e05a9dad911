//! The mean of within-fold AUCs, with a variance that knows which images belong to one patient.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    NotEstimable, Placements, StatsError, hanley_mcneil_variance, normal_quantile, normal_upper_tail,
};

/// The scored images of one fold's test part; one label, score and patient an image.
#[derive(Debug, Clone, Copy)]
pub struct FoldScores<'a, P> {
    /// The fold's number, for messages.
    pub fold: usize,
    /// Whether the image is positive.
    pub labels: &'a [bool],
    /// The model's score, on any scale: higher means more positive. Only compared within the fold.
    pub scores: &'a [f64],
    /// The patient of each image; the same patient is equal in all folds.
    pub patients: &'a [P],
}

/// One fold's share of an [`AucEstimate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldAuc {
    /// The fold's number.
    pub fold: usize,
    /// Its AUC.
    pub auc: f64,
    /// Its images.
    pub n_images: usize,
    /// Its positive images.
    pub n_positive: usize,
}

/// How the interval of an [`AucEstimate`] was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalMethod {
    /// Clustered standard error on the logit scale.
    Logit,
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
}

impl AucEstimate {
    /// One-sided p-value of "the AUC is `threshold` or less" (for a margin d, `threshold` is 0.5 + d):
    /// P(Z > (auc - threshold) / se).
    #[must_use]
    pub fn p_above(&self, threshold: f64) -> f64 {
        normal_upper_tail((self.auc - threshold) / self.se)
    }

    /// The one-sided upper bound of coverage `level` (0.95: the true AUC lies below it in 95 of 100 studies).
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless 0.5 <= `level` < 1.
    pub fn upper_bound(&self, level: f64) -> Result<f64, StatsError> {
        Ok(self.interval(one_sided(level)?).1)
    }

    /// The one-sided lower bound of coverage `level`.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless 0.5 <= `level` < 1.
    pub fn lower_bound(&self, level: f64) -> Result<f64, StatsError> {
        Ok(self.interval(one_sided(level)?).0)
    }

    /// `z` standard errors to each side on the logit scale (delta method: se / (A (1 - A))).
    fn interval(&self, z: f64) -> (f64, f64) {
        let centre = match self.method {
            IntervalMethod::Logit => self.auc,
            IntervalMethod::Shrunk => shrunk(self.auc, self.n_patients_positive, self.n_patients_negative),
        };
        let logit = (centre / (1.0 - centre)).ln();
        let half = z * self.se / (centre * (1.0 - centre));
        let back = |x: f64| 1.0 / (1.0 + (-x).exp());
        // Rounding, or the shrinking, must not leave the estimate outside.
        (back(logit - half).min(self.auc), back(logit + half).max(self.auc))
    }
}

fn one_sided(level: f64) -> Result<f64, StatsError> {
    if !(0.5..1.0).contains(&level) {
        return Err(StatsError::OutOfRange { name: "level", range: "from 0.5 to below 1", found: level });
    }
    Ok(normal_quantile(level))
}

/// The AUC with half a win and half a loss added to as many comparisons as the smaller class has patients.
fn shrunk(auc: f64, positives: usize, negatives: usize) -> f64 {
    let n = positives.min(negatives) as f64;
    (auc * n + 0.5) / (n + 1.0)
}

/// The mean of the folds' AUCs with one patient-clustered variance.
///
/// Scores of different folds come from different models and are never compared. Within fold k let V10 and V01 be the
/// placements ([`Placements`]), A the AUC, m and n the positive and negative images, and for patient i let
/// a = sum over its positive images of (V10 - A) / m and b = sum over its negative images of (V01 - A) / n. With I10,
/// I01 and I the patients with a positive, with a negative and with any image, Obuchowski ("Nonparametric analysis of
/// clustered ROC curve data", Biometrics 53, 1997, equations 4 to 6: S10 / m + S01 / n + 2 S11 / mn) reads
///
/// var A = I10 / (I10 - 1) sum a^2 + I01 / (I01 - 1) sum b^2 + 2 I / (I - 1) sum a b.
///
/// For the mean over K folds a patient's deviations are added over the folds, each with the root of its fold's
/// factor, before they are squared, and the sum is divided by K^2. So folds with patients of their own add up
/// independently, and a patient seen by several folds' models (a common test set) brings in its covariance. With one
/// fold this is Obuchowski's variance; with one image a patient besides, DeLong's.
///
/// The interval is two-sided, of coverage `level`, on the logit scale; [`IntervalMethod`] says what happens where
/// that has no width.
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
    if folds.is_empty() {
        return Err(NotEstimable::Empty.into());
    }
    let mut patients: BTreeMap<&P, Deviation> = BTreeMap::new();
    let mut each = Vec::with_capacity(folds.len());
    for (i, fold) in folds.iter().enumerate() {
        if folds[..i].iter().any(|f| f.fold == fold.fold) {
            return Err(StatsError::DuplicateFold { fold: fold.fold });
        }
        let named = |reason| StatsError::FoldNotEstimable { fold: fold.fold, reason };
        each.push(add_fold(fold, &mut patients).map_err(named)?);
    }
    let k = folds.len() as f64;
    let auc = each.iter().map(|f| f.auc).sum::<f64>() / k;
    let variance = patients.values().map(Deviation::variance).sum::<f64>() / (k * k);
    let n_patients_positive = patients.values().filter(|d| d.has_positive).count();
    let n_patients_negative = patients.values().filter(|d| d.has_negative).count();
    let (method, se) = if variance > ZERO_VARIANCE && auc > 0.0 && auc < 1.0 {
        (IntervalMethod::Logit, variance.sqrt())
    } else {
        let at = shrunk(auc, n_patients_positive, n_patients_negative);
        let (p, n) = (n_patients_positive as f64, n_patients_negative as f64);
        // Their formula is meant for AUCs above one half; below, it is mirrored.
        (IntervalMethod::Shrunk, hanley_mcneil_variance(at.max(1.0 - at), p, n)?.sqrt())
    };
    let mut estimate = AucEstimate {
        auc,
        se,
        lower: auc,
        upper: auc,
        level,
        method,
        n_images: each.iter().map(|f| f.n_images).sum(),
        n_positive: each.iter().map(|f| f.n_positive).sum(),
        n_patients: patients.len(),
        n_patients_positive,
        n_patients_negative,
        folds: each,
    };
    (estimate.lower, estimate.upper) = estimate.interval(normal_quantile(0.5 + level / 2.0));
    Ok(estimate)
}

/// What rounding leaves of a variance of 0: placements are right to about 1e-16.
const ZERO_VARIANCE: f64 = 1e-28;

/// One patient's deviations, summed over folds, each times the root of its fold's factor.
#[derive(Debug, Default)]
struct Deviation {
    /// a, with I10 / (I10 - 1).
    positive: f64,
    /// b, with I01 / (I01 - 1).
    negative: f64,
    /// a, with I / (I - 1).
    cross_positive: f64,
    /// b, with I / (I - 1).
    cross_negative: f64,
    has_positive: bool,
    has_negative: bool,
}

impl Deviation {
    fn variance(&self) -> f64 {
        self.positive.powi(2) + self.negative.powi(2) + 2.0 * self.cross_positive * self.cross_negative
    }
}

/// A patient's deviations within one fold, before the factors: (a, b), each where there is such an image.
type FoldDeviation = (Option<f64>, Option<f64>);

fn add_fold<'a, P: Ord>(
    fold: &FoldScores<'a, P>,
    patients: &mut BTreeMap<&'a P, Deviation>,
) -> Result<FoldAuc, NotEstimable> {
    let placements = Placements::new(fold.labels, fold.scores)?;
    if fold.patients.len() != fold.labels.len() {
        return Err(NotEstimable::LengthMismatch {
            what: "patients".into(),
            labels: fold.labels.len(),
            found: fold.patients.len(),
        });
    }
    let (m, n) = (placements.positives as f64, placements.negatives as f64);
    let mut here: BTreeMap<&P, FoldDeviation> = BTreeMap::new();
    for ((patient, &label), value) in fold.patients.iter().zip(fold.labels).zip(&placements.values) {
        let (a, b) = here.entry(patient).or_default();
        let (sum, count) = if label { (a, m) } else { (b, n) };
        *sum = Some(sum.unwrap_or(0.0) + (value - placements.auc) / count);
    }
    let positive = root_factor(true, here.values().filter(|d| d.0.is_some()).count())?;
    let negative = root_factor(false, here.values().filter(|d| d.1.is_some()).count())?;
    let any = root_factor(true, here.len())?;
    for (patient, (a, b)) in here {
        let sum = patients.entry(patient).or_default();
        sum.has_positive |= a.is_some();
        sum.has_negative |= b.is_some();
        let (a, b) = (a.unwrap_or(0.0), b.unwrap_or(0.0));
        sum.positive += positive * a;
        sum.negative += negative * b;
        sum.cross_positive += any * a;
        sum.cross_negative += any * b;
    }
    Ok(FoldAuc {
        fold: fold.fold,
        auc: placements.auc,
        n_images: fold.labels.len(),
        n_positive: placements.positives,
    })
}

/// The root of I / (I - 1) for I patients.
fn root_factor(positive: bool, patients: usize) -> Result<f64, NotEstimable> {
    if patients < 2 {
        return Err(NotEstimable::OnePatient { positive, n: patients });
    }
    Ok((patients as f64 / (patients - 1) as f64).sqrt())
}

#[cfg(test)]
#[path = "clustered_tests.rs"]
mod tests;
