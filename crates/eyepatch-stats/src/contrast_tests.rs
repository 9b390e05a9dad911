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

#[test]
fn p_and_bounds_say_the_same() {
    let (labels, [first, second], patients) = two();
    let (a, b) = (influence(&labels, &first, &patients), influence(&labels, &second, &patients));
    for terms in [vec![(1.0, &a)], vec![(0.5, &a), (0.5, &b)], vec![(1.0, &a), (-1.0, &b)], vec![(-2.0, &b)]]
    {
        let e = contrast(&terms, 0.1).unwrap();
        for level in [0.6, 0.9, 0.95, 0.999] {
            let (lower, upper) = (e.lower_bound(level).unwrap(), e.upper_bound(level).unwrap());
            assert!((e.p_above(lower) - (1.0 - level)).abs() < 1e-9, "{e:?}");
            assert!((e.p_below(upper) - (1.0 - level)).abs() < 1e-9, "{e:?}");
        }
        assert!((e.p_above(0.02) + e.p_below(0.02) - 1.0).abs() < 1e-12);
        let less = e.p_above(0.0).min(e.p_below(0.0));
        assert!((e.p_two_sided() - 2.0 * less).abs() < 1e-12);
        assert_eq!(e.interval(0.9).unwrap(), (e.lower_bound(0.95).unwrap(), e.upper_bound(0.95).unwrap()));
    }
}

#[test]
fn a_mean_of_aucs_stays_between_0_and_1_and_a_difference_has_its_own_scale() {
    let (labels, [first, second], patients) = two();
    let (a, b) = (influence(&labels, &first, &patients), influence(&labels, &second, &patients));
    let method = |terms: &[(f64, &AucInfluence<u32>)]| contrast(terms, 0.0).unwrap().method;
    assert_eq!(method(&[(0.25, &a), (0.75, &b)]), IntervalMethod::Logit);
    assert_eq!(method(&[(1.0, &a), (-1.0, &b)]), IntervalMethod::Plain);
    assert_eq!(method(&[(1.5, &a), (-0.5, &b)]), IntervalMethod::Plain);
    let one = contrast(&[(1.0, &a)], 0.5).unwrap();
    let (lower, upper) = one.interval(0.999_999).unwrap();
    assert!(lower > -0.5 && upper < 0.5);
    // Beyond the ends of the scale nothing is left to ask.
    assert_eq!((one.p_above(-0.6), one.p_above(0.6)), (0.0, 1.0));
}

/// Two models that separate perfectly are not known to be one: no difference, but one that is not known to be 0.
#[test]
fn perfect_models_differ_by_what_so_few_patients_cannot_show() {
    let labels: Vec<bool> = (0..40).map(|i| i < 15).collect();
    let patients: Vec<u32> = (0..40).collect();
    let perfect = |step: i32| -> Vec<f64> {
        (0..40).map(|i| f64::from(i * step % 7) + if i < 15 { 10.0 } else { 0.0 }).collect()
    };
    let (a, b) = (influence(&labels, &perfect(3), &patients), influence(&labels, &perfect(5), &patients));
    let difference = contrast(&[(1.0, &a), (-1.0, &b)], 0.0).unwrap();
    assert_eq!((difference.estimate, difference.p_two_sided()), (0.0, 1.0));
    assert!(difference.se > 0.01 && difference.upper_bound(0.95).unwrap() > 0.02);
    let one = contrast(&[(1.0, &a)], 0.5).unwrap();
    assert_eq!((one.estimate, one.method), (0.5, IntervalMethod::Shrunk));
    assert!(one.p_above(0.05) < 0.01 && one.lower_bound(0.95).unwrap() < 0.5, "{}", one.p_above(0.05));
    let constant = influence(&labels, &[1.0; 40], &patients);
    let fall = contrast(&[(1.0, &a), (-1.0, &constant)], 0.0).unwrap();
    assert!(fall.se > one.se && fall.p_above(0.1) < 0.01, "{fall:?}");
}

/// Outcomes of a contrast over several folds are those of its pieces: with patients of their own, folds add up. What is known of
/// their variances does not: terms without a common patient are samples of their own.
#[test]
fn folds_and_terms_may_change_places() {
    let (labels, [first, second], patients) = two();
    let others: Vec<u32> = patients.iter().map(|p| p + 50).collect();
    let fold = |fold, scores, patients| FoldScores { fold, labels: &labels, scores, patients };
    let both = AucInfluence::new(&[fold(0, &first, &patients), fold(1, &second, &others)]).unwrap();
    let (a, b) = (influence(&labels, &first, &patients), influence(&labels, &second, &others));
    let (one, two) =
        (contrast(&[(1.0, &both)], 0.5).unwrap(), contrast(&[(0.5, &a), (0.5, &b)], 0.5).unwrap());
    assert!((one.estimate - two.estimate).abs() < 1e-15 && (one.se - two.se).abs() < 1e-15);
    assert!(one.freedom > two.freedom && one.n_patients == two.n_patients);
}

/// Scores of one image each, as label and score.
type Images = Vec<(bool, f64)>;

/// The AUC, and by class DeLong's variance with its patients, all by comparing every pair.
fn delong(images: &Images) -> (f64, [(f64, f64); 2]) {
    let of = |label: bool| images.iter().filter(move |i| i.0 == label).map(|i| i.1).collect::<Vec<f64>>();
    let (positive, negative) = (of(true), of(false));
    let win = |p: f64, n: f64| {
        if p > n {
            1.0
        } else if p == n {
            0.5
        } else {
            0.0
        }
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let v10: Vec<f64> =
        positive.iter().map(|p| mean(&negative.iter().map(|n| win(*p, *n)).collect::<Vec<_>>())).collect();
    let v01: Vec<f64> =
        negative.iter().map(|n| mean(&positive.iter().map(|p| win(*p, *n)).collect::<Vec<_>>())).collect();
    let auc = mean(&v10);
    let part = |v: &[f64]| {
        let n = v.len() as f64;
        (v.iter().map(|v| (v - auc).powi(2)).sum::<f64>() / (n - 1.0) / n, n)
    };
    (auc, [part(&v10), part(&v01)])
}

fn images(least: usize, most: usize) -> impl proptest::strategy::Strategy<Value = Images> {
    use proptest::prelude::*;
    let fits = |v: &Images| {
        let positives = v.iter().filter(|i| i.0).count();
        positives > 1 && v.len() - positives > 1
    };
    proptest::collection::vec((any::<bool>(), (0..12_i32).prop_map(f64::from)), least..most)
        .prop_filter("two of each class", fits)
}

proptest::proptest! {
    /// Two data sets without a common patient: DeLong's variances add up, with Welch's degrees of freedom over the four groups of
    /// patients.
    #[test]
    fn the_drop_between_two_samples_is_delongs_with_welchs_freedom(home in images(6, 30), there in images(6, 90)) {
        let of = |images: &Images, from: u32| {
            let labels: Vec<bool> = images.iter().map(|i| i.0).collect();
            let scores: Vec<f64> = images.iter().map(|i| i.1).collect();
            let patients: Vec<u32> = (from..).take(images.len()).collect();
            influence(&labels, &scores, &patients)
        };
        let (a, b) = (of(&home, 0), of(&there, 1000));
        let found = contrast(&[(1.0, &a), (-1.0, &b)], 0.0).unwrap();
        let ((auc_a, parts_a), (auc_b, parts_b)) = (delong(&home), delong(&there));
        proptest::prop_assert!((found.estimate - (auc_a - auc_b)).abs() < 1e-12);
        let parts: Vec<(f64, f64)> = parts_a.into_iter().chain(parts_b).collect();
        let each = [parts_a, parts_b].map(|p| p[0].0 + p[1].0);
        // A perfect side has no variance to compare; what stands for it is tested above.
        if each.iter().all(|v| *v > 1e-12) {
            let variance: f64 = each.iter().sum();
            proptest::prop_assert!((found.se - variance.sqrt()).abs() < 1e-9);
            let freedom = variance.powi(2) / parts.iter().map(|(v, n)| v * v / (n - 1.0)).sum::<f64>();
            proptest::prop_assert!((found.freedom - freedom.max(1.0)).abs() < 1e-6 * freedom, "{found:?} {freedom}");
        }
    }
}

/// What stands for a perfect model's variance goes by its own patients, not by those of the other data set.
#[test]
fn a_perfect_model_of_few_patients_is_not_made_sure_by_many_elsewhere() {
    let few: Images = (0..12).map(|i| (i < 6, f64::from(i32::from(i < 6)))).collect();
    let of = |images: &Images, from: u32| {
        let labels: Vec<bool> = images.iter().map(|i| i.0).collect();
        let scores: Vec<f64> = images.iter().map(|i| i.1).collect();
        influence(&labels, &scores, &(from..).take(images.len()).collect::<Vec<u32>>())
    };
    let many: Images =
        (0..2000).map(|i| (i % 2 == 0, f64::from(i * 7919 % 1009) + 200.0 * f64::from(1 - i % 2))).collect();
    let (a, b) = (of(&few, 0), of(&many, 1000));
    let one = contrast(&[(1.0, &a)], 0.0).unwrap();
    let drop = contrast(&[(1.0, &a), (-1.0, &b)], 0.0).unwrap();
    assert!(one.se > 0.05 && drop.se >= one.se, "{} {}", one.se, drop.se);
}

/// A column of noise, pointed to the class by the other folds' patients, 1500 times: the mean AUC varies about twice as much as folds
/// that know nothing of each other would let it.
#[test]
fn folds_that_learn_from_each_other_vary_twice_as_much() {
    use rand_core::{RngCore as _, SeedableRng as _};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    let mut uniform = move || (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let (n, k, runs) = (100_u32, 5_usize, 1500);
    let (mut found, mut said, mut above) = (Vec::new(), 0.0, [0, 0]);
    for _ in 0..runs {
        let labels: Vec<bool> = (0..n).map(|i| (i / 5) % 2 == 0).collect();
        let column: Vec<f64> = (0..n).map(|_| uniform()).collect();
        let mean = |fold: usize, wanted: bool| {
            let of: Vec<f64> = (0..n as usize)
                .filter(|&i| i % k != fold && labels[i] == wanted)
                .map(|i| column[i])
                .collect();
            of.iter().sum::<f64>() / of.len() as f64
        };
        let parts: Vec<(Vec<bool>, Vec<f64>, Vec<u32>)> = (0..k)
            .map(|fold| {
                let points = if mean(fold, true) > mean(fold, false) { 1.0 } else { -1.0 };
                let tested = (0..n).filter(|i| *i as usize % k == fold);
                let of = |i: u32| (labels[i as usize], (points * column[i as usize], i));
                let (labels, rest): (Vec<bool>, Vec<(f64, u32)>) = tested.map(of).unzip();
                let (scores, patients) = rest.into_iter().unzip();
                (labels, scores, patients)
            })
            .collect();
        let folds: Vec<FoldScores<'_, u32>> = parts
            .iter()
            .enumerate()
            .map(|(fold, (labels, scores, patients))| FoldScores { fold, labels, scores, patients })
            .collect();
        let mean = contrast(&[(1.0, &AucInfluence::new(&folds).unwrap())], 0.5).unwrap();
        found.push(mean.estimate);
        said += mean.se.powi(2) / f64::from(runs);
        above[0] += i32::from(mean.p_above(0.0) < 0.05);
        above[1] += i32::from(mean.cross_fitted().p_above(0.0) < 0.05);
    }
    let middle = found.iter().sum::<f64>() / found.len() as f64;
    let real = found.iter().map(|f| (f - middle).powi(2)).sum::<f64>() / found.len() as f64;
    assert!((1.6..2.4).contains(&(real / said)), "{}", real / said);
    assert!(above[0] > runs / 12 && above[1] < runs / 17, "{above:?} of {runs}");
}

#[test]
fn refusals() {
    let (labels, [scores, _], patients) = two();
    let a = influence(&labels, &scores, &patients);
    assert_eq!(contrast::<u32>(&[], 0.0), Err(StatsError::NoTerms));
    assert!(matches!(contrast(&[(f64::NAN, &a)], 0.0), Err(StatsError::OutOfRange { name: "weight", .. })));
    assert!(matches!(
        contrast(&[(1.0, &a)], f64::NAN),
        Err(StatsError::OutOfRange { name: "reference", .. })
    ));
    let e = contrast(&[(1.0, &a)], 0.0).unwrap();
    assert!(e.lower_bound(0.4).is_err() && e.upper_bound(1.0).is_err() && e.interval(0.0).is_err());
}
