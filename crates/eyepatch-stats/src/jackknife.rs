//! Mean AUCs without one patient.

use std::collections::BTreeMap;

use crate::{FoldScores, NotEstimable, Placements, StatsError, auc};

/// For each patient the mean of the folds' AUCs without that patient's images; NaN where a fold then lacks a class. O(n log n):
/// of all wins those are taken off in which one of the patient's images takes part, of which its placements tell all but the
/// wins among its own, which are then taken off twice.
pub(crate) fn left_out<P: Ord>(
    folds: &[FoldScores<'_, P>],
    index: &BTreeMap<&P, usize>,
) -> Result<Vec<f64>, StatsError> {
    let mut means = vec![0.0; index.len()];
    for fold in folds {
        let named = |reason| StatsError::FoldNotEstimable { fold: fold.fold, reason };
        let placements = Placements::new(fold.labels, fold.scores).map_err(named)?;
        let mut own: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (image, patient) in fold.patients.iter().enumerate() {
            own.entry(index[patient]).or_default().push(image);
        }
        for (patient, mean) in means.iter_mut().enumerate() {
            let without = own.get(&patient).map_or(placements.auc, |images| one(fold, &placements, images));
            *mean += without / folds.len() as f64;
        }
    }
    Ok(means)
}

/// The fold's AUC without `images`, which are all images of one patient.
fn one<P>(fold: &FoldScores<'_, P>, placements: &Placements, images: &[usize]) -> f64 {
    let (m, n) = (placements.positives as f64, placements.negatives as f64);
    let labels: Vec<bool> = images.iter().map(|&i| fold.labels[i]).collect();
    let positives = labels.iter().filter(|l| **l).count() as f64;
    let negatives = images.len() as f64 - positives;
    // An image of the one class takes part in as many pairs as the other class has images.
    let share = |&i: &usize| placements.values[i] * if fold.labels[i] { n } else { m };
    let taking_part: f64 = images.iter().map(share).sum();
    let scores: Vec<f64> = images.iter().map(|&i| fold.scores[i]).collect();
    let among_own = auc(&labels, &scores).map_or(0.0, |a| a * positives * negatives);
    let pairs = (m - positives) * (n - negatives);
    if pairs == 0.0 {
        return f64::NAN;
    }
    (placements.auc * m * n - taking_part + among_own) / pairs
}

/// Efron's acceleration of independent samples (the strata), from the values without each unit: Davison and Hinkley, "Bootstrap
/// methods and their application" (1997), section 5.3: with l = (n - 1) (mean - value) in a stratum of n units,
/// a = sum of n^-3 l^3 / (6 (sum of n^-2 l^2)^1.5). 0 where nothing varies.
///
/// # Errors
/// [`NotEstimable::NoJackknife`] where a value is NaN.
pub(crate) fn acceleration(values: &[f64], strata: &[usize]) -> Result<f64, NotEstimable> {
    if values.iter().any(|v| v.is_nan()) {
        return Err(NotEstimable::NoJackknife);
    }
    let mut of: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (value, stratum) in values.iter().zip(strata) {
        of.entry(*stratum).or_default().push(*value);
    }
    let (mut squares, mut cubes) = (0.0, 0.0);
    for values in of.values() {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        for value in values {
            let l = (n - 1.0) * (mean - value) / n;
            squares += l * l;
            cubes += l * l * l;
        }
    }
    Ok(if squares > crate::contrast::ZERO_VARIANCE { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 })
}
