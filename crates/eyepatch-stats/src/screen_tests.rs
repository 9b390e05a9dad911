use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use super::*;
use crate::{encode_categories, holm_adjusted, normal_quantile};

struct Draws(ChaCha8Rng);

impl Draws {
    fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform().clamp(1e-12, 1.0 - 1e-12))
    }
}

/// `patients` patients a class with one to five images, labels constant within a patient; values share a patient's
/// own normal with correlation `rho` and are higher by `shift` in positives.
fn cohort(draws: &mut Draws, patients: usize, rho: f64, shift: f64) -> (Vec<bool>, Vec<f64>, Vec<usize>) {
    let mut out = (Vec::new(), Vec::new(), Vec::new());
    for patient in 0..2 * patients {
        let (label, own) = (patient % 2 == 0, draws.normal());
        for _ in 0..1 + (draws.uniform() * 5.0) as usize {
            let noise = draws.normal();
            out.0.push(label);
            out.1.push(rho.sqrt() * own + (1.0 - rho).sqrt() * noise + if label { shift } else { 0.0 });
            out.2.push(patient);
        }
    }
    out
}

/// The shift at which two normals of variance 1 have this AUC.
fn shift(auc: f64) -> f64 {
    std::f64::consts::SQRT_2 * normal_quantile(auc)
}

#[test]
fn at_the_threshold_it_alarms_at_most_as_often_as_it_says() {
    let mut draws = Draws(ChaCha8Rng::seed_from_u64(1907));
    for (patients, rho, auc) in [(20, 0.5, 0.55), (60, 0.8, 0.55), (100, 0.0, 0.55), (30, 0.5, 0.45)] {
        let trials = 800;
        let mut alarms = 0;
        for _ in 0..trials {
            let (labels, values, patients) = cohort(&mut draws, patients, rho, shift(auc));
            let screen = screen_values(&labels, &values, &patients).unwrap();
            alarms += usize::from(screen.p_at_most(0.55) <= 0.05);
        }
        // Two-sided on purpose, so half of 5 % is expected at the edge; 5 % is the promise.
        let share = alarms as f64 / f64::from(trials);
        assert!(share <= 0.05, "{patients} patients, rho {rho}, AUC {auc}: {share}");
    }
}

#[test]
fn of_many_null_columns_at_most_one_in_twenty_tables_alarms() {
    let mut draws = Draws(ChaCha8Rng::seed_from_u64(3));
    let (tables, columns) = (150, 30);
    let mut alarms = 0;
    for _ in 0..tables {
        let mut p = Vec::new();
        for column in 0..columns {
            // A third are categories of three kinds, encoded across folds.
            let (labels, mut values, patients) = cohort(&mut draws, 25, 0.6, 0.0);
            if column % 3 > 0 {
                p.push(screen_values(&labels, &values, &patients).unwrap().p_at_most(0.5));
                continue;
            }
            values.iter_mut().for_each(|v| *v = v.round().clamp(-1.0, 1.0));
            let kinds: Vec<usize> = values.iter().map(|v| (v + 1.0) as usize).collect();
            p.push(encoded(&kinds, &labels, &patients, column as u64).p_at_most(0.5));
        }
        alarms += usize::from(holm_adjusted(&p).iter().any(|p| *p <= 0.05));
    }
    // Even against 0.5, without the margin: 5 % of 150 is 7.5, and 13 would be its 97.5 % point.
    assert!(alarms <= 12, "{alarms} of {tables}");
}

fn encoded(kinds: &[usize], labels: &[bool], patients: &[usize], seed: u64) -> Screen {
    let folds = encode_categories(kinds, labels, patients, 2, seed).unwrap();
    let parts: Vec<(Vec<bool>, Vec<usize>)> =
        folds.iter().map(|f| f.rows.iter().map(|&r| (labels[r], patients[r])).unzip()).collect();
    let scores: Vec<_> = folds
        .iter()
        .zip(&parts)
        .enumerate()
        .map(|(fold, (f, (labels, patients)))| FoldScores { fold, labels, scores: &f.scores, patients })
        .collect();
    screen(&scores, Pointing::Towards).unwrap()
}

#[test]
fn categories_that_know_the_class_are_found_and_null_ones_stay_near_chance() {
    let mut draws = Draws(ChaCha8Rng::seed_from_u64(11));
    let (mut null, mut n) = (0.0, 0.0);
    for seed in 0..60_u64 {
        let (labels, _, patients) = cohort(&mut draws, 40, 0.0, 0.0);
        let drawn: Vec<usize> = (0..80).map(|_| (draws.uniform() * 5.0) as usize).collect();
        let random: Vec<usize> = patients.iter().map(|&p| drawn[p]).collect();
        null += encoded(&random, &labels, &patients, seed).auc;
        n += 1.0;
        let telling: Vec<usize> =
            labels.iter().zip(&patients).map(|(l, p)| if *l { p % 4 } else { 3 }).collect();
        let screen = encoded(&telling, &labels, &patients, seed);
        assert!(screen.auc > 0.8 && screen.p_at_most(0.55) < 1e-3, "{screen:?}");
    }
    assert!((null / n - 0.5).abs() < 0.03, "{}", null / n);
}

#[test]
fn a_perfect_column_alarms_with_twenty_patients_a_side_and_never_with_five_in_all() {
    let perfect = |m: usize, n: usize| {
        let labels: Vec<bool> = (0..m + n).map(|i| i < m).collect();
        let values: Vec<f64> = labels.iter().map(|l| f64::from(u8::from(*l))).collect();
        screen_values(&labels, &values, &(0..m + n).collect::<Vec<_>>()).unwrap()
    };
    // Held against a hundred columns.
    let level = 1.0 - 0.05 / 100.0;
    assert!(perfect(20, 20).lower_bound(level).unwrap() > 0.55);
    assert!(perfect(300, 300).lower_bound(level).unwrap() > 0.9);
    for (m, n) in [(2, 3), (3, 2)] {
        assert!(perfect(m, n).lower_bound(0.95).unwrap() <= 0.55, "{m} {n}");
        assert!(perfect(m, n).p_at_most(0.55) > 0.05);
    }
    let (lower, upper) = perfect(20, 20).interval(0.95).unwrap();
    assert!(lower > 0.7 && upper >= 1.0 - 1e-12, "{lower} {upper}");
}

proptest! {
    #[test]
    fn bound_and_p_say_the_same(seed in 0..500u64, level in 0.6..0.9999f64, auc in 0.5..0.95f64) {
        let mut draws = Draws(ChaCha8Rng::seed_from_u64(seed));
        let (labels, values, patients) = cohort(&mut draws, 12, 0.4, shift(auc));
        let screen = screen_values(&labels, &values, &patients).unwrap();
        let bound = screen.lower_bound(level).unwrap();
        prop_assert!(bound >= 0.5 && bound <= screen.strength());
        for threshold in [0.5, 0.55, 0.6, 0.7] {
            if (bound - threshold).abs() > 1e-9 {
                prop_assert_eq!(bound > threshold, screen.p_at_most(threshold) < 1.0 - level);
            }
        }
        let (lower, upper) = screen.interval(0.95).unwrap();
        prop_assert!(lower <= screen.auc && screen.auc <= upper && lower >= 0.0 && upper <= 1.0);
    }

    #[test]
    fn turning_the_values_mirrors_it(seed in 0..200u64) {
        let mut draws = Draws(ChaCha8Rng::seed_from_u64(seed));
        let (labels, values, patients) = cohort(&mut draws, 10, 0.4, 0.5);
        let turned: Vec<f64> = values.iter().map(|v| -v).collect();
        let (a, b) = (
            screen_values(&labels, &values, &patients).unwrap(),
            screen_values(&labels, &turned, &patients).unwrap(),
        );
        prop_assert!((a.auc - (1.0 - b.auc)).abs() < 1e-12);
        prop_assert!((a.p_at_most(0.55) - b.p_at_most(0.55)).abs() < 1e-9);
        let (x, y) = (a.interval(0.9).unwrap(), b.interval(0.9).unwrap());
        prop_assert!((x.0 - (1.0 - y.1)).abs() < 1e-9);
    }
}

#[test]
fn equal_values_say_nothing() {
    let (labels, patients): (Vec<bool>, Vec<usize>) = (0..40).map(|i| (i % 2 == 0, i)).unzip();
    let screen = screen_values(&labels, &[1.0; 40], &patients).unwrap();
    assert_eq!((screen.auc, screen.p_at_most(0.5), screen.p_at_most(0.55)), (0.5, 1.0, 1.0));
    assert_eq!(screen.lower_bound(0.95).unwrap(), 0.5);
}

#[test]
fn ties_take_from_the_variance_what_mann_and_whitney_say() {
    // Two values, a third of them high: 1 - (n/3)^3 - (2n/3)^3 over n^3 for large n.
    let values: Vec<f64> = (0..3000).map(|i| f64::from(u8::from(i % 3 == 0))).collect();
    assert!((ties(&values) - (1.0 - 1.0 / 27.0 - 8.0 / 27.0)).abs() < 1e-6);
    assert_eq!(ties(&[1.0, 2.0, 3.0]), 1.0);
}
