use proptest::prelude::*;

use super::*;
use crate::golden::{assert_near, cases, tables, with_threads};

#[test]
fn equals_scikit_learn() {
    for case in cases() {
        let second: Vec<bool> = case.whole("groups").iter().map(|g| *g == 0).collect();
        let found = discrepancy(&case.table("x"), &second, None, 0, 1).unwrap();
        assert_near(&[found.width, found.squared], &[case.number("width"), case.number("discrepancy")]);
        assert_eq!(found.test, None);
    }
}

#[test]
fn threads_change_nothing_and_seeds_do() {
    let case = cases().swap_remove(0);
    let second: Vec<bool> = (0..70).map(|i| i % 3 == 0).collect();
    let run = |seed| discrepancy(&case.table("x"), &second, None, 199, seed).unwrap();
    let one = with_threads(1, || run(4));
    assert_eq!(one, with_threads(3, || run(4)));
    assert!((5..30).any(|seed| run(seed).test != one.test));
}

/// Ten patients with ten images each, alike within a patient and not between them, groups at random: images as units
/// find what is not there.
#[test]
fn patients_are_the_units() {
    let mut false_alarms = [0; 2];
    for study in 0..20_u64 {
        let places = LabelDraws::new(
            &[true, false, false, false, true, true, false, true, false, true],
            &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        )
        .unwrap();
        let group = places.draw(study, 0);
        let names: Vec<String> = (0..100).map(|i| format!("p{}", i / 10)).collect();
        let patients: Vec<&str> = names.iter().map(String::as_str).collect();
        let x: Vec<f64> = (0..100).map(|i| f64::from(i / 10) + 0.01 * f64::from(i % 10)).collect();
        let points = Points::new(&x, 100, 1).unwrap();
        let second: Vec<bool> = (0..100).map(|i| group[i / 10]).collect();
        for (alarms, units) in false_alarms.iter_mut().zip([None, Some(patients.as_slice())]) {
            let found = discrepancy(&points, &second, units, 99, study).unwrap();
            *alarms += usize::from(found.test.unwrap().p <= 0.05);
        }
    }
    assert!(false_alarms[0] >= 15 && false_alarms[1] <= 3, "{false_alarms:?}");
}

#[test]
fn finds_a_shift_within_patients() {
    let names: Vec<String> = (0..40).map(|i| format!("p{}", i / 2)).collect();
    let patients: Vec<&str> = names.iter().map(String::as_str).collect();
    let x: Vec<f64> = (0..40).map(|i| f64::from(i / 2 % 7) * 0.1 + f64::from(i % 2)).collect();
    let second: Vec<bool> = (0..40).map(|i| i % 2 == 1).collect();
    let points = Points::new(&x, 40, 1).unwrap();
    let found = discrepancy(&points, &second, Some(&patients), 199, 3).unwrap();
    assert_eq!(found.test, Some(DiscrepancyTest { p: 1.0 / 200.0, permutations: 199 }));
}

#[test]
fn refusals() {
    let points = Points::new(&[0.0, 1.0, 2.0, 3.0], 4, 1).unwrap();
    let few = discrepancy(&points, &[true, false, false, false], None, 9, 1);
    assert_eq!(few.unwrap_err().to_string(), "1 rows of the second group are too few: at least 2 are needed");
    assert!(discrepancy(&points, &[true; 4], None, 9, 1).is_err());
    assert!(matches!(discrepancy(&points, &[true; 3], None, 9, 1), Err(EmbeddingError::Count { .. })));
    let halves = [true, true, false, false];
    assert!(matches!(discrepancy(&points, &halves, Some(&["a"]), 9, 1), Err(EmbeddingError::Count { .. })));
    let same = Points::new(&[1.0; 4], 4, 1).unwrap();
    assert!(matches!(discrepancy(&same, &halves, None, 9, 1), Err(EmbeddingError::Constant { rows: 4 })));
}

proptest! {
    #[test]
    fn equals_all_pairs(points in tables(4), second in prop::collection::vec(any::<bool>(), 30)) {
        let (n, second) = (points.len(), &second[..points.len()]);
        let Ok(found) = discrepancy(&points, second, None, 0, 1) else { return Ok(()) };
        let mut pairs: Vec<f64> =
            (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| points.squared(i, j).sqrt()).collect();
        pairs.sort_by(f64::total_cmp);
        let width = 0.5 * (pairs[(pairs.len() - 1) / 2] + pairs[pairs.len() / 2]);
        prop_assert!((found.width - width).abs() < 1e-9);
        let mean = |a: bool, b: bool| {
            let all = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
            let of = all.filter(|(i, j)| i != j && second[*i] == a && second[*j] == b);
            let k: Vec<f64> = of.map(|(i, j)| (-points.squared(i, j) / (2.0 * width * width)).exp()).collect();
            k.iter().sum::<f64>() / k.len() as f64
        };
        let slow = mean(false, false) + mean(true, true) - 2.0 * mean(false, true);
        prop_assert!((found.squared - slow).abs() < 1e-9);
    }
}
