use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn ranks_give_the_auc_of_the_scores(
        rows in prop::collection::vec((any::<bool>(), -6i32..6), 2..60),
    ) {
        let labels: Vec<bool> = rows.iter().map(|r| r.0).collect();
        let scores: Vec<f64> = rows.iter().map(|r| f64::from(r.1) / 3.0).collect();
        match (auc(&labels, &scores), auc_of_ranks(&half_ranks(&scores), &labels)) {
            (Ok(one), Ok(other)) => prop_assert!((one - other).abs() < 1e-15),
            (one, other) => prop_assert_eq!(one, other),
        }
    }
}

/// All 20 ways to give 3 of 6 patients a label, two images a patient.
#[test]
fn few_patients_give_the_exact_p() {
    let owners: Vec<usize> = (0..12).map(|i| i / 2).collect();
    let scores: Vec<f64> = [5, 9, 4, 8, 1, 7, 6, 2, 3, 0, 1, 1].map(f64::from).to_vec();
    let labels_of = |chosen: usize| -> Vec<bool> { owners.iter().map(|&p| chosen >> p & 1 == 1).collect() };
    let ways: Vec<usize> = (0..64_usize).filter(|c| c.count_ones() == 3).collect();
    let far = |chosen: usize| (auc(&labels_of(chosen), &scores).unwrap() - 0.5).abs();
    for observed in [0b000_111, 0b010_101] {
        let exact = ways.iter().filter(|&&c| far(c) >= far(observed) - 1e-12).count() as f64 / 20.0;
        let found = permute_labels(&labels_of(observed), &scores, &owners, 20_000, 7).unwrap();
        // Four standard errors of 20,000 draws.
        let slack = 4.0 * (exact * (1.0 - exact) / 20_000.0).sqrt() + 1e-4;
        assert!((found.p - exact).abs() < slack, "{} for {exact}", found.p);
    }
}

/// All 32 ways to swap the scores of 5 patients.
#[test]
fn few_patients_give_the_exact_p_of_a_difference() {
    let owners: Vec<usize> = (0..10).map(|i| i / 2).collect();
    let labels: Vec<bool> = (0..10).map(|i| i % 3 == 0).collect();
    let first: Vec<f64> = [9, 2, 1, 8, 3, 0, 7, 4, 5, 6].map(f64::from).to_vec();
    let second: Vec<f64> = [3, 1, 9, 2, 5, 7, 4, 0, 8, 6].map(f64::from).to_vec();
    let difference = |swapped: usize| {
        let take = |a: &[f64], b: &[f64]| -> Vec<f64> {
            (0..10).map(|i| if swapped >> owners[i] & 1 == 1 { b[i] } else { a[i] }).collect()
        };
        auc(&labels, &take(&first, &second)).unwrap() - auc(&labels, &take(&second, &first)).unwrap()
    };
    let observed = difference(0).abs();
    // These scores are their own ranks, so swapping them is swapping ranks.
    let exact = (0..32).filter(|&s| difference(s).abs() >= observed - 1e-12).count() as f64 / 32.0;
    let found = swap_scores(&labels, &first, &second, &owners, 20_000, 7).unwrap();
    assert!((found.statistic - difference(0)).abs() < 1e-15);
    let slack = 4.0 * (exact * (1.0 - exact) / 20_000.0).sqrt() + 1e-4;
    assert!((found.p - exact).abs() < slack, "{} for {exact}", found.p);
}

#[test]
fn identical_scores_give_p_of_1_and_scale_says_nothing() {
    let labels: Vec<bool> = (0..30).map(|i| i % 3 == 0).collect();
    let owners: Vec<usize> = (0..30).map(|i| i / 2).collect();
    let scores: Vec<f64> = (0..30).map(|i| f64::from(i * 7 % 31)).collect();
    let same = swap_scores(&labels, &scores, &scores, &owners, 200, 1).unwrap();
    assert_eq!((same.statistic, same.p), (0.0, 1.0));
    let scaled: Vec<f64> = scores.iter().map(|s| 1000.0 * s - 5.0).collect();
    assert_eq!(swap_scores(&labels, &scores, &scaled, &owners, 200, 1).unwrap().p, 1.0);
}

/// Labels mixed within patients of one to three images who share half of a score: the test keeps its level.
#[test]
fn mixed_labels_keep_the_level() {
    use rand_core::RngCore;
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut uniform = || (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let (mut rejected, studies) = (0, 400);
    for seed in 0..studies {
        let (mut labels, mut scores, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        for patient in 0..30_usize {
            let (own, often) = (uniform(), uniform());
            for _ in 0..1 + patient % 3 {
                labels.push(uniform() < often);
                scores.push(own + uniform());
                owners.push(patient);
            }
        }
        let p = permute_labels(&labels, &scores, &owners, 199, seed).unwrap().p;
        rejected += u32::from(p <= 0.05);
    }
    // 20 expected; 8 and 34 are beyond three standard errors.
    assert!((8..=34).contains(&rejected), "{rejected} of {studies}");
}

#[test]
fn refusals() {
    let refused = |labels: &[bool], owners: &[u8], n| permute_labels(labels, &[0.1, 0.2], owners, n, 0);
    assert!(matches!(refused(&[true, false], &[1, 2], 0), Err(StatsError::OutOfRange { .. })));
    let one_class = NotEstimable::OneClass { positive: true, n: 2 };
    assert_eq!(refused(&[true, true], &[1, 2], 9), Err(one_class.into()));
    let short = NotEstimable::LengthMismatch { what: "patients".into(), labels: 2, found: 1 };
    assert_eq!(refused(&[true, false], &[1], 9), Err(short.into()));
}
