use proptest::prelude::*;

use super::*;
use crate::golden::{assert_near, cases, tables, with_threads};

#[test]
fn equals_scikit_learn() {
    for case in cases() {
        let (points, groups) = (case.table("x"), case.whole("groups"));
        let found = silhouette(&points, &groups).unwrap();
        assert_near(&found.rows, &case.numbers("silhouettes"));
        assert_near(&[found.mean], &[case.number("silhouette")]);
        assert_eq!(found, with_threads(3, || silhouette(&points, &groups).unwrap()));
    }
}

#[test]
fn single_rows_and_refusals() {
    let points = Points::new(&[0.0, 1.0, 5.0], 3, 1).unwrap();
    let found = silhouette(&points, &[0, 0, 2]).unwrap();
    assert_eq!(found.rows, [0.8, 0.75, 0.0]);
    assert_eq!(found.groups, [Some(0.775), None, Some(0.0)]);
    assert!(matches!(silhouette(&points, &[1; 3]), Err(EmbeddingError::TooFew { found: 1, .. })));
    assert!(matches!(silhouette(&points, &[0, 1, 2]), Err(EmbeddingError::AllSingle { rows: 3 })));
    assert!(matches!(silhouette(&points, &[0, 1]), Err(EmbeddingError::Count { found: 2, .. })));
}

proptest! {
    /// Against the other crate's, which takes every distance from differences.
    #[test]
    fn equals_its_twin(points in tables(3), groups in prop::collection::vec(0..4_usize, 30)) {
        let groups = &groups[..points.len()];
        let Ok(found) = silhouette(&points, groups) else { return Ok(()) };
        let rows = eyepatch_clusters::Rows::new(points.values().to_vec(), points.columns()).unwrap();
        for (a, b) in found.rows.iter().zip(eyepatch_clusters::silhouettes(&rows, groups)) {
            prop_assert!((a - b).abs() < 1e-9);
        }
    }
}
