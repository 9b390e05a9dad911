use proptest::prelude::*;

use super::*;
use crate::golden::{assert_near, cases, tables};

#[test]
fn equals_scikit_learn() {
    for case in cases() {
        let (full, masked, noise) = (case.table("x"), case.table("masked"), case.table("noise"));
        let patients: Vec<String> = case.whole("patients").iter().map(|p| format!("p{p}")).collect();
        let patients: Vec<&str> = patients.iter().map(String::as_str).collect();
        assert_near(&to_full(&full, &masked).unwrap(), &case.numbers("to_full"));
        assert_near(&to_others(&full, &masked, &patients).unwrap(), &case.numbers("to_others"));
        assert_near(&to_noise(&full, &noise).unwrap(), &case.numbers("to_noise"));
    }
}

#[test]
fn refusals() {
    let full = Points::new(&[1.0, 0.0, 0.0, 2.0], 2, 2).unwrap();
    let zero = Points::new(&[1.0, 0.0, 0.0, 0.0], 2, 2).unwrap();
    let text = to_full(&full, &zero).unwrap_err().to_string();
    assert_eq!(text, "row 1 of masked is all zeros and has no direction; leave it out");
    assert!(matches!(to_noise(&full, &zero), Err(EmbeddingError::ZeroRow { which: "noise", row: 1 })));
    assert!(matches!(to_others(&full, &full, &["a", "a"]), Err(EmbeddingError::NoOther { .. })));
    assert!(matches!(to_others(&full, &full, &["a"]), Err(EmbeddingError::Count { .. })));
    let wide = Points::new(&[1.0; 6], 2, 3).unwrap();
    assert!(matches!(to_full(&full, &wide), Err(EmbeddingError::Columns { expected: 2, found: 3, .. })));
    let tiny = Points::new(&[1e-200, 0.0, 0.0, 1e-300], 2, 2).unwrap();
    assert_eq!(to_full(&full, &tiny).unwrap(), [1.0, 1.0]);
}

proptest! {
    #[test]
    fn others_equal_all_pairs(points in tables(4), owners in prop::collection::vec(0..4_usize, 30)) {
        let names = ["a", "b", "c", "d"];
        let patients: Vec<&str> = (0..points.len()).map(|i| names[owners[i]]).collect();
        let Ok(found) = to_others(&points, &points, &patients) else {
            let zero = points.iter().any(|r| r.iter().all(|v| *v == 0.0));
            prop_assert!(zero || patients.iter().all(|p| *p == patients[0]));
            return Ok(());
        };
        let cosine = |i: usize, j: usize| {
            let (a, b) = (points.row(i), points.row(j));
            dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt())
        };
        for i in 0..points.len() {
            let others: Vec<f64> =
                (0..points.len()).filter(|j| patients[*j] != patients[i]).map(|j| cosine(i, j)).collect();
            let slow = others.iter().sum::<f64>() / others.len() as f64;
            prop_assert!((found[i] - slow).abs() < 1e-12);
        }
    }
}
