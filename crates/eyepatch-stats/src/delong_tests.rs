use proptest::prelude::*;

use super::*;
use crate::{AucInfluence, FoldScores, covariance};

fn scores(values: &[i32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v) / 3.0).collect()
}

proptest! {
    #[test]
    fn one_image_a_patient_is_the_clustered_covariance(
        rows in prop::collection::vec((any::<bool>(), -6i32..6, -6i32..6), 6..60),
    ) {
        let labels: Vec<bool> = rows.iter().map(|r| r.0).collect();
        prop_assume!((2..=labels.len() - 2).contains(&labels.iter().filter(|l| **l).count()));
        let columns = [rows.iter().map(|r| r.1).collect::<Vec<_>>(), rows.iter().map(|r| r.2).collect()];
        let (a, b) = (scores(&columns[0]), scores(&columns[1]));
        let patients: Vec<usize> = (0..labels.len()).collect();
        let influence = |scores: &[f64]| {
            AucInfluence::new(&[FoldScores { fold: 0, labels: &labels, scores, patients: &patients }]).unwrap()
        };
        let (clustered_a, clustered_b) = (influence(&a), influence(&b));
        let found = DeLong::new(&labels, &[&a, &b]).unwrap();
        prop_assert!((found.covariance(0, 0).unwrap() - clustered_a.variance()).abs() < 1e-12);
        prop_assert!((found.covariance(0, 1).unwrap() - covariance(&clustered_a, &clustered_b)).abs() < 1e-12);
        prop_assert_eq!(found.aucs(), [clustered_a.auc(), clustered_b.auc()]);
        if let Ok(test) = found.test(0, 1).unwrap() {
            prop_assert!((0.0..=1.0).contains(&test.p) && test.log10_p <= 0.0);
            prop_assert!((test.p.log10() - test.log10_p).abs() < 1e-12);
        }
    }
}

#[test]
fn identical_perfect_and_constant_scores() {
    let labels = [true, true, true, false, false, false];
    let (mixed, perfect) = ([0.3, 0.9, 0.2, 0.1, 0.3, 0.5], [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    let found = DeLong::new(&labels, &[&mixed, &mixed, &perfect, &[0.5; 6]]).unwrap();
    let same = found.test(0, 1).unwrap().unwrap();
    assert_eq!((same.difference, same.se, same.z, same.p, same.log10_p), (0.0, 0.0, 0.0, 1.0, 0.0));
    assert_eq!(found.test(2, 3).unwrap(), Err(NotEstimable::NoVariance));
    assert!(found.test(0, 4).is_none() && found.covariance(4, 0).is_none());
}

#[test]
fn refusals() {
    assert_eq!(DeLong::new(&[true, false], &[]), Err(NotEstimable::Empty));
    let one = DeLong::new(&[true, false, false], &[&[0.1, 0.2, 0.3]]);
    assert_eq!(one, Err(NotEstimable::OneImage { positive: true }));
    let constant = DeLong::new(&[true; 3], &[&[0.1, 0.2, 0.3]]);
    assert_eq!(constant, Err(NotEstimable::OneClass { positive: true, n: 3 }));
}
