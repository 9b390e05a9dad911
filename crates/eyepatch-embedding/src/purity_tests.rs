use proptest::prelude::*;

use super::*;
use crate::golden::{assert_near, cases, tables};

#[test]
fn equals_scikit_learn() {
    for case in cases() {
        let found = purity(&case.table("x"), &case.whole("groups"), case.number("k") as usize).unwrap();
        assert_near(&[found.mean], &[case.number("purity")]);
    }
}

#[test]
fn by_hand_and_refusals() {
    let points = Points::new(&[0.0, 1.0, 2.0, 9.0], 4, 1).unwrap();
    // Row 1 has two equally near: the first counts.
    let found = purity(&points, &[0, 0, 1, 1], 1).unwrap();
    assert_eq!(found.rows, [1.0, 1.0, 0.0, 1.0]);
    assert_eq!((found.mean, found.groups), (0.75, vec![Some(1.0), Some(0.5)]));
    assert!((found.chance - 1.0 / 3.0).abs() < 1e-15);
    assert!(matches!(purity(&points, &[3; 4], 1), Err(EmbeddingError::TooFew { .. })));
    assert!(matches!(purity(&points, &[0, 0, 1, 1], 4), Err(EmbeddingError::OutOfRange { .. })));
    assert!(matches!(purity(&points, &[0; 3], 1), Err(EmbeddingError::Count { .. })));
}

proptest! {
    /// With all others as neighbours purity is chance, whatever the places.
    #[test]
    fn all_neighbours_are_chance(points in tables(3), groups in prop::collection::vec(0..3_usize, 30)) {
        let n = points.len();
        let Ok(found) = purity(&points, &groups[..n], n - 1) else { return Ok(()) };
        prop_assert!((found.mean - found.chance).abs() < 1e-12);
    }
}
