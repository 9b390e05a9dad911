use proptest::prelude::*;

use super::*;
use crate::{covariance, weighted_auc};

/// Fold, label, score, group, patient.
type Row = (usize, bool, i32, usize, u32);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((0..2_usize, any::<bool>(), -6..6_i32, 0..3_usize, 0..15_u32), 60..120)
}

/// Labels, scores, groups and patients of one fold.
type Columns = (Vec<bool>, Vec<f64>, Vec<usize>, Vec<u32>);

fn fold(rows: &[Row], fold: usize) -> Columns {
    let of = || rows.iter().filter(move |r| r.0 == fold);
    let scores = of().map(|r| f64::from(r.2)).collect();
    (of().map(|r| r.1).collect(), scores, of().map(|r| r.3).collect(), of().map(|r| r.4).collect())
}

/// The mean over folds of weighted AUCs where image i counts `counts[i]` times, shares included.
fn slow(rows: &[Row], counts: &[f64]) -> f64 {
    let total = |wanted: &dyn Fn(&Row) -> bool| -> f64 {
        rows.iter().zip(counts).filter(|(r, _)| wanted(r)).map(|(_, c)| c).sum()
    };
    let weight = |r: &Row| {
        let share = total(&|o| o.3 == r.3) / total(&|_| true);
        share / (total(&|o| o.3 == r.3 && o.1 == r.1) / total(&|o| o.1 == r.1))
    };
    let one = |k: usize| {
        let of: Vec<(&Row, f64)> =
            rows.iter().zip(counts.iter().copied()).filter(|(r, _)| r.0 == k).collect();
        let labels: Vec<bool> = of.iter().map(|(r, _)| r.1).collect();
        let scores: Vec<f64> = of.iter().map(|(r, _)| f64::from(r.2)).collect();
        let weights: Vec<f64> = of.iter().map(|(r, c)| c * weight(r)).collect();
        weighted_auc(&labels, &scores, &weights).unwrap()
    };
    (one(0) + one(1)) / 2.0
}

fn balanced(rows: &[Row]) -> Result<AucInfluence<u32>, StatsError> {
    let each = [fold(rows, 0), fold(rows, 1)];
    let folds: Vec<FoldScores<'_, u32>> = each
        .iter()
        .enumerate()
        .map(|(fold, (labels, scores, _, patients))| FoldScores { fold, labels, scores, patients })
        .collect();
    AucInfluence::balanced(&folds, &[&each[0].2, &each[1].2])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// A patient's deviation is the derivative of the estimate by how often the patient counts.
    #[test]
    fn deviations_are_derivatives(rows in rows()) {
        // Each image is a patient of its own, so that the factors are those of numbers of images.
        let rows: Vec<Row> = rows.iter().enumerate().map(|(i, r)| (r.0, r.1, r.2, r.3, i as u32)).collect();
        let Ok(found) = balanced(&rows) else { return Ok(()) };
        let ones = vec![1.0; rows.len()];
        prop_assert!((found.auc() - slow(&rows, &ones)).abs() < 1e-12);
        let derivative = |i: usize| {
            let step = |by: f64| {
                let mut counts = ones.clone();
                counts[i] += by;
                slow(&rows, &counts)
            };
            (step(1e-4) - step(-1e-4)) / 2e-4
        };
        let squares: f64 = (0..rows.len()).map(|i| derivative(i).powi(2)).sum();
        // The factors I / (I - 1) of folds and classes lie between 1 and that of the smallest class of a fold.
        let smallest = [0, 1].into_iter().flat_map(|k| [false, true].map(|l| rows.iter().filter(|r| (r.0, r.1) == (k, l)).count()));
        let smallest = smallest.min().unwrap_or(2) as f64;
        prop_assert!(found.variance() >= squares * (1.0 - 1e-6) - 1e-15, "{} < {squares}", found.variance());
        prop_assert!(found.variance() <= squares * smallest / (smallest - 1.0) * (1.0 + 1e-6) + 1e-15);
    }

    /// Where the group already says nothing of the label, it is the plain AUC, with its variance or less.
    #[test]
    fn balanced_groups_change_no_auc(scores in prop::collection::vec(-6..6_i32, 24..60)) {
        let n = scores.len() / 4 * 4;
        let rows: Vec<Row> =
            scores[..n].iter().enumerate().map(|(i, s)| (0, i % 2 == 0, *s, i / 2 % 2, i as u32)).collect();
        let (labels, scores, groups, patients) = fold(&rows, 0);
        let given = FoldScores { fold: 0, labels: &labels, scores: &scores, patients: &patients };
        let plain = AucInfluence::new(&[given]).unwrap();
        let found = AucInfluence::balanced(&[given], &[&groups]).unwrap();
        prop_assert!((plain.auc() - found.auc()).abs() < 1e-12);
        prop_assert!(found.variance() <= plain.variance() * (1.0 + 1e-9) + 1e-15);
        prop_assert!(covariance(&plain, &found) <= plain.variance() * (1.0 + 1e-9) + 1e-15);
    }
}

#[test]
fn refusals() {
    let labels = [true, true, false, false];
    let given =
        FoldScores { fold: 3, labels: &labels, scores: &[0.1, 0.2, 0.3, 0.4], patients: &[1, 2, 3, 4] };
    let of = |groups: &[usize]| AucInfluence::balanced(&[given], &[groups]).unwrap_err();
    assert_eq!(of(&[0, 7, 0, 0]), StatsError::GroupOfOneLabel { group: 7, positive: true });
    let short = NotEstimable::LengthMismatch { what: "groups".into(), labels: 4, found: 1 };
    assert_eq!(of(&[0]), StatsError::FoldNotEstimable { fold: 3, reason: short });
    assert_eq!(AucInfluence::balanced(&[given], &[]), Err(StatsError::WeightCount { folds: 1, weights: 0 }));
}
