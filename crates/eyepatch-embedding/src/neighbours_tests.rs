use proptest::prelude::*;

use super::*;
use crate::golden::{cases, tables, with_threads};

#[test]
fn equals_scikit_learn() {
    for case in cases() {
        let found = nearest(&case.table("x"), case.number("k") as usize).unwrap();
        for (i, theirs) in case.nearest().iter().enumerate() {
            assert_eq!(found.of(i), theirs);
        }
    }
}

#[test]
fn far_from_the_origin_and_between_copies() {
    let x: Vec<f64> = (0..300).map(|i| 1e6 + f64::from((i * 7919) % 97) * 1e-6).collect();
    let points = Points::new(&x, 100, 3).unwrap();
    assert_eq!(nearest(&points, 4).unwrap(), slow(&points, 4));
    let one = with_threads(1, || nearest(&points, 9).unwrap());
    assert_eq!(one, with_threads(3, || nearest(&points, 9).unwrap()));
    let same = Points::new(&[2.0; 10], 5, 2).unwrap();
    assert_eq!(nearest(&same, 2).unwrap().of(1), [0, 2]);
}

#[test]
fn refusals() {
    let points = Points::new(&[0.0, 1.0], 2, 1).unwrap();
    assert!(matches!(nearest(&points, 0), Err(EmbeddingError::OutOfRange { .. })));
    let text = nearest(&points, 2).unwrap_err().to_string();
    assert_eq!(text, "neighbours must be 1 to 1 and is 2");
    let nan = Points::new(&[0.0, 1.0, f64::NAN, 1.0], 2, 2);
    assert!(matches!(nan, Err(EmbeddingError::NotFinite { row: 1, column: 0 })));
    let large = Points::from_f32(&[f32::INFINITY], 1, 1);
    assert!(matches!(large, Err(EmbeddingError::NotFinite { row: 0, column: 0 })));
    assert!(matches!(Points::new(&[1e200], 1, 1), Err(EmbeddingError::TooLarge { row: 0, column: 0 })));
    assert!(matches!(Points::new(&[1.0; 3], 2, 2), Err(EmbeddingError::Shape { values: 3, .. })));
    assert!(matches!(Points::new(&[], 0, 2), Err(EmbeddingError::TooFew { found: 0, .. })));
    assert!(matches!(Points::new(&[], 2, 0), Err(EmbeddingError::Shape { .. })));
}

fn slow(points: &Points, k: usize) -> Neighbours {
    let (mut rows, mut squared) = (Vec::new(), Vec::new());
    for i in 0..points.len() {
        let others = (0..points.len()).filter(|j| *j != i);
        let mut others: Vec<(f64, usize)> = others.map(|j| (points.squared(i, j), j)).collect();
        others.sort_by(|a, b| a.partial_cmp(b).unwrap());
        rows.extend(others[..k].iter().map(|o| o.1));
        squared.extend(others[..k].iter().map(|o| o.0));
    }
    Neighbours { k, rows, squared }
}

proptest! {
    #[test]
    fn equals_sorting_all(points in tables(2), k in 1..29_usize) {
        let k = k.min(points.len() - 1);
        prop_assert_eq!(nearest(&points, k).unwrap(), slow(&points, k));
    }
}
