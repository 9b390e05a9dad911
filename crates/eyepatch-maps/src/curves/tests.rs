use eyepatch_core::{Mask, Seed};
use proptest::prelude::*;

use super::*;
use crate::twins::maps;
use crate::{Map, MapsError, NotEstimable};

/// A model that adds up weights of shown pixels: its exact attribution is the weights.
fn linear(weights: &[f64]) -> impl Fn(&[Mask]) -> Result<Vec<f64>, MapsError> + '_ {
    |masks| {
        let sum = |m: &Mask| (0..weights.len()).filter(|i| m.contains(*i)).map(|i| weights[i]).sum();
        Ok(masks.iter().map(sum).collect())
    }
}

fn rule(steps: usize, height: usize, width: usize) -> CurveRule {
    CurveRule { steps, batch: 3, height, width }
}

proptest! {
    /// Every point by itself, from the definition.
    #[test]
    fn points_equal_their_twin(map in maps(5), more in (0..4_usize, 0..4_usize), steps in 1..30_usize, insert: bool) {
        let (height, width) = (map.height() + more.0, map.width() + more.1);
        let weights: Vec<f64> = (0..height * width).map(|i| (i * 37 % 11) as f64 - 4.0).collect();
        let order = CellOrder::by_value(&map, Seed::root(3));
        let kind = if insert { CurveKind::Insertion } else { CurveKind::Deletion };
        let found = curve(&order, kind, rule(steps, height, width), linear(&weights)).unwrap();
        let n = map.values().len();
        let taken = steps.min(n);
        prop_assert_eq!(found.outputs.len(), taken + 1);
        for step in 0..=taken {
            let changed = &order.cells()[..step * n / taken];
            let cell = |y: usize, x: usize| {
                let at = |p: usize, cells: usize, pixels: usize| (2 * p + 1) * cells / (2 * pixels);
                at(y, map.height(), height) * map.width() + at(x, map.width(), width)
            };
            let shown = |i: &usize| changed.contains(&cell(i / width, i % width)) == insert;
            let slow: f64 = (0..height * width).filter(shown).map(|i| weights[i]).sum();
            prop_assert!((found.outputs[step] - slow).abs() < 1e-9);
        }
        // The area from the definition of a mean height, strip by strip.
        let slow: f64 = (0..taken)
            .map(|i| (found.outputs[i] + found.outputs[i + 1]) / 2.0 * (found.changed[i + 1] - found.changed[i]))
            .sum();
        prop_assert!((found.auc - slow).abs() < 1e-9);
    }

    /// No order deletes faster, or inserts faster, than that of a linear model's own weights.
    #[test]
    fn a_linear_models_weights_are_best(map in maps(6), seed in any::<u64>()) {
        prop_assume!(!map.is_constant());
        let rule = rule(36, map.height(), map.width());
        for kind in [CurveKind::Deletion, CurveKind::Insertion] {
            for null in [OrderNull::Random, OrderNull::Moved] {
                let found =
                    against_orders(&map, kind, rule, (null, 4), Seed::root(seed), linear(map.values())).unwrap();
                prop_assert!(found.gain >= -1e-9 && found.null_aucs.len() == 4);
                let n = found.null_aucs.len() as f64;
                let mean = found.null_aucs.iter().sum::<f64>() / n;
                prop_assert!(((found.curve.auc - mean).abs() - found.gain.abs()).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn orders_hold_each_cell_once(map in maps(6), seed in any::<u64>()) {
        let order = CellOrder::by_value(&map, Seed::root(seed));
        let mut cells = order.cells().to_vec();
        prop_assert!(cells.windows(2).all(|w| map.values()[w[0]] >= map.values()[w[1]]));
        cells.sort_unstable();
        prop_assert_eq!(cells, (0..map.values().len()).collect::<Vec<_>>());
    }
}

#[test]
fn a_useless_map_gains_nothing() {
    let weights: Vec<f64> = (0..64).map(|i| f64::from(u8::from(i % 8 < 2 && i / 8 < 2))).collect();
    let weights_map = Map::new(8, 8, weights.clone()).unwrap();
    let opposite = Map::new(8, 8, weights.iter().map(|w| -w).collect()).unwrap();
    let run = |map: &Map| {
        let null = (OrderNull::Moved, 39);
        against_orders(map, CurveKind::Deletion, rule(16, 8, 8), null, Seed::root(2), linear(&weights))
            .unwrap()
    };
    let (good, bad) = (run(&weights_map), run(&opposite));
    assert!(good.gain > 1.0 && good.p <= 0.1, "{good:?}");
    assert!(bad.gain < 0.0 && bad.p > 0.9, "{bad:?}");
    // The batch changes nothing.
    let order = CellOrder::by_value(&weights_map, Seed::root(2));
    let of = |batch| {
        let rule = CurveRule { batch, ..rule(16, 8, 8) };
        curve(&order, CurveKind::Insertion, rule, |masks: &[Mask]| {
            assert!(masks.len() <= batch);
            linear(&weights)(masks)
        })
        .unwrap()
    };
    assert_eq!(of(1), of(100));
}

#[test]
fn refusals() {
    let map = Map::new(2, 2, vec![1.0, 2.0, 3.0, 4.0]).unwrap();
    let order = CellOrder::by_value(&map, Seed::root(1));
    let ask = linear(&[0.0; 4]);
    for wrong in [rule(0, 2, 2), CurveRule { batch: 0, ..rule(1, 2, 2) }, rule(1, 1, 2)] {
        let refused = curve(&order, CurveKind::Deletion, wrong, &ask);
        assert!(matches!(refused, Err(MapsError::OutOfRange { .. })));
    }
    let short = curve(&order, CurveKind::Deletion, rule(4, 2, 2), |_: &[Mask]| Ok::<_, MapsError>(vec![]));
    assert!(matches!(short, Err(MapsError::Count { expected: 3, found: 0, .. })));
    let nan = |m: &[Mask]| Ok::<_, MapsError>(vec![f64::NAN; m.len()]);
    let nan = curve(&order, CurveKind::Deletion, rule(4, 2, 2), nan);
    assert!(matches!(nan, Err(MapsError::NotFinite { index: 0, .. })));
    // An error of the model's own kind comes through.
    #[derive(Debug, PartialEq)]
    struct Model;
    impl From<MapsError> for Model {
        fn from(_: MapsError) -> Self {
            unreachable!("the model fails first")
        }
    }
    assert_eq!(curve(&order, CurveKind::Deletion, rule(4, 2, 2), |_: &[Mask]| Err(Model)), Err(Model));
    let flat = Map::new(1, 2, vec![1.0; 2]).unwrap();
    let null = (OrderNull::Random, 1);
    let refused = against_orders(&flat, CurveKind::Deletion, rule(2, 1, 2), null, Seed::root(1), &ask);
    assert!(matches!(refused, Err(MapsError::NotEstimable(NotEstimable::ConstantMap))));
}
