use proptest::prelude::*;

use super::*;
use crate::{NotEstimable, Placements, auc, normal_quantile, normal_upper_tail, student_quantile};

#[derive(Debug)]
struct Case {
    labels: Vec<bool>,
    scores: Vec<f64>,
    patients: Vec<u32>,
}

impl Case {
    fn fold(&self, fold: usize) -> FoldScores<'_, u32> {
        FoldScores { fold, labels: &self.labels, scores: &self.scores, patients: &self.patients }
    }
}

fn mean(folds: &[FoldScores<'_, u32>]) -> AucEstimate {
    mean_auc_over_folds(folds, 0.95).unwrap()
}

/// Obuchowski's variance from all pairs, as the paper writes it.
fn variance_slowly(c: &Case) -> f64 {
    covariance_slowly(c, c)
}

/// The same of two sets of scores of the same images: her covariance of two AUCs.
fn covariance_slowly(c: &Case, other: &Case) -> f64 {
    let pick =
        |wanted: bool| -> Vec<usize> { (0..c.labels.len()).filter(|&i| c.labels[i] == wanted).collect() };
    let (p, n) = (pick(true), pick(false));
    let psi = |c: &Case, i: usize, j: usize| {
        f64::from(u8::from(c.scores[i] > c.scores[j])) + 0.5 * f64::from(u8::from(c.scores[i] == c.scores[j]))
    };
    let mean_auc = |c: &Case| auc(&c.labels, &c.scores).unwrap();
    let v10 =
        |c: &Case, i: usize| n.iter().map(|&j| psi(c, i, j)).sum::<f64>() / n.len() as f64 - mean_auc(c);
    let v01 =
        |c: &Case, j: usize| p.iter().map(|&i| psi(c, i, j)).sum::<f64>() / p.len() as f64 - mean_auc(c);
    let mut patients = c.patients.clone();
    patients.sort_unstable();
    patients.dedup();
    let count = |part: &[usize]| {
        patients.iter().filter(|&&who| part.iter().any(|&i| c.patients[i] == who)).count() as f64
    };
    let (i10, i01, all) = (count(&p), count(&n), patients.len() as f64);
    let (mut s10, mut s01, mut s11) = (0.0, 0.0, 0.0);
    for &who in &patients {
        let x = |c: &Case| p.iter().filter(|&&i| c.patients[i] == who).map(|&i| v10(c, i)).sum::<f64>();
        let y = |c: &Case| n.iter().filter(|&&j| c.patients[j] == who).map(|&j| v01(c, j)).sum::<f64>();
        s10 += x(c) * x(other);
        s01 += y(c) * y(other);
        // Once positives of the one with negatives of the other and once the other way round.
        s11 += (x(c) * y(other) + x(other) * y(c)) / 2.0;
    }
    let (m, k) = (p.len() as f64, n.len() as f64);
    let s10 = s10 * i10 / ((i10 - 1.0) * m);
    let s01 = s01 * i01 / ((i01 - 1.0) * k);
    s10 / m + s01 / k + 2.0 * s11 * all / (all - 1.0) / (m * k)
}

/// DeLong's variance: sample variances of the placements.
fn delong_slowly(c: &Case) -> f64 {
    let placements = Placements::new(&c.labels, &c.scores).unwrap();
    let of = |wanted: bool| {
        let v: Vec<f64> =
            c.labels.iter().zip(&placements.values).filter(|(l, _)| **l == wanted).map(|(_, v)| *v).collect();
        let n = v.len() as f64;
        v.iter().map(|x| (x - placements.auc).powi(2)).sum::<f64>() / (n - 1.0) / n
    };
    of(true) + of(false)
}

/// 6 to 40 images of 2 to 12 patients; at least two patients a class.
fn cases() -> impl Strategy<Value = Case> {
    prop::collection::vec((any::<bool>(), -6i32..6, 0u32..12), 6..40)
        .prop_map(|rows| Case {
            labels: rows.iter().map(|r| r.0).collect(),
            scores: rows.iter().map(|r| f64::from(r.1) / 3.0).collect(),
            patients: rows.iter().map(|r| r.2).collect(),
        })
        .prop_filter("two patients a class", |c| mean_auc_over_folds(&[c.fold(0)], 0.95).is_ok())
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12
}

proptest! {
    #[test]
    fn one_fold_is_obuchowski(c in cases()) {
        let found = mean(&[c.fold(0)]);
        let slow = variance_slowly(&c);
        if found.method == IntervalMethod::Logit {
            prop_assert!(close(found.se.powi(2), slow), "{} != {slow}", found.se.powi(2));
        } else {
            prop_assert!(slow.abs() < 1e-14 || found.auc == 0.0 || found.auc == 1.0, "{slow}");
        }
        prop_assert!(0.0 <= found.lower && found.lower <= found.auc);
        prop_assert!(found.auc <= found.upper && found.upper <= 1.0);
    }

    #[test]
    fn one_image_a_patient_is_delong(mut c in cases()) {
        c.patients = (0..).take(c.labels.len()).collect();
        let found = mean(&[c.fold(0)]);
        prop_assume!(found.method == IntervalMethod::Logit);
        prop_assert!(close(found.se.powi(2), delong_slowly(&c)));
    }

    #[test]
    fn folds_with_their_own_patients_add_up(a in cases(), mut b in cases()) {
        b.patients.iter_mut().for_each(|p| *p += 100);
        let (one, two, both) = (mean(&[a.fold(0)]), mean(&[b.fold(1)]), mean(&[a.fold(0), b.fold(1)]));
        prop_assume!([&one, &two, &both].iter().all(|e| e.method == IntervalMethod::Logit));
        prop_assert!(close(both.auc, one.auc.midpoint(two.auc)));
        prop_assert!(close(both.se.powi(2), (one.se.powi(2) + two.se.powi(2)) / 4.0));
        prop_assert_eq!(both.n_patients, one.n_patients + two.n_patients);
    }

    /// A common test set scored alike by k folds' models has the variance of one fold, not 1 / k of it.
    #[test]
    fn the_same_scores_in_k_folds_say_nothing_new(c in cases(), k in 2usize..7) {
        let (once, often) = (mean(&[c.fold(0)]), mean(&(0..k).map(|f| c.fold(f)).collect::<Vec<_>>()));
        prop_assume!(once.method == IntervalMethod::Logit);
        prop_assert!(close(once.auc, often.auc) && close(once.se, often.se));
        prop_assert_eq!(once.n_patients, often.n_patients);
    }

    /// Two models on a common test set: the variance of their mean is (var A + var B + 2 cov(A, B)) / 4, all three from all
    /// pairs as the papers write them.
    #[test]
    fn a_common_test_set_brings_in_the_covariance(a in cases(), shift in prop::collection::vec(-6i32..6, 40)) {
        let scores = a.scores.iter().zip(shift).map(|(s, more)| s + f64::from(more) / 3.0).collect();
        let b = Case { labels: a.labels.clone(), scores, patients: a.patients.clone() };
        let both = mean(&[a.fold(0), b.fold(1)]);
        prop_assume!(both.method == IntervalMethod::Logit);
        let slow = (variance_slowly(&a) + variance_slowly(&b) + 2.0 * covariance_slowly(&a, &b)) / 4.0;
        prop_assert!(close(both.se.powi(2), slow), "{} != {slow}", both.se.powi(2));
    }

    #[test]
    fn a_fold_may_be_on_its_own_scale(a in cases(), mut b in cases(), shift in -50i32..50) {
        let before = mean(&[a.fold(0), b.fold(1)]);
        b.scores.iter_mut().for_each(|s| *s = 8.0 * *s + f64::from(shift));
        prop_assert_eq!(before, mean(&[a.fold(0), b.fold(1)]));
    }
}

#[test]
fn golden() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../tests/golden/stats.json")).expect("golden file");
    let (mut clustered, mut single) = (0, 0);
    for row in golden["auc"].as_array().unwrap() {
        let numbers = |key: &str| row[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap());
        let case = Case {
            labels: row["labels"].as_str().unwrap().bytes().map(|b| b == b'1').collect(),
            scores: numbers("scores").collect(),
            patients: numbers("patients").map(|p| p as u32).collect(),
        };
        let value = |key: &str| row[key].as_f64().unwrap();
        assert!(close(auc(&case.labels, &case.scores).unwrap(), value("auc")));
        let found = mean(&[case.fold(0)]);
        assert!(close(found.se.powi(2), value("clustered")), "{} {}", found.se.powi(2), value("clustered"));
        if row["one_image_each"].as_bool().unwrap() {
            assert!(close(found.se.powi(2), value("delong")));
            single += 1;
        } else {
            assert!((found.se.powi(2) - value("delong")).abs() > 1e-6, "clustering changes the variance");
            clustered += 1;
        }
    }
    assert!(clustered >= 3 && single >= 3);
}

#[test]
fn perfect_and_constant_scores_have_an_interval() {
    let labels: Vec<bool> = (0..20).map(|i| i < 8).collect();
    let patients: Vec<u32> = (0..20).collect();
    let perfect: Vec<f64> = labels.iter().map(|&l| f64::from(u8::from(l))).collect();
    let estimate = |scores: Vec<f64>| {
        let case = Case { labels: labels.clone(), scores, patients: patients.clone() };
        mean(&[case.fold(0)])
    };
    let one = estimate(perfect.clone());
    assert_eq!((one.auc, one.upper, one.method), (1.0, 1.0, IntervalMethod::Shrunk));
    assert!(one.lower > 0.5 && one.lower < 0.9 && one.se > 0.0, "{one:?}");
    assert!(one.p_above(0.55) < 0.03, "{}", one.p_above(0.55));
    let zero = estimate(perfect.iter().map(|s| -s).collect());
    assert!(close(zero.upper, 1.0 - one.lower) && zero.lower == 0.0);
    let half = estimate(vec![0.25; 20]);
    assert_eq!((half.auc, half.method), (0.5, IntervalMethod::Shrunk));
    assert!(half.lower < 0.35 && half.upper > 0.65 && half.p_above(0.55) > 0.5);
}

#[test]
fn bounds_and_p_values_agree_with_student_on_the_logit_scale() {
    let labels: Vec<bool> = (0..60).map(|i| i % 3 == 0).collect();
    let scores: Vec<f64> =
        (0..60).map(|i| f64::from(i * 37 % 61) + if i % 3 == 0 { 12.0 } else { 0.0 }).collect();
    let patients: Vec<u32> = (0..60).map(|i| i / 2).collect();
    let e = mean(&[Case { labels, scores, patients }.fold(0)]);
    assert_eq!((e.n_images, e.n_positive, e.n_patients), (60, 20, 30));
    // The two-sided 95 % interval is the pair of one-sided 97.5 % bounds.
    assert!(close(e.upper_bound(0.975).unwrap(), e.upper) && close(e.lower_bound(0.975).unwrap(), e.lower));
    assert!(e.upper_bound(0.95).unwrap() < e.upper && e.lower_bound(0.95).unwrap() > e.lower);
    assert!(close(e.p_above(e.auc), 0.5));
    let (t, logit) = (student_quantile(0.025, e.freedom), |p: f64| (p / (1.0 - p)).ln());
    let half = t * e.se / (e.auc * (1.0 - e.auc));
    assert!(close(logit(e.upper) - logit(e.auc), half) && close(logit(e.auc) - logit(e.lower), half));
    assert!((e.p_above(e.lower) - 0.025).abs() < 1e-12);
    assert!(e.upper_bound(1.0).is_err() && e.lower_bound(0.2).is_err());
}

#[test]
fn refusals_name_the_fold() {
    let good = Case {
        labels: vec![true, true, false, false],
        scores: vec![0.1, 0.9, 0.2, 0.3],
        patients: vec![0, 1, 2, 3],
    };
    let refused = |c: &Case| match mean_auc_over_folds(&[good.fold(0), c.fold(4)], 0.95) {
        Err(StatsError::FoldNotEstimable { fold: 4, reason }) => reason,
        other => panic!("{other:?}"),
    };
    let with = |labels: [bool; 4], patients: &[u32]| Case {
        labels: labels.to_vec(),
        scores: good.scores.clone(),
        patients: patients.to_vec(),
    };
    let one_class = refused(&with([true; 4], &[0, 1, 2, 3]));
    assert_eq!(one_class, NotEstimable::OneClass { positive: true, n: 4 });
    let one_patient = refused(&with([true, true, false, false], &[7, 7, 2, 3]));
    assert_eq!(one_patient, NotEstimable::OnePatient { positive: true, n: 1 });
    let short = refused(&with([true, true, false, false], &[7, 7, 2]));
    assert_eq!(short, NotEstimable::LengthMismatch { what: "patients".into(), labels: 4, found: 3 });
    let nan =
        Case { scores: vec![0.0, 1.0, f64::NAN, 2.0], ..with([true, true, false, false], &[0, 1, 2, 3]) };
    assert_eq!(refused(&nan), NotEstimable::NanScore { index: 2 });

    let twice = mean_auc_over_folds(&[good.fold(1), good.fold(1)], 0.95);
    assert_eq!(twice, Err(StatsError::DuplicateFold { fold: 1 }));
    assert_eq!(mean_auc_over_folds::<u32>(&[], 0.95), Err(StatsError::NotEstimable(NotEstimable::Empty)));
    assert!(matches!(mean_auc_over_folds(&[good.fold(0)], 1.0), Err(StatsError::OutOfRange { .. })));
}

/// Two images a patient that agree (correlation 0.5) and a label a patient: the clustered test keeps its level, where
/// taking images for patients rejects too often.
#[test]
fn level_holds_where_patients_have_two_images() {
    use rand_core::{RngCore, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1907);
    let mut normal = || normal_quantile(((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64);
    let (patients, studies) = (60u32, 3000);
    let rows = 2 * patients;
    let (mut clustered, mut naive) = (0, 0);
    for _ in 0..studies {
        let mut own = 0.0;
        let scores: Vec<f64> = (0..rows)
            .map(|i| {
                own = if i % 2 == 0 { normal() } else { own };
                (own + normal()) * std::f64::consts::FRAC_1_SQRT_2
            })
            .collect();
        let labels: Vec<bool> = (0..rows).map(|i| i / 2 < patients / 3).collect();
        let mut case = Case { labels, scores, patients: (0..rows).map(|i| i / 2).collect() };
        clustered += u32::from(mean(&[case.fold(0)]).p_above(0.5) < 0.05);
        case.patients = (0..rows).collect();
        naive += u32::from(mean(&[case.fold(0)]).p_above(0.5) < 0.05);
    }
    let share = |n: u32| f64::from(n) / f64::from(studies);
    // 6.2 % and 9.9 %; a normal and not a t distribution for 20 positive patients costs the last point.
    assert!((0.035..0.07).contains(&share(clustered)), "{}", share(clustered));
    assert!(share(naive) > 0.08, "{}", share(naive));
}

/// Five models of a cross-validation on one test set: half of a score is the image's own and the same in all, half is the
/// model's. The clustered test keeps its level, where taking the folds' variances for independent rejects too often.
#[test]
fn level_holds_where_folds_share_their_test_set() {
    use rand_core::{RngCore, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let mut normal = || normal_quantile(((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64);
    let (patients, folds, studies) = (60u32, 5, 1500);
    let labels: Vec<bool> = (0..patients).map(|i| i < patients / 3).collect();
    let (mut clustered, mut apart) = (0, 0);
    for _ in 0..studies {
        let image: Vec<f64> = labels.iter().map(|_| normal()).collect();
        let cases: Vec<Case> = (0..folds)
            .map(|_| Case {
                labels: labels.clone(),
                scores: image.iter().map(|own| own + normal()).collect(),
                patients: (0..patients).collect(),
            })
            .collect();
        let together = mean(&cases.iter().enumerate().map(|(k, c)| c.fold(k)).collect::<Vec<_>>());
        clustered += u32::from(together.p_above(0.5) < 0.05);
        let sum: f64 = cases.iter().map(|c| mean(&[c.fold(0)]).se.powi(2)).sum();
        let independent = sum.sqrt() / f64::from(folds);
        apart += u32::from(normal_upper_tail((together.auc - 0.5) / independent) < 0.05);
    }
    let share = |n: u32| f64::from(n) / f64::from(studies);
    assert!((0.035..0.075).contains(&share(clustered)), "{}", share(clustered));
    assert!(share(apart) > 0.12, "{}", share(apart));
}
