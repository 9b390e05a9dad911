use proptest::prelude::*;

use super::*;
use crate::bootstrap_interval::{corrected, quantile};
use crate::jackknife::acceleration;
use crate::{AucInfluence, BootstrapMethod, NotEstimable, auc, contrast};

/// Images of 2 to 15 patients, each seen by both models of a common test set or by one model of two folds.
#[derive(Debug, Clone)]
struct Study {
    labels: Vec<bool>,
    patients: Vec<u32>,
    scores: [Vec<f64>; 2],
}

impl Study {
    fn fold(&self, fold: usize, model: usize) -> FoldScores<'_, u32> {
        FoldScores { fold, labels: &self.labels, scores: &self.scores[model], patients: &self.patients }
    }
}

fn studies(shift: u32) -> impl Strategy<Value = Study> {
    prop::collection::vec((any::<bool>(), 0_u32..15, -6_i32..6, -6_i32..6), 12..50)
        .prop_map(move |rows| Study {
            labels: rows.iter().map(|r| r.0).collect(),
            patients: rows.iter().map(|r| r.1 + shift).collect(),
            scores: [
                rows.iter().map(|r| f64::from(r.2) / 3.0).collect(),
                rows.iter().map(|r| f64::from(r.3) / 3.0).collect(),
            ],
        })
        .prop_filter("two patients a class", |s| AucInfluence::new(&[s.fold(0, 0)]).is_ok())
}

/// The slow twin: images written out as often as their patient was drawn.
fn written_out(fold: &FoldScores<'_, u32>, index: &BTreeMap<&u32, usize>, weights: &[u16]) -> f64 {
    let (mut labels, mut scores) = (Vec::new(), Vec::new());
    for (i, patient) in fold.patients.iter().enumerate() {
        for _ in 0..weights[index[patient]] {
            labels.push(fold.labels[i]);
            scores.push(fold.scores[i]);
        }
    }
    auc(&labels, &scores).unwrap_or(f64::NAN)
}

fn same(a: f64, b: f64) -> bool {
    (a.is_nan() && b.is_nan()) || (a - b).abs() < 1e-12
}

proptest! {
    #[test]
    fn replicates_are_aucs_of_images_written_out(a in studies(0), b in studies(100), seed in any::<u64>()) {
        let cells =
            vec![vec![a.fold(0, 0), b.fold(1, 0)], vec![a.fold(0, 1), b.fold(1, 1)], vec![a.fold(0, 0)]];
        let found = bootstrap(&cells, 40, seed).unwrap();
        let patients = Patients::new(&cells);
        let mut weights = Weights::new(patients.strata.len());
        for first in [0, LANES, 2 * LANES] {
            patients.draw(&mut weights, seed, first as u64);
            for lane in 0..LANES.min(40 - first) {
                let drawn = weights.lane(lane);
                for (cell, folds) in cells.iter().enumerate() {
                    let aucs = folds.iter().map(|f| written_out(f, &patients.index, &drawn));
                    let slow = aucs.sum::<f64>() / folds.len() as f64;
                    prop_assert!(same(found.replicates[cell][first + lane], slow));
                }
            }
        }
    }

    #[test]
    fn draws_keep_the_size_of_every_stratum(a in studies(0), b in studies(8), seed in any::<u64>()) {
        let patients = Patients::new(&[vec![a.fold(0, 0), b.fold(1, 0)]]);
        let mut weights = Weights::new(patients.strata.len());
        patients.draw(&mut weights, seed, 0);
        for lane in 0..LANES {
            let drawn = weights.lane(lane);
            for members in &patients.members {
                prop_assert_eq!(members.iter().map(|&p| usize::from(drawn[p])).sum::<usize>(), members.len());
            }
        }
        // A patient's stratum: the folds it lies in and whether it has a positive image.
        for (patient, &number) in &patients.index {
            let kind = |who: &u32| {
                let rows = |s: &Study| s.patients.iter().zip(&s.labels).filter(|(p, _)| *p == who).map(|r| *r.1).collect::<Vec<_>>();
                let (one, two) = (rows(&a), rows(&b));
                (one.is_empty(), two.is_empty(), one.contains(&true) || two.contains(&true))
            };
            for (other, &at) in &patients.index {
                prop_assert_eq!(patients.strata[number] == patients.strata[at], kind(patient) == kind(other));
            }
        }
    }

    #[test]
    fn jackknife_is_the_auc_without_a_patient(a in studies(0), b in studies(8)) {
        let folds = [a.fold(0, 0), b.fold(1, 1)];
        let patients = Patients::new(&[folds.to_vec()]);
        let found = left_out(&folds, &patients.index).unwrap();
        for &number in patients.index.values() {
            let weights: Vec<u16> = (0..patients.strata.len()).map(|p| u16::from(p != number)).collect();
            let slow = folds.iter().map(|f| written_out(f, &patients.index, &weights)).sum::<f64>() / 2.0;
            prop_assert!(same(found[number], slow), "{} != {slow}", found[number]);
        }
    }
}

/// 120 images of 60 patients, two models.
fn study() -> Study {
    let labels: Vec<bool> = (0..120).map(|i| i / 2 % 3 == 0).collect();
    let scores = |step: i32, more: f64| {
        let score = |i: i32| f64::from(i * step % 121) + if i / 2 % 3 == 0 { more } else { 0.0 };
        (0..120).map(score).collect()
    };
    Study {
        labels,
        patients: (0..120).map(|i| i / 2).collect(),
        scores: [scores(37, 60.0), scores(53, 30.0)],
    }
}

#[test]
fn the_result_does_not_depend_on_threads() {
    let study = study();
    let cells = vec![vec![study.fold(0, 0)], vec![study.fold(0, 1)]];
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| bootstrap(&cells, 300, 1907)).unwrap()
    };
    assert_eq!(with(1), with(3));
    assert_ne!(with(1).replicates, bootstrap(&cells, 300, 1908).unwrap().replicates);
    // More replicates go on where fewer ended.
    let more = bootstrap(&cells, 400, 1907).unwrap();
    assert_eq!(more.replicates[1][..300], with(1).replicates[1]);
}

#[test]
fn the_spread_is_near_the_clustered_standard_error_and_differences_are_paired() {
    let study = study();
    let found = bootstrap(&[vec![study.fold(0, 0)], vec![study.fold(0, 1)]], 4000, 5).unwrap();
    let influence = [0, 1].map(|m| AucInfluence::new(&[study.fold(0, m)]).unwrap());
    for (terms, weights) in [(vec![(1.0, 0)], [1.0, 0.0]), (vec![(1.0, 0), (-1.0, 1)], [1.0, -1.0])] {
        let exact = contrast(&[(weights[0], &influence[0]), (weights[1], &influence[1])], 0.0).unwrap();
        for method in [BootstrapMethod::Percentile, BootstrapMethod::Bca] {
            let interval = found.interval(&terms, 0.95, method).unwrap();
            assert!((interval.se / exact.se - 1.0).abs() < 0.1, "{interval:?} {exact:?}");
            assert!((interval.estimate - exact.estimate).abs() < 1e-12);
            let (lower, upper) = exact.interval(0.95).unwrap();
            let off = (interval.lower - lower).abs().max((interval.upper - upper).abs());
            assert!(off < 0.5 * exact.se, "{interval:?} {lower} {upper}");
        }
    }
    let nothing = found.interval(&[(1.0, 0), (-1.0, 0)], 0.95, BootstrapMethod::Bca).unwrap();
    assert_eq!((nothing.estimate, nothing.lower, nothing.upper, nothing.se), (0.0, 0.0, 0.0, 0.0));
}

#[test]
fn bca_is_that_of_scipy() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../tests/golden/inference.json")).expect("golden file");
    let rows = golden["bca"].as_array().unwrap();
    for row in rows {
        let numbers = |key: &str| -> Vec<f64> {
            row[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
        };
        let (positive, negative, mut drawn) = (numbers("positive"), numbers("negative"), numbers("drawn"));
        let labels: Vec<bool> = (0..positive.len() + negative.len()).map(|i| i < positive.len()).collect();
        let scores: Vec<f64> = positive.iter().chain(&negative).copied().collect();
        let patients: Vec<usize> = (0..labels.len()).collect();
        let fold = FoldScores { fold: 0, labels: &labels, scores: &scores, patients: &patients };
        let cohort = Patients::new(&[vec![fold]]);
        let without = left_out(&[fold], &cohort.index).unwrap();
        drawn.sort_unstable_by(f64::total_cmp);
        let shares = corrected(
            [0.025, 0.975],
            auc(&labels, &scores).unwrap(),
            &drawn,
            acceleration(&without, &cohort.strata).unwrap(),
        );
        for (share, expected) in shares.iter().zip(numbers("interval")) {
            assert!((quantile(&drawn, *share) - expected).abs() < 1e-12, "{shares:?}");
        }
    }
    assert_eq!(rows.len(), 6);
}

#[test]
fn refusals() {
    let study = study();
    let cells = vec![vec![study.fold(0, 0)]];
    assert_eq!(bootstrap::<u32>(&[], 10, 0), Err(StatsError::NoTerms));
    assert!(matches!(bootstrap(&cells, 0, 0), Err(StatsError::OutOfRange { .. })));
    let found = bootstrap(&cells, 10, 0).unwrap();
    let refused =
        |terms: &[(f64, usize)], level| found.interval(terms, level, BootstrapMethod::Bca).unwrap_err();
    assert_eq!(refused(&[], 0.95), StatsError::NoTerms);
    assert!(matches!(refused(&[(1.0, 1)], 0.95), StatsError::OutOfRange { name: "cell", .. }));
    assert!(matches!(refused(&[(1.0, 0)], 1.0), StatsError::OutOfRange { name: "level", .. }));
    assert!(found.replicates(&[(1.0, 3)]).is_none());
    let lost = Bootstrap { replicates: vec![vec![f64::NAN, f64::NAN, 0.5]], ..found };
    let few = NotEstimable::FewReplicates { failed: 2, replicates: 3 };
    assert_eq!(lost.interval(&[(1.0, 0)], 0.9, BootstrapMethod::Percentile), Err(few.into()));
}
