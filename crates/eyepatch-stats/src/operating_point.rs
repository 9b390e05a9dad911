//! Sensitivity where the specificity is held.

use serde::{Deserialize, Serialize};

use crate::auc::Ranked;
use crate::{NotEstimable, Share, StatsError, clustered_share};

/// A threshold on the scores and what it does: an image whose score is at least `threshold` is called positive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoint {
    /// The lowest score that is called positive; `None` where none may be.
    pub threshold: Option<f64>,
    /// Share of the negative images that are not called positive: at least what was asked for.
    pub specificity: f64,
    /// Share of the positive images that are called positive.
    pub sensitivity: f64,
    /// Lower end of the interval of the sensitivity.
    pub lower: f64,
    /// Upper end of the interval of the sensitivity.
    pub upper: f64,
    /// Coverage of the interval, for instance 0.95.
    pub level: f64,
    /// Patients with a positive image, between whom the interval counts.
    pub n_patients_positive: usize,
}

/// The greatest sensitivity at a specificity of at least `specificity`.
///
/// Thresholds are the scores themselves, so images of one score are called alike and nothing is interpolated: the point is
/// one that a reader of the scores can stand on, and its specificity may be higher than asked for. Where even the
/// highest score would call too many negatives, none is called and the sensitivity is 0.
///
/// The interval is that of [`clustered_share`]. It takes the threshold as given, so it says nothing of how the threshold would move with other negatives.
///
/// # Errors
/// [`StatsError::NotEstimable`] as [`auc`](crate::auc), where patients differ in number from the labels, or where only one patient
/// has a positive image; [`StatsError::OutOfRange`] unless 0 <= `specificity` <= 1 and 0 < `level` < 1.
pub fn sensitivity_at_specificity<P: Ord>(
    labels: &[bool],
    scores: &[f64],
    patients: &[P],
    specificity: f64,
    level: f64,
) -> Result<OperatingPoint, StatsError> {
    if !(0.0..=1.0).contains(&specificity) {
        return Err(StatsError::OutOfRange { name: "specificity", range: "from 0 to 1", found: specificity });
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::OutOfRange { name: "level", range: "between 0 and 1", found: level });
    }
    let ranked = Ranked::new(labels, scores)?;
    if patients.len() != labels.len() {
        let (labels, found) = (labels.len(), patients.len());
        return Err(NotEstimable::LengthMismatch { what: "patients".into(), labels, found }.into());
    }
    let (positives, negatives) = (ranked.positives as f64, ranked.negatives as f64);
    let first = ranked.ties().find(|t| t.negatives_below as f64 / negatives >= specificity);
    let threshold = first.as_ref().and_then(|t| t.images.first()).map(|&row| scores[row]);
    let (missed, spared) =
        first.map_or((ranked.positives, ranked.negatives), |t| (t.positives_below, t.negatives_below));
    let called = |row: usize| threshold.is_some_and(|t| scores[row] >= t);
    let positive: Vec<usize> = (0..labels.len()).filter(|&row| labels[row]).collect();
    let hits: Vec<f64> = positive.iter().map(|&row| f64::from(u8::from(called(row)))).collect();
    let own: Vec<&P> = positive.iter().map(|&row| &patients[row]).collect();
    let Share { lower, upper, n_patients, .. } = clustered_share(&hits, &own, level)?;
    let sensitivity = (ranked.positives - missed) as f64 / positives;
    Ok(OperatingPoint {
        threshold,
        specificity: spared as f64 / negatives,
        sensitivity,
        // Summed in another order, the share may differ in its last bit.
        lower: lower.min(sensitivity),
        upper: upper.max(sensitivity),
        level,
        n_patients_positive: n_patients,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::golden;

    #[test]
    fn agrees_with_scikit_learns_curve_and_statsmodels_interval() {
        for case in golden::scored() {
            for row in case.list("points") {
                let [asked, sensitivity, specificity] = [0, 1, 2].map(|i| row[i].as_f64().unwrap());
                let own: Vec<usize> = (0..case.labels.len()).collect();
                let found =
                    sensitivity_at_specificity(&case.labels, &case.scores, &own, asked, 0.95).unwrap();
                assert!((found.sensitivity - sensitivity).abs() < 1e-12, "{asked}: {found:?}");
                assert!((found.specificity - specificity).abs() < 1e-12, "{asked}: {found:?}");
            }
        }
    }

    /// The slow twin: every score, and none, is tried as a threshold.
    fn slowly(labels: &[bool], scores: &[f64], specificity: f64) -> (f64, f64) {
        let share = |wanted: bool, t: f64| {
            let of: Vec<bool> =
                labels.iter().zip(scores).filter(|(l, _)| **l == wanted).map(|(_, s)| *s >= t).collect();
            of.iter().filter(|c| **c).count() as f64 / of.len() as f64
        };
        let best = scores
            .iter()
            .filter(|t| 1.0 - share(false, **t) >= specificity - 1e-12)
            .map(|t| (share(true, *t), 1.0 - share(false, *t)))
            .max_by(|a, b| a.partial_cmp(b).unwrap());
        best.unwrap_or((0.0, 1.0))
    }

    proptest! {
        #[test]
        fn no_threshold_does_better(
            rows in prop::collection::vec((any::<bool>(), -4i32..4, 0u8..9), 4..50),
            asked in prop_oneof![0.0..=1.0f64, Just(0.5), Just(1.0), Just(0.0)],
        ) {
            let labels: Vec<bool> = rows.iter().map(|r| r.0).collect();
            let scores: Vec<f64> = rows.iter().map(|r| f64::from(r.1)).collect();
            let patients: Vec<u8> = rows.iter().map(|r| r.2).collect();
            match sensitivity_at_specificity(&labels, &scores, &patients, asked, 0.9) {
                Ok(found) => {
                    let (sensitivity, specificity) = slowly(&labels, &scores, asked);
                    prop_assert!((found.sensitivity - sensitivity).abs() < 1e-12);
                    prop_assert!(found.specificity >= asked);
                    prop_assert!(found.specificity <= specificity + 1e-12);
                    prop_assert!(found.lower <= found.sensitivity && found.sensitivity <= found.upper);
                    prop_assert!(found.lower >= 0.0 && found.upper <= 1.0 && found.upper > found.lower);
                }
                Err(e) => prop_assert!(matches!(e, StatsError::NotEstimable(_))),
            }
        }

        /// Copies of images say nothing new about patients.
        #[test]
        fn images_given_again_leave_the_interval(scores in prop::collection::vec(-4i32..4, 12..30), k in 2usize..5) {
            let one: Vec<f64> = scores.iter().map(|s| f64::from(*s)).collect();
            let labels: Vec<bool> = (0..one.len()).map(|i| i % 2 == 0).collect();
            let patients: Vec<usize> = (0..one.len()).collect();
            let once = sensitivity_at_specificity(&labels, &one, &patients, 0.8, 0.95).unwrap();
            let again = sensitivity_at_specificity(&labels.repeat(k), &one.repeat(k), &patients.repeat(k), 0.8, 0.95);
            let again = again.unwrap();
            prop_assert!((once.lower - again.lower).abs() < 1e-9 && (once.upper - again.upper).abs() < 1e-9);
        }
    }

    #[test]
    fn ends_and_refusals() {
        let (labels, patients) = ([true, true, false, false], [0, 1, 2, 3]);
        let top = sensitivity_at_specificity(&labels, &[0.5; 4], &patients, 0.9, 0.95).unwrap();
        assert_eq!((top.threshold, top.sensitivity, top.specificity), (None, 0.0, 1.0));
        let all = sensitivity_at_specificity(&labels, &[0.5; 4], &patients, 0.0, 0.95).unwrap();
        assert_eq!((all.threshold, all.sensitivity, all.specificity), (Some(0.5), 1.0, 0.0));
        let one = sensitivity_at_specificity(&labels, &[0.5; 4], &[0, 0, 1, 2], 0.9, 0.95).unwrap_err();
        assert_eq!(one, NotEstimable::OnePatient { positive: true, n: 1 }.into());
        assert!(sensitivity_at_specificity(&labels, &[0.5; 4], &patients, 1.1, 0.95).is_err());
        assert!(sensitivity_at_specificity(&labels, &[0.5; 4], &patients, 0.9, 1.0).is_err());
        assert!(sensitivity_at_specificity(&labels, &[0.5; 4], &patients[..3], 0.9, 0.95).is_err());
    }
}
