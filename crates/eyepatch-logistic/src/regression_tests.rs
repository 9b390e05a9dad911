use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
}

#[test]
fn agrees_with_scikit_learn() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../tests/golden/logistic.json")).unwrap();
    let mut worst = 0.0_f64;
    for case in &cases {
        let values = numbers(&case["features"]);
        let features = Features::new(&values, case["columns"].as_u64().unwrap() as usize).unwrap();
        let labels: Vec<bool> = case["labels"].as_str().unwrap().chars().map(|c| c == '1').collect();
        let how = LogisticRegression { c: case["c"].as_f64().unwrap(), ..Default::default() };
        let fitted = how.fit(features, &labels).unwrap();
        let expected = numbers(&case["coefficients"]);
        worst = worst.max((fitted.intercept - case["intercept"].as_f64().unwrap()).abs());
        assert_eq!(fitted.coefficients.len(), expected.len());
        for (ours, theirs) in fitted.coefficients.iter().zip(&expected) {
            worst = worst.max((ours - theirs).abs());
        }
        for (ours, theirs) in
            fitted.probabilities(features).unwrap().iter().zip(numbers(&case["probabilities"]))
        {
            worst = worst.max((ours - theirs).abs());
        }
        assert_eq!(how.fit(features, &labels).unwrap(), fitted);
    }
    assert!(cases.len() == 6 && worst < 1e-5, "{worst:e}");
}

/// The slow twin: Newton's method, its equations solved by elimination.
fn newton(rows: &[Vec<f64>], labels: &[bool], c: f64) -> Vec<f64> {
    let d = rows[0].len() + 1;
    let mut w = vec![0.0; d];
    for _ in 0..60 {
        let mut system: Vec<Vec<f64>> = vec![vec![0.0; d + 1]; d];
        for j in 0..d - 1 {
            system[j][j] = 1.0 / c;
            system[j][d] = -w[j] / c;
        }
        for (row, &label) in rows.iter().zip(labels) {
            let x: Vec<f64> = row.iter().copied().chain([1.0]).collect();
            let p = 1.0 / (1.0 + (-x.iter().zip(&w).map(|(a, b)| a * b).sum::<f64>()).exp());
            for i in 0..d {
                (0..d).for_each(|j| system[i][j] += p * (1.0 - p) * x[i] * x[j]);
                system[i][d] += (f64::from(u8::from(label)) - p) * x[i];
            }
        }
        for i in 0..d {
            let pivot = (i..d).max_by(|&a, &b| system[a][i].abs().total_cmp(&system[b][i].abs())).unwrap();
            system.swap(i, pivot);
            for k in (0..d).filter(|k| *k != i) {
                let factor = system[k][i] / system[i][i];
                (i..=d).for_each(|j| system[k][j] -= factor * system[i][j]);
            }
        }
        (0..d).for_each(|i| w[i] += system[i][d] / system[i][i]);
    }
    w
}

fn data() -> impl Strategy<Value = (Vec<Vec<f64>>, Vec<bool>)> {
    let row = (prop::collection::vec(-3.0..3.0f64, 3), any::<bool>());
    prop::collection::vec(row, 8..40)
        .prop_map(|rows| rows.into_iter().unzip())
        .prop_filter("both classes", |(_, l): &(_, Vec<bool>)| l.contains(&true) && l.contains(&false))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn equals_newtons_method((rows, labels) in data(), c in prop_oneof![Just(0.01), Just(1.0), Just(100.0)]) {
        let values = rows.concat();
        let features = Features::new(&values, 3).unwrap();
        let fitted = LogisticRegression { c, ..Default::default() }.fit(features, &labels).unwrap();
        let standardised: Vec<Vec<f64>> = rows
            .iter()
            .map(|r| (0..3).map(|j| (r[j] - fitted.means[j]) / fitted.scales[j]).collect())
            .collect();
        let slow = newton(&standardised, &labels, c);
        for (ours, theirs) in fitted.coefficients.iter().chain([&fitted.intercept]).zip(&slow) {
            prop_assert!((ours - theirs).abs() < 1e-3 * theirs.abs().max(1.0), "{fitted:?} {slow:?}");
        }
    }

    /// The other class is the mirror, whichever is the larger one; units do not matter.
    #[test]
    fn turned_labels_and_other_units((rows, labels) in data()) {
        let fit = |values: &[f64], labels: &[bool]| {
            LogisticRegression::default().fit(Features::new(values, 3).unwrap(), labels).unwrap()
        };
        let one = fit(&rows.concat(), &labels);
        let turned: Vec<bool> = labels.iter().map(|l| !l).collect();
        let scaled: Vec<f64> = rows.concat().iter().map(|v| 1000.0 * v - 5.0).collect();
        let (mirror, scaled) = (fit(&rows.concat(), &turned), fit(&scaled, &labels));
        prop_assert!((one.intercept + mirror.intercept).abs() < 1e-4);
        for j in 0..3 {
            prop_assert!((one.coefficients[j] + mirror.coefficients[j]).abs() < 1e-4);
            prop_assert!((one.coefficients[j] - scaled.coefficients[j]).abs() < 1e-4);
        }
    }
}

#[test]
fn refusals() {
    let values = [0.0, 1.0, 2.0, 3.0];
    let features = Features::new(&values, 1).unwrap();
    let fit = |how: LogisticRegression, labels: &[bool]| how.fit(features, labels).unwrap_err();
    let labels = [false, true, false, true];
    let default = LogisticRegression::default();
    assert_eq!(Features::new(&values, 3).unwrap_err(), LogisticError::Shape { values: 4, columns: 3 });
    assert_eq!(Features::new(&[], 3).unwrap_err(), LogisticError::Empty);
    assert_eq!(Features::new(&values, 0).unwrap_err(), LogisticError::Empty);
    let nan = Features::new(&[0.0, 1.0, 2.0, f64::NAN], 2).unwrap_err();
    assert_eq!(nan, LogisticError::NotFinite { row: 1, column: 1 });
    assert_eq!(fit(default, &labels[..3]), LogisticError::LabelCount { rows: 4, labels: 3 });
    assert_eq!(fit(default, &[true; 4]), LogisticError::OneClass { positive: true, n: 4 });
    for c in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let refused = fit(LogisticRegression { c, ..default }, &labels);
        assert!(matches!(refused, LogisticError::OutOfRange { name: "c", .. }), "{refused}");
    }
    let hasty = fit(LogisticRegression { max_iterations: 1, tolerance: 1e-12, ..default }, &labels);
    assert!(matches!(hasty, LogisticError::NotConverged { iterations: 1, .. }), "{hasty}");
    let huge = [1e300, -1e300, 0.0, 1e300];
    let huge = default.fit(Features::new(&huge, 1).unwrap(), &labels).unwrap_err();
    assert_eq!(huge, LogisticError::TooLarge { column: 0 });
    let fitted = default.fit(features, &labels).unwrap();
    let wide = fitted.logits(Features::new(&values, 2).unwrap()).unwrap_err();
    assert_eq!(wide, LogisticError::ColumnCount { expected: 1, found: 2 });
}

#[test]
fn a_column_of_one_value_counts_for_nothing() {
    let values = [5.0, 1.0, 5.0, 2.0, 5.0, 0.0, 5.0, 3.0, 5.0, 2.5];
    let labels = [false, true, false, true, false];
    let fitted = LogisticRegression::default().fit(Features::new(&values, 2).unwrap(), &labels).unwrap();
    assert_eq!((fitted.coefficients[0], fitted.means[0], fitted.scales[0]), (0.0, 5.0, 1.0));
    assert!(fitted.coefficients[1] > 0.1, "{fitted:?}");
}
