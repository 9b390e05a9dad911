//! What each patient adds to a mean AUC over folds; every variance and covariance of AUCs is made of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contrast::ZERO_VARIANCE;
use crate::weighted::WeightedPlacements;
use crate::{NotEstimable, Placements, StatsError};

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

/// One fold's share of an [`crate::AucEstimate`].
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

/// The mean of within-fold AUCs with every patient's deviations from it.
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
/// factor, and divided by K, before they are squared. So folds with patients of their own add up independently, and a
/// patient seen by several folds' models (a common test set) brings in its covariance. Between two means the squares become
/// products: Obuchowski's covariance of two AUCs. With one image a patient both are DeLong's.
#[derive(Debug, Clone, PartialEq)]
pub struct AucInfluence<P> {
    auc: f64,
    folds: Vec<FoldAuc>,
    /// In order of patient.
    patients: Vec<(P, Deviation)>,
}

/// One patient's deviations, summed over folds, each times the root of its fold's factor.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Deviation {
    /// a, with I10 / (I10 - 1).
    positive: f64,
    /// b, with I01 / (I01 - 1).
    negative: f64,
    /// a, with I / (I - 1).
    cross_positive: f64,
    /// b, with I / (I - 1).
    cross_negative: f64,
    pub(crate) has_positive: bool,
    pub(crate) has_negative: bool,
}

impl Deviation {
    pub(crate) fn variance(&self) -> f64 {
        self.product(self)
    }

    fn product(&self, other: &Self) -> f64 {
        self.positive * other.positive
            + self.negative * other.negative
            + self.cross_positive * other.cross_negative
            + self.cross_negative * other.cross_positive
    }

    /// Adds `weight` times another of the same patient.
    pub(crate) fn add(&mut self, weight: f64, other: &Self) {
        self.positive += weight * other.positive;
        self.negative += weight * other.negative;
        self.cross_positive += weight * other.cross_positive;
        self.cross_negative += weight * other.cross_negative;
        self.has_positive |= other.has_positive;
        self.has_negative |= other.has_negative;
    }
}

impl<P: Ord + Clone> AucInfluence<P> {
    /// Of the folds' scores. O(n log n).
    ///
    /// # Errors
    /// [`StatsError::FoldNotEstimable`] where a fold lacks a class, holds fewer than two patients of one, has a NaN or slices
    /// of different lengths; [`StatsError::DuplicateFold`]; [`NotEstimable::Empty`] without folds.
    pub fn new(folds: &[FoldScores<'_, P>]) -> Result<Self, StatsError> {
        gather(folds, None).map(AucInfluence::owned)
    }

    /// The same of weighted AUCs: sum w_i w_j psi_ij / (W1 W0) over positive images i and negative images j, where psi is 1
    /// for a win and 0.5 for a tie and W1, W0 are the classes' sums of weights. `weights` has one slice a fold, with one
    /// weight an image; images of weight 0 count as absent. With equal weights it is [`AucInfluence::new`].
    ///
    /// The weights are taken as fixed; where they make an attribute independent of the label, [`AucInfluence::balanced`]
    /// estimates them and knows what that adds to the variance.
    ///
    /// # Errors
    /// As [`AucInfluence::new`], and [`NotEstimable::BadWeight`] within a fold for a weight that is negative or not finite.
    pub fn weighted(folds: &[FoldScores<'_, P>], weights: &[&[f64]]) -> Result<Self, StatsError> {
        if weights.len() != folds.len() {
            return Err(StatsError::WeightCount { folds: folds.len(), weights: weights.len() });
        }
        gather(folds, Some(weights)).map(AucInfluence::owned)
    }
}

impl<'a, P: Ord> AucInfluence<&'a P> {
    /// Adds deviations to the patients'.
    pub(crate) fn add(&mut self, further: &Patients<'a, P>) {
        for (patient, own) in &mut self.patients {
            if let Some(deviation) = further.get(patient) {
                own.add(1.0, deviation);
            }
        }
    }
}

impl<P: Clone> AucInfluence<&P> {
    pub(crate) fn owned(self) -> AucInfluence<P> {
        let patients = self.patients.into_iter().map(|(p, d)| (p.clone(), d)).collect();
        AucInfluence { auc: self.auc, folds: self.folds, patients }
    }
}

impl<P: Ord> AucInfluence<P> {
    /// Mean of the folds' AUCs.
    #[must_use]
    pub fn auc(&self) -> f64 {
        self.auc
    }

    /// The folds, in the order given.
    #[must_use]
    pub fn folds(&self) -> &[FoldAuc] {
        &self.folds
    }

    /// The different patients, in order.
    pub fn patients(&self) -> impl ExactSizeIterator<Item = &P> {
        self.patients.iter().map(|(p, _)| p)
    }

    /// Variance of the mean AUC between patients.
    #[must_use]
    pub fn variance(&self) -> f64 {
        self.patients.iter().map(|(_, d)| d.variance()).sum()
    }

    /// Scored images, counted once a fold.
    #[must_use]
    pub fn n_images(&self) -> usize {
        self.folds.iter().map(|f| f.n_images).sum()
    }

    /// Scored positive images, counted once a fold.
    #[must_use]
    pub fn n_positive(&self) -> usize {
        self.folds.iter().map(|f| f.n_positive).sum()
    }

    /// Whether another is made of the same patients' same deviations, as that of identical scores is. Deviations of 0 are no
    /// sign of it: two models that separate perfectly need not be one.
    pub(crate) fn same(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
            || (self.auc == other.auc && self.patients == other.patients && self.variance() > ZERO_VARIANCE)
    }

    pub(crate) fn deviations(&self) -> &[(P, Deviation)] {
        &self.patients
    }
}

/// Covariance of two mean AUCs: Obuchowski's, over the patients that both have; 0 where they share none.
#[must_use]
pub fn covariance<P: Ord>(a: &AucInfluence<P>, b: &AucInfluence<P>) -> f64 {
    let mut sum = 0.0;
    let mut others = b.patients.iter().peekable();
    for (patient, deviation) in &a.patients {
        while others.next_if(|(other, _)| other < patient).is_some() {}
        if let Some((_, other)) = others.next_if(|(other, _)| other == patient) {
            sum += deviation.product(other);
        }
    }
    sum
}

/// The influence of folds whose patients are borrowed.
pub(crate) fn gather<'a, P: Ord>(
    folds: &[FoldScores<'a, P>],
    weights: Option<&[&[f64]]>,
) -> Result<AucInfluence<&'a P>, StatsError> {
    let parts = parts_of(folds, weights)?;
    sum_up(folds, &parts)
}

/// The parts of each fold.
pub(crate) fn parts_of<P: Ord>(
    folds: &[FoldScores<'_, P>],
    weights: Option<&[&[f64]]>,
) -> Result<Vec<Parts>, StatsError> {
    if folds.is_empty() {
        return Err(NotEstimable::Empty.into());
    }
    let one = |(i, fold): (usize, &FoldScores<'_, P>)| {
        if folds[..i].iter().any(|f| f.fold == fold.fold) {
            return Err(StatsError::DuplicateFold { fold: fold.fold });
        }
        let weights = weights.and_then(|w| w.get(i)).copied();
        Parts::new(fold, weights).map_err(|reason| StatsError::FoldNotEstimable { fold: fold.fold, reason })
    };
    folds.iter().enumerate().map(one).collect()
}

/// The mean of folds with these parts.
pub(crate) fn sum_up<'a, P: Ord>(
    folds: &[FoldScores<'a, P>],
    parts: &[Parts],
) -> Result<AucInfluence<&'a P>, StatsError> {
    let share = 1.0 / folds.len() as f64;
    let mut patients: Patients<'_, P> = BTreeMap::new();
    let mut each = Vec::with_capacity(folds.len());
    for (fold, parts) in folds.iter().zip(parts) {
        let here = deviations(fold, &parts.values)
            .map_err(|reason| StatsError::FoldNotEstimable { fold: fold.fold, reason })?;
        each.push(parts.of_fold(fold));
        for (patient, deviation) in here {
            patients.entry(patient).or_default().add(share, &deviation);
        }
    }
    let auc = each.iter().map(|f| f.auc).sum::<f64>() / folds.len() as f64;
    Ok(AucInfluence { auc, folds: each, patients: patients.into_iter().collect() })
}

/// Every patient's deviations, in order of patient.
pub(crate) type Patients<'a, P> = BTreeMap<&'a P, Deviation>;

/// A fold's patients' deviations, factors included.
pub(crate) fn deviations<'a, P: Ord>(
    fold: &FoldScores<'a, P>,
    parts: &[Option<f64>],
) -> Result<Patients<'a, P>, NotEstimable> {
    let mut here: Patients<'_, P> = BTreeMap::new();
    for ((patient, &label), &part) in fold.patients.iter().zip(fold.labels).zip(parts) {
        let Some(part) = part else { continue };
        let own = here.entry(patient).or_default();
        let (sum, has) = if label {
            (&mut own.positive, &mut own.has_positive)
        } else {
            (&mut own.negative, &mut own.has_negative)
        };
        *sum += part;
        *has = true;
    }
    let positive = root_factor(true, here.values().filter(|d| d.has_positive).count())?;
    let negative = root_factor(false, here.values().filter(|d| d.has_negative).count())?;
    let any = root_factor(true, here.len())?;
    for own in here.values_mut() {
        (own.cross_positive, own.cross_negative) = (any * own.positive, any * own.negative);
        own.positive *= positive;
        own.negative *= negative;
    }
    Ok(here)
}

/// An AUC with what every image adds to a patient's deviation; `None` for an image that is absent (weight 0).
pub(crate) struct Parts {
    auc: f64,
    pub(crate) values: Vec<Option<f64>>,
}

impl Parts {
    fn new<P>(fold: &FoldScores<'_, P>, weights: Option<&[f64]>) -> Result<Self, NotEstimable> {
        if fold.patients.len() != fold.labels.len() {
            return Err(NotEstimable::LengthMismatch {
                what: "patients".into(),
                labels: fold.labels.len(),
                found: fold.patients.len(),
            });
        }
        let Some(weights) = weights else {
            let placements = Placements::new(fold.labels, fold.scores)?;
            let (m, n) = (placements.positives as f64, placements.negatives as f64);
            let part =
                |(&value, &label): (&f64, &bool)| Some((value - placements.auc) / if label { m } else { n });
            let values = placements.values.iter().zip(fold.labels).map(part).collect();
            return Ok(Self { auc: placements.auc, values });
        };
        let placements = WeightedPlacements::new(fold.labels, fold.scores, weights)?;
        let part = |((&value, &label), &weight): ((&f64, &bool), &f64)| {
            let class = if label { placements.positives } else { placements.negatives };
            (weight > 0.0).then(|| weight * (value - placements.auc) / class)
        };
        let values = placements.values.iter().zip(fold.labels).zip(weights).map(part).collect();
        Ok(Self { auc: placements.auc, values })
    }

    fn of_fold<P>(&self, fold: &FoldScores<'_, P>) -> FoldAuc {
        let present = |class: bool| {
            fold.labels.iter().zip(&self.values).filter(|(l, v)| **l == class && v.is_some()).count()
        };
        let n_positive = present(true);
        FoldAuc { fold: fold.fold, auc: self.auc, n_images: n_positive + present(false), n_positive }
    }
}

/// The root of I / (I - 1) for I patients.
fn root_factor(positive: bool, patients: usize) -> Result<f64, NotEstimable> {
    if patients < 2 {
        return Err(NotEstimable::OnePatient { positive, n: patients });
    }
    Ok((patients as f64 / (patients - 1) as f64).sqrt())
}

#[cfg(test)]
#[path = "influence_tests.rs"]
mod tests;
