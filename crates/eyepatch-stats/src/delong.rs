//! DeLong's covariance of correlated AUCs, for one image a patient.

use crate::{NotEstimable, Placements, log10_normal_upper_tail, normal_upper_tail};

/// AUCs of several models on the same images, with their covariances as if every image were a patient of its own: DeLong,
/// DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating characteristic curves",
/// Biometrics 44 (1988). Where patients have several images use [`crate::AucInfluence`]: this test rejects too often there.
#[derive(Debug, Clone, PartialEq)]
pub struct DeLong {
    aucs: Vec<f64>,
    /// One a model, and in it one an image: its placement less the AUC, over the root of n (n - 1) for the n images of its
    /// class; so sums of products are covariances.
    deviations: Vec<Vec<f64>>,
}

/// The paired test of two AUCs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeLongTest {
    /// First AUC less the second.
    pub difference: f64,
    /// Its standard error; 0 where both models' placements are equal.
    pub se: f64,
    /// `difference / se`; 0 where both are 0.
    pub z: f64,
    /// Two-sided p of "both AUCs are equal"; 1 for identical scores.
    pub p: f64,
    /// Its decimal logarithm, also where `p` is too small for a number.
    pub log10_p: f64,
}

impl DeLong {
    /// Of one or more models' `scores`, each one score an image. O(n log n) a model.
    ///
    /// # Errors
    /// As [`crate::auc`]; [`NotEstimable::Empty`] without models; [`NotEstimable::OneImage`] where a class has one image.
    pub fn new(labels: &[bool], scores: &[&[f64]]) -> Result<Self, NotEstimable> {
        if scores.is_empty() {
            return Err(NotEstimable::Empty);
        }
        let mut found = Self { aucs: Vec::new(), deviations: Vec::new() };
        for scores in scores {
            let placements = Placements::new(labels, scores)?;
            let positive = scale(true, placements.positives)?;
            let negative = scale(false, placements.negatives)?;
            let deviation = |(&label, &value): (&bool, &f64)| {
                (value - placements.auc) * if label { positive } else { negative }
            };
            found.deviations.push(labels.iter().zip(&placements.values).map(deviation).collect());
            found.aucs.push(placements.auc);
        }
        Ok(found)
    }

    /// The AUCs, in the order of the models.
    #[must_use]
    pub fn aucs(&self) -> &[f64] {
        &self.aucs
    }

    /// Covariance of two models' AUCs, by their positions; the variance of one with itself. `None` for a position that is
    /// not there.
    #[must_use]
    pub fn covariance(&self, one: usize, other: usize) -> Option<f64> {
        let (one, other) = (self.deviations.get(one)?, self.deviations.get(other)?);
        Some(one.iter().zip(other).map(|(a, b)| a * b).sum())
    }

    /// The two-sided test of "both AUCs are equal", against the normal distribution; the models by their positions. `None`
    /// for a position that is not there.
    ///
    /// # Errors
    /// [`NotEstimable::NoVariance`] where the AUCs differ and the difference does not vary (perfect against constant scores).
    #[must_use]
    pub fn test(&self, one: usize, other: usize) -> Option<Result<DeLongTest, NotEstimable>> {
        let difference = self.aucs.get(one)? - self.aucs.get(other)?;
        let (one, other) = (self.deviations.get(one)?, self.deviations.get(other)?);
        // Differences first: the sum of two variances less twice the covariance loses digits where models agree.
        let variance: f64 = one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum();
        if variance <= crate::contrast::ZERO_VARIANCE {
            let same = DeLongTest { difference, se: 0.0, z: 0.0, p: 1.0, log10_p: 0.0 };
            return Some(if difference == 0.0 { Ok(same) } else { Err(NotEstimable::NoVariance) });
        }
        let se = variance.sqrt();
        let z = difference / se;
        let p = (2.0 * normal_upper_tail(z.abs())).min(1.0);
        let log10_p = (std::f64::consts::LOG10_2 + log10_normal_upper_tail(z.abs())).min(0.0);
        Some(Ok(DeLongTest { difference, se, z, p, log10_p }))
    }
}

/// 1 over the root of n (n - 1).
fn scale(positive: bool, n: usize) -> Result<f64, NotEstimable> {
    if n < 2 {
        return Err(NotEstimable::OneImage { positive });
    }
    Ok(1.0 / (n as f64 * (n - 1) as f64).sqrt())
}

#[cfg(test)]
#[path = "delong_tests.rs"]
mod tests;
