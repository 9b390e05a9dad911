use proptest::prelude::*;

use super::*;
use crate::{Placements, auc};

proptest! {
    #[test]
    fn equals_the_sum_over_all_pairs(
        rows in prop::collection::vec((any::<bool>(), -5_i32..5, prop_oneof![Just(0.0), 0.0..3.0f64]), 4..50),
    ) {
        let labels: Vec<bool> = rows.iter().map(|r| r.0).collect();
        let scores: Vec<f64> = rows.iter().map(|r| f64::from(r.1) / 3.0).collect();
        let weights: Vec<f64> = rows.iter().map(|r| r.2).collect();
        let total = |class| (0..rows.len()).filter(|&i| labels[i] == class).map(|i| weights[i]).sum::<f64>();
        let Ok(found) = WeightedPlacements::new(&labels, &scores, &weights) else {
            prop_assert!(total(true) == 0.0 || total(false) == 0.0);
            return Ok(());
        };
        let win = |i: usize, j: usize| {
            f64::from(u8::from(scores[i] > scores[j])) + 0.5 * f64::from(u8::from(scores[i] == scores[j]))
        };
        let others = |i: usize| (0..labels.len()).filter(|&j| labels[j] != labels[i]).collect::<Vec<_>>();
        for (i, &label) in labels.iter().enumerate() {
            let beaten = |j| if label { win(i, j) } else { win(j, i) };
            let slow = others(i).iter().map(|&j| weights[j] * beaten(j)).sum::<f64>() / total(!label);
            prop_assert!((found.values[i] - slow).abs() < 1e-12, "{} != {slow}", found.values[i]);
        }
        let mut wins = 0.0;
        for i in (0..labels.len()).filter(|&i| labels[i]) {
            wins += others(i).iter().map(|&j| weights[i] * weights[j] * win(i, j)).sum::<f64>();
        }
        prop_assert!((found.auc - wins / (total(true) * total(false))).abs() < 1e-12);
    }

    #[test]
    fn equal_weights_change_nothing(
        rows in prop::collection::vec((any::<bool>(), -5_i32..5), 4..50), weight in 0.01..100.0f64,
    ) {
        let labels: Vec<bool> = rows.iter().map(|r| r.0).collect();
        let scores: Vec<f64> = rows.iter().map(|r| f64::from(r.1)).collect();
        let (Ok(plain), Ok(weighted)) =
            (Placements::new(&labels, &scores), WeightedPlacements::new(&labels, &scores, &vec![weight; rows.len()]))
        else {
            prop_assert!(auc(&labels, &scores).is_err());
            return Ok(());
        };
        prop_assert!((plain.auc - weighted.auc).abs() < 1e-12);
        prop_assert!(plain.values.iter().zip(&weighted.values).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}

#[test]
fn refusals() {
    let labels = [true, false, false];
    let refused = |weights: &[f64]| weighted_auc(&labels, &[0.1, 0.2, 0.3], weights).unwrap_err();
    assert_eq!(refused(&[1.0, -0.5, 1.0]), NotEstimable::BadWeight { index: 1 });
    assert_eq!(refused(&[1.0, 1.0, f64::NAN]), NotEstimable::BadWeight { index: 2 });
    assert_eq!(refused(&[0.0, 1.0, 1.0]), NotEstimable::OneClass { positive: false, n: 2 });
    let short = NotEstimable::LengthMismatch { what: "weights".into(), labels: 3, found: 1 };
    assert_eq!(refused(&[1.0]), short);
}
