//! AUC where images count by weights.

use crate::NotEstimable;
use crate::auc::{check, in_order};

/// Area under the ROC curve of weighted images: sum w_i w_j psi_ij / (W1 W0) over positive i and negative j, where psi is
/// 1 for a win and 0.5 for a tie and W1, W0 are the classes' sums of weights. O(n log n). With equal weights it is
/// [`crate::auc`], with whole weights that of images written so many times.
///
/// # Errors
/// As [`crate::auc`], and [`NotEstimable::BadWeight`] for a weight that is negative or not finite; a class whose weights are
/// all 0 is missing.
pub fn weighted_auc(labels: &[bool], scores: &[f64], weights: &[f64]) -> Result<f64, NotEstimable> {
    Ok(WeightedPlacements::new(labels, scores, weights)?.auc)
}

/// [`crate::Placements`] under weights: the weighted share of the other class that an image beats or is beaten by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WeightedPlacements {
    pub(crate) auc: f64,
    /// One an image, in the order given; 0 to 1 but for rounding.
    pub(crate) values: Vec<f64>,
    /// Sum of the positive images' weights.
    pub(crate) positives: f64,
    /// Sum of the negative images' weights.
    pub(crate) negatives: f64,
}

impl WeightedPlacements {
    pub(crate) fn new(labels: &[bool], scores: &[f64], weights: &[f64]) -> Result<Self, NotEstimable> {
        check(labels, scores)?;
        let total = |class| total(labels, weights, class);
        check_weights(labels, weights)?;
        let (positives, negatives) = (total(true), total(false));
        let order = in_order(scores);
        let mut values = vec![0.0; labels.len()];
        let (mut positives_below, mut negatives_below, mut wins) = (0.0, 0.0, 0.0);
        for run in order.chunk_by(|a, b| a.0 == b.0) {
            let here = |class: bool| -> f64 {
                run.iter().filter(|(_, i)| labels[*i] == class).map(|(_, i)| weights[*i]).sum()
            };
            let (p, n) = (here(true), here(false));
            let beaten = (negatives_below + 0.5 * n) / negatives;
            let beaten_by = (positives - positives_below - 0.5 * p) / positives;
            wins += p * beaten;
            for &(_, i) in run {
                values[i] = if labels[i] { beaten } else { beaten_by };
            }
            positives_below += p;
            negatives_below += n;
        }
        Ok(Self { auc: (wins / positives).clamp(0.0, 1.0), values, positives, negatives })
    }
}

fn total(labels: &[bool], weights: &[f64], class: bool) -> f64 {
    labels.iter().zip(weights).filter(|(l, _)| **l == class).map(|(_, w)| w).sum()
}

fn check_weights(labels: &[bool], weights: &[f64]) -> Result<(), NotEstimable> {
    if weights.len() != labels.len() {
        return Err(NotEstimable::LengthMismatch {
            what: "weights".into(),
            labels: labels.len(),
            found: weights.len(),
        });
    }
    if let Some(index) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
        return Err(NotEstimable::BadWeight { index });
    }
    for class in [true, false] {
        if total(labels, weights, class) <= 0.0 {
            let n = weights.iter().filter(|w| **w > 0.0).count();
            return Err(NotEstimable::OneClass { positive: !class, n });
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "weighted_tests.rs"]
mod tests;
