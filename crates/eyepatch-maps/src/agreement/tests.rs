use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::golden::{cases, map, number};
use crate::twins::maps;
use crate::{Map, MapsError, NotEstimable, Outcome};

#[test]
fn equals_scipy_and_scikit_image() {
    for case in cases("pairs") {
        let found = similarity(&map(&case, "first"), &map(&case, "second")).unwrap();
        for (name, value) in [
            ("spearman", found.spearman),
            ("spearman_absolute", found.spearman_absolute),
            ("cosine", found.cosine),
            ("ssim", found.ssim),
        ] {
            let (value, expected) = (*value.value().unwrap(), number(&case, name));
            assert!((value - expected).abs() < 1e-10, "{name}: {value} {expected}");
        }
    }
}

/// A rank by counting what is smaller.
fn slow_ranks(values: &[f64]) -> Vec<f64> {
    let count = |v: &f64, f: fn(&f64, &f64) -> bool| values.iter().filter(|w| f(w, v)).count() as f64;
    values.iter().map(|v| count(v, |w, v| w < v) + (count(v, |w, v| w == v) + 1.0) / 2.0).collect()
}

fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (ma, mb) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(x, y)| f(x - ma, y - mb)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

proptest! {
    #[test]
    fn spearman_equals_its_twin(first in maps(6), second in maps(6)) {
        let (a, b) = on_one_grid(&first, &second).unwrap();
        match spearman(&first, &second) {
            Ok(found) => {
                let slow = pearson(&slow_ranks(a.values()), &slow_ranks(b.values()));
                prop_assert!((found - slow).abs() < 1e-9, "{} {}", found, slow);
                prop_assert_eq!(found, spearman(&second, &first).unwrap());
            }
            Err(MapsError::NotEstimable(NotEstimable::ConstantMap)) => {
                prop_assert!(a.is_constant() || b.is_constant());
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn a_map_agrees_with_itself_and_opposes_its_negative(first in maps(9), share in 0.05..0.95_f64) {
        prop_assume!(!first.absolute().is_constant());
        let negative = Map::new(first.height(), first.width(), first.values().iter().map(|v| -v).collect()).unwrap();
        prop_assert!((spearman(&first, &first).unwrap() - 1.0).abs() < 1e-12);
        prop_assert!((spearman(&first, &negative).unwrap() + 1.0).abs() < 1e-12);
        prop_assert!((cosine(&first, &negative).unwrap() + 1.0).abs() < 1e-12);
        prop_assert!((top_overlap(&first, &negative, share).unwrap().iou - 1.0).abs() < 1e-12);
    }

    /// Without ties: sets.
    #[test]
    fn top_overlap_equals_its_twin(order in Just((1..=30).collect::<Vec<i32>>()).prop_shuffle(), k in 1..29_usize) {
        let second: Vec<f64> = order.into_iter().map(f64::from).collect();
        let first: Vec<f64> = (1..=30).map(|v| -f64::from(v)).collect();
        let top = |v: &[f64]| (0..30).filter(|i| v[*i].abs() > (30 - k) as f64).collect::<BTreeSet<_>>();
        let (a, b) = (top(&first), top(&second));
        let expected = a.intersection(&b).count() as f64 / a.union(&b).count() as f64;
        let map = |v: Vec<f64>| Map::new(5, 6, v).unwrap();
        let found = top_overlap(&map(first), &map(second), k as f64 / 30.0).unwrap();
        prop_assert!((found.iou - expected).abs() < 1e-12 && (found.share - k as f64 / 30.0).abs() < 1e-12);
    }
}

#[test]
fn ties_at_the_limit_count_in_part() {
    let a = Map::new(1, 4, vec![5.0, 1.0, 1.0, 0.0]).unwrap();
    let b = Map::new(1, 4, vec![5.0, 1.0, 0.5, 0.0]).unwrap();
    // Two of four: {first, half of the second and third} against {first, second}.
    assert!((top_overlap(&a, &b, 0.5).unwrap().iou - 1.5 / 2.5).abs() < 1e-12);
}

#[test]
fn a_constant_map_says_why() {
    let flat = Map::new(8, 8, vec![0.0; 64]).unwrap();
    let other = Map::new(8, 8, (0..64).map(f64::from).collect()).unwrap();
    let found = similarity(&flat, &other).unwrap();
    assert_eq!(found.spearman, Outcome::NotEstimable(NotEstimable::ConstantMap));
    assert_eq!(found.cosine, Outcome::NotEstimable(NotEstimable::ZeroMap));
    assert_eq!(found.top, Outcome::NotEstimable(NotEstimable::ConstantMap));
    let small = Map::new(4, 4, (0..16).map(f64::from).collect()).unwrap();
    let found = similarity(&small, &other).unwrap();
    assert_eq!(found.ssim, Outcome::NotEstimable(NotEstimable::SmallMap { height: 4, width: 4, window: 7 }));
    let text = serde_json::to_string(&found).unwrap();
    assert!(text.contains(r#""ssim":{"not_estimable":{"reason":"small_map""#), "{text}");
    assert_eq!(serde_json::from_str::<Similarity>(&text).unwrap(), found);
    assert!(matches!(top_overlap(&small, &other, 0.0), Err(MapsError::OutOfRange { .. })));
}

#[test]
fn the_mean_counts_what_it_leaves_out() {
    let golden = cases("pairs");
    let maps: Vec<(Map, Map)> = golden.iter().map(|c| (map(c, "first"), map(c, "second"))).collect();
    let flat = Map::new(7, 7, vec![0.5; 49]).unwrap();
    let names = ["a", "b", "c", "a"];
    let mut pairs: Vec<Pair<'_>> =
        names.iter().zip(&maps).map(|(patient, (first, second))| Pair { patient, first, second }).collect();
    pairs.push(Pair { patient: "d", first: &maps[0].0, second: &flat });
    let found = mean_agreement(&pairs, 0.95).unwrap();
    let values: Vec<f64> = golden.iter().map(|c| number(c, "spearman_absolute")).collect();
    let expected = ((values[0] + values[3]) / 2.0 + values[1] + values[2]) / 3.0;
    let mean = found.mean.value().unwrap();
    assert!((mean.mean - expected).abs() < 1e-10 && (mean.n_images, mean.n_patients) == (4, 3));
    assert_eq!(found.left_out, 1);
    let alone = mean_agreement(&pairs[4..], 0.95).unwrap();
    assert_eq!((alone.mean.value(), alone.left_out), (None, 1));
}
