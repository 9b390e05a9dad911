use super::*;
use crate::{FoldScores, covariance};

/// Two models' scores of 40 images of 20 patients.
fn two() -> (Vec<bool>, [Vec<f64>; 2], Vec<u32>) {
    let labels: Vec<bool> = (0..40).map(|i| i % 3 == 0).collect();
    let scores = |step: i32, more: f64| {
        let score = |i| f64::from(i * step % 41) + if i % 3 == 0 { more } else { 0.0 };
        (0..40).map(score).collect::<Vec<_>>()
    };
    (labels, [scores(17, 14.0), scores(23, 5.0)], (0..40).map(|i| i / 2).collect())
}

fn influence(labels: &[bool], scores: &[f64], patients: &[u32]) -> AucInfluence<u32> {
    AucInfluence::new(&[FoldScores { fold: 0, labels, scores, patients }]).unwrap()
}

#[test]
fn identical_scores_give_no_difference_and_p_of_1() {
    let (labels, [scores, _], patients) = two();
    let (a, b) = (influence(&labels, &scores, &patients), influence(&labels, &scores, &patients));
    let same = contrast(&[(1.0, &a), (-1.0, &b)], 0.0).unwrap();
    assert_eq!((same.estimate, same.se, same.p_two_sided()), (0.0, 0.0, 1.0));
    assert_eq!((same.p_above(0.0), same.p_above(0.05), same.p_below(0.05)), (1.0, 1.0, 0.0));
    assert_eq!(same.interval(0.95).unwrap(), (0.0, 0.0));
}

#[test]
fn a_difference_has_both_variances_less_twice_the_covariance() {
    let (labels, [first, second], patients) = two();
    let (a, b) = (influence(&labels, &first, &patients), influence(&labels, &second, &patients));
    let found = contrast(&[(1.0, &a), (-1.0, &b)], 0.0).unwrap();
    let variance = a.variance() + b.variance() - 2.0 * covariance(&a, &b);
    assert!((found.se.powi(2) - variance).abs() < 1e-12);
    assert_eq!((found.n_images, found.n_patients), (40, 20));
}
