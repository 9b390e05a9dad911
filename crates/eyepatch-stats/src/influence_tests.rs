use proptest::prelude::*;

use super::*;

/// 8 to 40 images of up to 12 patients: labels, scores of two models, weights, patients.
type Row = (bool, i32, i32, f64, u32);
type Rows = Vec<Row>;

fn rows() -> impl Strategy<Value = Rows> {
    let row = (any::<bool>(), -6_i32..6, -6_i32..6, prop_oneof![Just(0.0), 0.1..3.0f64], 0_u32..12);
    prop::collection::vec(row, 8..40)
}

/// The formula as it stands, from all pairs, with weighted images: sum of products of a and b, each with its factor.
fn slow(rows: &[Row], model: [fn(&Row) -> i32; 2]) -> f64 {
    let part = |score: fn(&Row) -> i32, who: u32, class: bool| -> f64 {
        let of = |class: bool| rows.iter().filter(move |r| r.0 == class);
        let weight = |class: bool| of(class).map(|r| r.3).sum::<f64>();
        let win = |p: i32, n: i32| f64::from(u8::from(p > n)) + 0.5 * f64::from(u8::from(p == n));
        let pairs = of(true).flat_map(|p| of(false).map(move |n| (p, n)));
        let auc = pairs.map(|(p, n)| p.3 * n.3 * win(score(p), score(n))).sum::<f64>()
            / (weight(true) * weight(false));
        let placement = |r: &Row| {
            let won = |o| if class { win(score(r), score(o)) } else { win(score(o), score(r)) };
            of(!class).map(|o| o.3 * won(o)).sum::<f64>() / weight(!class)
        };
        of(class).filter(|r| r.4 == who).map(|r| r.3 * (placement(r) - auc)).sum::<f64>() / weight(class)
    };
    let count = |which: &dyn Fn(&Row) -> bool| {
        let mut who: Vec<u32> = rows.iter().filter(|r| r.3 > 0.0 && which(r)).map(|r| r.4).collect();
        who.sort_unstable();
        who.dedup();
        who.len() as f64
    };
    let factor = |n: f64| n / (n - 1.0);
    let (i10, i01, all) = (count(&|r| r.0), count(&|r| !r.0), count(&|_| true));
    let one = |who: u32| {
        let [a, other_a] = model.map(|m| part(m, who, true));
        let [b, other_b] = model.map(|m| part(m, who, false));
        factor(i10) * a * other_a + factor(i01) * b * other_b + factor(all) * (a * other_b + other_a * b)
    };
    (0..12).map(one).sum()
}

/// Labels, scores of both models, weights, patients.
type Columns = (Vec<bool>, [Vec<f64>; 2], Vec<f64>, Vec<u32>);

fn split(rows: &[Row]) -> Columns {
    let scores =
        [rows.iter().map(|r| f64::from(r.1)).collect(), rows.iter().map(|r| f64::from(r.2)).collect()];
    let labels = rows.iter().map(|r| r.0).collect();
    (labels, scores, rows.iter().map(|r| r.3).collect(), rows.iter().map(|r| r.4).collect())
}

proptest! {
    #[test]
    fn weighted_variance_and_covariance_are_the_formula(rows in rows()) {
        let (labels, scores, weights, patients) = split(&rows);
        let [Ok(a), Ok(b)] = [0, 1].map(|k| {
            let fold = FoldScores { fold: 0, labels: &labels, scores: &scores[k], patients: &patients };
            AucInfluence::weighted(&[fold], &[&weights])
        }) else {
            return Ok(());
        };
        prop_assert!((a.variance() - slow(&rows, [|r| r.1, |r| r.1])).abs() < 1e-12);
        prop_assert!((covariance(&a, &b) - slow(&rows, [|r| r.1, |r| r.2])).abs() < 1e-12);
        prop_assert!((covariance(&a, &b) - covariance(&b, &a)).abs() < 1e-15);
        prop_assert_eq!(a.n_images(), weights.iter().filter(|w| **w > 0.0).count());
    }
}

#[test]
fn equal_weights_change_nothing_and_patients_apart_have_no_covariance() {
    let labels: Vec<bool> = (0..30).map(|i| i % 3 == 0).collect();
    let scores: Vec<f64> = (0..30).map(|i| f64::from(i * 7 % 31)).collect();
    let patients: Vec<u32> = (0..30).map(|i| i / 2).collect();
    let fold = FoldScores { fold: 0, labels: &labels, scores: &scores, patients: &patients };
    let plain = AucInfluence::new(&[fold]).unwrap();
    let weighted = AucInfluence::weighted(&[fold], &[&[0.3; 30]]).unwrap();
    assert!((plain.auc() - weighted.auc()).abs() < 1e-12);
    assert!((plain.variance() - weighted.variance()).abs() < 1e-12);
    assert!((covariance(&plain, &weighted) - plain.variance()).abs() < 1e-12);
    let others: Vec<u32> = patients.iter().map(|p| p + 100).collect();
    let apart = AucInfluence::new(&[FoldScores { patients: &others, ..fold }]).unwrap();
    assert_eq!(covariance(&plain, &apart), 0.0);
    let uncounted = AucInfluence::weighted(&[fold], &[]);
    assert_eq!(uncounted, Err(StatsError::WeightCount { folds: 1, weights: 0 }));
}
