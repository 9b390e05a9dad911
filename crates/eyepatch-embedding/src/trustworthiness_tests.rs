use proptest::prelude::*;

use super::*;
use crate::golden::{assert_near, cases, tables};

#[test]
fn equals_scikit_learn() {
    for case in cases() {
        let found = trustworthiness(&case.table("x"), &case.map(), case.number("k") as usize).unwrap();
        assert_near(&[found], &[case.number("trustworthiness")]);
    }
}

#[test]
fn refusals() {
    let points = Points::new(&[0.0, 1.0, 2.0, 3.0], 4, 1).unwrap();
    assert!(matches!(trustworthiness(&points, &points, 2), Err(EmbeddingError::OutOfRange { .. })));
    assert!(matches!(trustworthiness(&points, &points, 0), Err(EmbeddingError::OutOfRange { .. })));
    let short = Points::new(&[0.0, 1.0], 2, 1).unwrap();
    assert!(matches!(trustworthiness(&points, &short, 1), Err(EmbeddingError::Count { found: 2, .. })));
    assert_eq!(trustworthiness(&points, &points, 1).unwrap(), 1.0);
}

proptest! {
    /// Ranks by sorting whole rows.
    #[test]
    fn equals_the_definition(points in tables(4), seed in any::<u32>(), k in 1..14_usize) {
        let n = points.len();
        let k = k.min((n - 1) / 2);
        let place = |i: usize| f64::from((seed ^ (i as u32).wrapping_mul(2_654_435_761)) % 11);
        let map = Points::new(&(0..n).map(place).collect::<Vec<_>>(), n, 1).unwrap();
        let order = |p: &Points, i: usize| {
            let mut all: Vec<(f64, usize)> = (0..n).filter(|j| *j != i).map(|j| (p.squared(i, j), j)).collect();
            all.sort_by(|a, b| a.partial_cmp(b).unwrap());
            all.into_iter().map(|o| o.1).collect::<Vec<_>>()
        };
        let mut beyond = 0;
        for i in 0..n {
            let truth = order(&points, i);
            for j in &order(&map, i)[..k] {
                beyond += (truth.iter().position(|t| t == j).unwrap() + 1).saturating_sub(k);
            }
        }
        let slow = 1.0 - 2.0 * beyond as f64 / (n * k * (2 * n - 3 * k - 1)) as f64;
        prop_assert!((trustworthiness(&points, &map, k).unwrap() - slow).abs() < 1e-12);
    }
}
