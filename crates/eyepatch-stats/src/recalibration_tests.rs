use proptest::prelude::*;

use super::*;
use crate::golden;

#[test]
fn agrees_with_statsmodels() {
    for case in golden::probable() {
        let found = recalibration(&case.labels, &case.scores, &case.patients, 0.95).unwrap();
        let close = |found: f64, name: &str| {
            let expected = case.number(name);
            assert!(
                (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
                "{name}: {found}, not {expected}"
            );
        };
        close(found.slope.estimate, "slope");
        close(found.intercept.estimate, "intercept");
        close(found.in_the_large.estimate, "in_the_large");
        close(found.slope.se, "slope_se");
        close(found.intercept.se, "intercept_se");
        close(found.in_the_large.se, "in_the_large_se");
        close(found.slope.lower, "slope_lower");
        close(found.in_the_large.upper, "in_the_large_upper");
        assert_eq!(found.n_patients as f64, case.number("n_patients"));
    }
}

fn rows() -> impl Strategy<Value = (Vec<bool>, Vec<f64>, Vec<u8>)> {
    let p = prop_oneof![4 => 0.02..0.98f64, 1 => Just(1e-12), 1 => Just(1.0 - 1e-9), 1 => Just(0.5)];
    prop::collection::vec((any::<bool>(), p, 0u8..12), 6..50).prop_map(|rows| {
        let (labels, rest): (Vec<bool>, Vec<(f64, u8)>) =
            rows.into_iter().map(|(l, p, w)| (l, (p, w))).unzip();
        let (p, patients) = rest.into_iter().unzip();
        (labels, p, patients)
    })
}

/// The likelihood as it is defined, and its derivatives by differences.
fn slope_of_likelihood(labels: &[bool], p: &[f64], at: [f64; 2]) -> [f64; 2] {
    let value = |a: f64, b: f64| -> f64 {
        let one = |(l, p): (&bool, &f64)| {
            let t = a + b * (p / (1.0 - p)).ln();
            if *l { -(-t).exp().ln_1p() } else { -t.exp().ln_1p() }
        };
        labels.iter().zip(p).map(one).sum()
    };
    let h = 1e-5;
    [
        (value(at[0] + h, at[1]) - value(at[0] - h, at[1])) / (2.0 * h),
        (value(at[0], at[1] + h) - value(at[0], at[1] - h)) / (2.0 * h),
    ]
}

proptest! {
    #[test]
    fn the_likelihood_is_flat_there((labels, p, patients) in rows()) {
        match recalibration(&labels, &p, &patients, 0.95) {
            Ok(found) => {
                let flat = slope_of_likelihood(&labels, &p, [found.intercept.estimate, found.slope.estimate]);
                prop_assert!(flat[0].abs() < 1e-3 && flat[1].abs() < 1e-3, "{flat:?} {found:?}");
                let large = slope_of_likelihood(&labels, &p, [found.in_the_large.estimate, 1.0]);
                prop_assert!(large[0].abs() < 1e-3, "{large:?} {found:?}");
                for c in [found.slope, found.intercept, found.in_the_large] {
                    prop_assert!(c.se.is_finite() && c.lower <= c.estimate && c.estimate <= c.upper);
                }
            }
            Err(StatsError::NotEstimable(reason)) => {
                let known = matches!(reason,
                    NotEstimable::OneClass { .. } | NotEstimable::Separated | NotEstimable::Constant { .. }
                    | NotEstimable::TooFew { .. });
                prop_assert!(known, "{reason:?}");
            }
            Err(e) => prop_assert!(false, "{e}"),
        }
    }

    /// Patients whose images are all given again say nothing new.
    #[test]
    fn copies_change_nothing((labels, p, patients) in rows(), k in 2usize..4) {
        if let Ok(once) = recalibration(&labels, &p, &patients, 0.95) {
            let again = recalibration(&labels.repeat(k), &p.repeat(k), &patients.repeat(k), 0.95).unwrap();
            prop_assert!((once.slope.estimate - again.slope.estimate).abs() < 1e-6);
            prop_assert!((once.slope.se - again.slope.se).abs() < 1e-6 * once.slope.se.max(1.0));
        }
    }
}

#[test]
fn undoes_what_was_done_to_probabilities() {
    // Ten images a level with exactly that share of positives are calibrated.
    let (mut labels, mut p) = (Vec::new(), Vec::new());
    for k in 1..10 {
        labels.extend((0..10).map(|i| i < k));
        p.extend([f64::from(k) / 10.0; 10]);
    }
    let own: Vec<usize> = (0..labels.len()).collect();
    let of = |p: &[f64]| recalibration(&labels, p, &own, 0.95).unwrap();
    let found = of(&p);
    assert!((found.slope.estimate - 1.0).abs() < 1e-9 && found.intercept.estimate.abs() < 1e-9, "{found:?}");
    // Logits doubled and raised by one.
    let bent: Vec<f64> = p.iter().map(|p| logistic(2.0 * (p / (1.0 - p)).ln() + 1.0)).collect();
    let found = of(&bent);
    assert!((found.slope.estimate - 0.5).abs() < 1e-9 && (found.intercept.estimate + 0.5).abs() < 1e-9);
}

#[test]
fn refusals() {
    let of = |labels: &[bool], p: &[f64]| {
        let own: Vec<usize> = (0..labels.len()).collect();
        match recalibration(labels, p, &own, 0.95) {
            Err(StatsError::NotEstimable(reason)) => reason,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(of(&[true, false], &[0.5, 1.0]), NotEstimable::InfiniteLogit { index: 1 });
    assert_eq!(of(&[true, false], &[0.5, 0.5]), NotEstimable::Constant { what: "probabilities".into() });
    assert_eq!(of(&[true, false, false], &[0.6, 0.6, 0.2]), NotEstimable::Separated);
    assert_eq!(of(&[true, true], &[0.6, 0.5]), NotEstimable::OneClass { positive: true, n: 2 });
    assert_eq!(of(&[], &[]), NotEstimable::Empty);
    let (labels, p) = ([true, false, true, false], [0.2, 0.3, 0.6, 0.5]);
    assert_eq!(
        recalibration(&labels, &p, &[1, 1, 1, 1], 0.95),
        Err(NotEstimable::TooFew { what: "patients".into(), n: 1, needed: 2 }.into())
    );
    assert!(recalibration(&labels, &p, &[1, 2], 0.95).is_err());
    assert!(matches!(recalibration(&labels, &p, &[1, 2, 3, 4], 1.0), Err(StatsError::OutOfRange { .. })));
}
