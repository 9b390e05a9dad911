use crate::NotEstimable;
use crate::auc::Ranked;

/// Average precision: the sum over thresholds of (recall gained) x (precision there), from the highest score down, as
/// scikit-learn's `average_precision_score` defines it. Images of one score pass the threshold together; nothing is
/// interpolated. Without any skill it is near the share of positives, not one half.
///
/// # Errors
/// As [`auc`](crate::auc).
pub fn average_precision(labels: &[bool], scores: &[f64]) -> Result<f64, NotEstimable> {
    let ranked = Ranked::new(labels, scores)?;
    let (positives, negatives) = (ranked.positives, ranked.negatives);
    let gained = ranked.ties().filter(|t| t.positives > 0).map(|t| {
        let hits = positives - t.positives_below;
        let called = hits + negatives - t.negatives_below;
        t.positives as f64 / positives as f64 * (hits as f64 / called as f64)
    });
    Ok(gained.sum())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::golden;

    #[test]
    fn agrees_with_scikit_learn() {
        for case in golden::scored() {
            let found = average_precision(&case.labels, &case.scores).unwrap();
            assert!((found - case.number("average_precision")).abs() < 1e-12, "{found}");
        }
    }

    /// The slow twin: for each threshold all images are looked at again.
    fn slowly(labels: &[bool], scores: &[f64]) -> f64 {
        let mut thresholds = scores.to_vec();
        thresholds.sort_by(|a, b| b.partial_cmp(a).unwrap());
        thresholds.dedup();
        let positives = labels.iter().filter(|l| **l).count() as f64;
        let (mut sum, mut recall) = (0.0, 0.0);
        for t in thresholds {
            let called: Vec<bool> =
                labels.iter().zip(scores).filter(|(_, s)| **s >= t).map(|(l, _)| *l).collect();
            let hits = called.iter().filter(|l| **l).count() as f64;
            sum += (hits / positives - recall) * hits / called.len() as f64;
            recall = hits / positives;
        }
        sum
    }

    proptest! {
        #[test]
        fn equals_the_definition(rows in prop::collection::vec((any::<bool>(), -4i32..4), 2..50)) {
            let (labels, scores): (Vec<bool>, Vec<f64>) = rows.into_iter().map(|(l, s)| (l, f64::from(s))).unzip();
            match average_precision(&labels, &scores) {
                Ok(found) => prop_assert!((found - slowly(&labels, &scores)).abs() < 1e-12),
                Err(e) => {
                    let one_class = matches!(e, NotEstimable::OneClass { .. });
                    prop_assert!(one_class && labels.iter().all(|l| *l == labels[0]));
                }
            }
        }
    }

    #[test]
    fn without_skill_it_is_the_share_of_positives() {
        let labels: Vec<bool> = (0..40).map(|i| i % 4 == 0).collect();
        assert!((average_precision(&labels, &[0.3; 40]).unwrap() - 0.25).abs() < 1e-15);
        let perfect: Vec<f64> = labels.iter().map(|l| if *l { f64::INFINITY } else { 0.0 }).collect();
        assert!((average_precision(&labels, &perfect).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(
            average_precision(&[true, false], &[f64::NAN, 0.0]),
            Err(NotEstimable::NanScore { index: 0 })
        );
    }
}
