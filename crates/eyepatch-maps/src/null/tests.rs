use std::collections::BTreeSet;

use eyepatch_core::{Mask, Seed};
use proptest::prelude::*;

use super::*;
use crate::places::{PlaceRule, Places};
use crate::summary::{Observation, ShareMethod};
use crate::twins::maps;
use crate::{Map, MapsError, NotEstimable};

proptest! {
    /// The quantile and p say the same, with ties too; both against plain counting.
    #[test]
    fn quantile_and_p_agree(draws in prop::collection::vec(0..12_i32, 19..200), statistic in 0..13_i32) {
        let draws: Vec<f64> = draws.into_iter().map(f64::from).collect();
        let statistic = f64::from(statistic);
        let test = NullTest::new(statistic, &draws, 0.95).unwrap();
        let as_large = draws.iter().filter(|d| **d >= statistic).count();
        prop_assert_eq!(test.p, (as_large + 1) as f64 / (draws.len() + 1) as f64);
        prop_assert_eq!(test.exceeds(), test.p <= 0.05 + 1e-12);
    }

    #[test]
    fn a_move_keeps_all_values_and_neighbours(map in maps(6), seed in any::<u64>()) {
        let moved = Moves::draw(&map, Seed::root(seed)).apply(&map);
        let sorted = |m: &Map| {
            let mut v = m.values().to_vec();
            v.sort_unstable_by(f64::total_cmp);
            v
        };
        prop_assert_eq!(sorted(&map), sorted(&moved));
        // On the torus each value keeps its neighbours: the sum of squared steps stays.
        let steps = |m: &Map| -> f64 {
            let (h, w) = (m.height(), m.width());
            let at = |y: usize, x: usize| m.values()[y % h * w + x % w];
            (0..h * w)
                .map(|i| (i / w, i % w))
                .map(|(y, x)| (at(y, x) - at(y + 1, x)).powi(2) + (at(y, x) - at(y, x + 1)).powi(2))
                .sum()
        };
        prop_assert_eq!(steps(&map), steps(&moved));
    }
}

#[test]
fn moves_are_all_there_and_even() {
    let map = Map::new(3, 3, (0..9).map(f64::from).collect()).unwrap();
    let mut counts = std::collections::BTreeMap::new();
    for i in 0..7200 {
        let moved = Moves::draw(&map, Seed::root(5).child(&i.to_string())).apply(&map);
        let key: Vec<u8> = moved.values().iter().map(|v| *v as u8).collect();
        *counts.entry(key).or_insert(0) += 1;
    }
    // 8 turns and mirrors times 9 shifts; 100 expected each.
    assert_eq!(counts.len(), 72);
    assert!(counts.values().all(|n| (55..160).contains(n)), "{counts:?}");
    let wide = Map::new(2, 3, (0..6).map(f64::from).collect()).unwrap();
    let found: BTreeSet<Vec<u8>> = (0..600)
        .map(|i| Moves::draw(&wide, Seed::root(i)).apply(&wide).values().iter().map(|v| *v as u8).collect())
        .collect();
    // On two rows a flip is a shift: 2 mirrors x 6 shifts.
    assert_eq!(found.len(), 12);
}

/// A bump at `(y, x)` on a 24 x 24 grid.
fn bump(y: f64, x: f64) -> Map {
    let value = |i: usize| {
        let (dy, dx) = ((i / 24) as f64 - y, (i % 24) as f64 - x);
        (-(dy * dy + dx * dx) / 8.0).exp()
    };
    Map::new(24, 24, (0..576).map(value).collect()).unwrap()
}

fn middle() -> Mask {
    let inside = |i: usize| (6..18).contains(&(i / 24)) && (6..18).contains(&(i % 24));
    Mask::new(24, 24, (0..576).map(|i| u8::from(inside(i))).collect()).unwrap()
}

#[test]
fn a_map_that_lies_outside_exceeds_and_one_anywhere_does_not() {
    let weights = Places::new(&middle(), PlaceRule::default()).unwrap().on_grid(24, 24).unwrap();
    let null = MovedNull { draws: 199, ..MovedNull::new(Seed::root(1)) };
    let inside = |m: &Map| weights.absolute_outside(m).map(|v| 1.0 - v);
    let test = null.test(&bump(12.0, 12.0), inside).unwrap();
    assert!(test.p <= 0.02 && test.exceeds() && test.draws == 199, "{test:?}");
    assert!((test.mean - 0.25).abs() < 0.06, "{test:?}");
    let outside = null.test(&bump(12.0, 12.0), |m| weights.absolute_outside(m)).unwrap();
    assert!(outside.p > 0.95, "{outside:?}");
    // Bumps anywhere on the torus: the error of the first kind.
    let mut below = 0;
    for i in 0..400 {
        let seed = Seed::root(7).child(&i.to_string());
        let map = bump(12.0, 12.0);
        let map = Moves::draw(&map, seed.child("place")).apply(&map);
        let null = MovedNull { draws: 59, level: 0.95, seed: seed.child("null") };
        below += usize::from(null.test(&map, inside).unwrap().p <= 0.05);
    }
    // 20 expected; 99.9 % of studies give 7 to 35.
    assert!((7..=35).contains(&below), "{below}");
}

#[test]
fn threads_change_nothing() {
    let null = MovedNull::new(Seed::root(3));
    let weights = Places::new(&middle(), PlaceRule::default()).unwrap().on_grid(24, 24).unwrap();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| null.test(&bump(3.0, 9.0), |m| weights.absolute_outside(m)).unwrap())
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn reference() {
    let reference: Vec<f64> = (1..=99).map(f64::from).collect();
    let image = |patient, value| Observation { patient, value };
    let images = [image("a", 95.0), image("b", 95.5), image("c", 200.0), image("d", 0.0)];
    let found = reference_test(&reference, &images, 0.95, 0.95).unwrap();
    assert_eq!((found.threshold, found.share.count, found.share.method), (95.0, 2, ShareMethod::Exact));
    assert_eq!(found.p, [0.06, 0.05, 0.01, 1.0]);
    assert!(found.above_chance(), "{found:?}");
    let few = reference_test(&reference[..18], &images, 0.95, 0.95);
    assert!(matches!(few, Err(MapsError::NotEstimable(NotEstimable::TooFew { n: 18, needed: 19, .. }))));
    assert!(reference_test(&reference, &[], 0.95, 0.95).is_err());
}

#[test]
fn refusals() {
    let flat = Map::new(2, 2, vec![1.0; 4]).unwrap();
    let null = MovedNull::new(Seed::root(1));
    let refused = null.test(&flat, |_| Ok(0.0));
    assert!(matches!(refused, Err(MapsError::NotEstimable(NotEstimable::ConstantMap))));
    assert!(matches!(NullTest::new(1.0, &[0.0; 20], 1.0), Err(MapsError::OutOfRange { .. })));
    assert!(matches!(NullTest::new(f64::NAN, &[0.0; 20], 0.95), Err(MapsError::NotFinite { .. })));
    assert!(NullTest::new(1.0, &[0.0; 19], 0.95).unwrap().exceeds());
    assert!(NullTest::new(1.0, &[0.0; 18], 0.95).is_err());
}
