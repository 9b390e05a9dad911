//! What independent code says of 200 random data sets with ties; `tests/golden/inference.py` writes it.

use crate::{
    AucInfluence, DeLong, FoldScores, Placements, auc, benjamini_hochberg_adjusted, contrast, covariance,
    log10_normal_upper_tail, student_quantile, student_upper_tail,
};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("../tests/golden/inference.json")).expect("golden file")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn close(a: f64, b: f64, slack: f64) {
    assert!((a - b).abs() <= slack, "{a} is not {b}");
}

struct Set {
    labels: Vec<bool>,
    patients: Vec<u8>,
    scores: [Vec<f64>; 2],
}

impl Set {
    fn read(row: &Value) -> Self {
        Self {
            labels: row["labels"].as_str().unwrap().bytes().map(|b| b == b'1').collect(),
            patients: row["patients"].as_str().unwrap().bytes().collect(),
            scores: [0, 1].map(|k| numbers(&row["scores"][k])),
        }
    }

    fn influences(&self) -> [AucInfluence<u8>; 2] {
        [0, 1].map(|k| {
            let (labels, scores, patients) = (&self.labels, &self.scores[k], &self.patients);
            AucInfluence::new(&[FoldScores { fold: 0, labels, scores, patients }]).unwrap()
        })
    }

    /// Every image written `k` times.
    fn repeated(&self, k: usize) -> Self {
        let again = |v: &[f64]| v.iter().flat_map(|x| std::iter::repeat_n(*x, k)).collect();
        Self {
            labels: self.labels.iter().flat_map(|x| std::iter::repeat_n(*x, k)).collect(),
            patients: self.patients.iter().flat_map(|x| std::iter::repeat_n(*x, k)).collect(),
            scores: [again(&self.scores[0]), again(&self.scores[1])],
        }
    }
}

#[test]
fn aucs_variances_and_p_on_200_sets() {
    let golden = golden();
    let rows = golden["sets"].as_array().unwrap();
    assert_eq!(rows.len(), 200);
    for row in rows {
        let set = Set::read(row);
        let (aucs, delong, clustered) =
            (numbers(&row["auc"]), numbers(&row["delong"]), numbers(&row["clustered"]));
        let found = DeLong::new(&set.labels, &[&set.scores[0], &set.scores[1]]).unwrap();
        let influences = set.influences();
        for k in 0..2 {
            close(auc(&set.labels, &set.scores[k]).unwrap(), aucs[k], 1e-12);
            close(Placements::new(&set.labels, &set.scores[k]).unwrap().auc, aucs[k], 1e-12);
            close(found.covariance(k, k).unwrap(), delong[k], 1e-12);
            close(influences[k].variance(), clustered[k], 1e-12);
        }
        close(found.covariance(0, 1).unwrap(), delong[2], 1e-12);
        close(covariance(&influences[0], &influences[1]), clustered[2], 1e-12);
        let test = found.test(0, 1).unwrap().unwrap();
        close(test.se.powi(2), delong[0] + delong[1] - 2.0 * delong[2], 1e-12);
        close(test.log10_p, row["log10_p"].as_f64().unwrap(), 1e-9);
        let difference = contrast(&[(1.0, &influences[0]), (-1.0, &influences[1])], 0.0).unwrap();
        let variance = clustered[0] + clustered[1] - 2.0 * clustered[2];
        if clustered[..2].iter().all(|v| *v > 1e-12) {
            close(difference.se.powi(2), variance, 1e-12);
        }
    }
}

#[test]
fn repeating_every_image_changes_nothing() {
    for row in golden()["sets"].as_array().unwrap() {
        let set = Set::read(row);
        let once = set.influences();
        let z = |i: &[AucInfluence<u8>; 2]| {
            let difference = contrast(&[(1.0, &i[0]), (-1.0, &i[1])], 0.0).unwrap();
            let chance = contrast(&[(1.0, &i[0])], 0.5).unwrap();
            [difference.estimate / difference.se, chance.estimate / chance.se]
        };
        for k in [2, 5] {
            let often = set.repeated(k).influences();
            for (a, b) in z(&once).into_iter().zip(z(&often)) {
                assert!((a - b).abs() <= 1e-12 * a.abs().max(1.0), "{a} {b}");
            }
        }
    }
}

#[test]
fn adjusted_p_are_those_of_statsmodels() {
    for row in golden()["benjamini_hochberg"].as_array().unwrap() {
        let found = benjamini_hochberg_adjusted(&numbers(&row["p"]));
        found.iter().zip(numbers(&row["adjusted"])).for_each(|(a, b)| close(*a, b, 1e-15));
    }
}

#[test]
fn tails_are_those_of_scipy() {
    let golden = golden();
    for row in golden["log10_tails"].as_array().unwrap() {
        let [z, log] = [0, 1].map(|i| row[i].as_f64().unwrap());
        close(log10_normal_upper_tail(z), log, 1e-13 * log.abs().max(1.0));
    }
    for row in golden["student"].as_array().unwrap() {
        let [t, freedom, tail] = [0, 1, 2].map(|i| row[i].as_f64().unwrap());
        let found = student_upper_tail(t, freedom);
        assert!((found / tail - 1.0).abs() < 1e-8, "{t} {freedom}: {found} is not {tail}");
        close(student_quantile(found, freedom), t, 1e-7 * t.abs().max(1.0));
    }
    assert!(student_upper_tail(1.0, 0.0).is_nan() && student_quantile(0.1, -1.0).is_nan());
    close(student_upper_tail(1.5, f64::INFINITY), crate::normal_upper_tail(1.5), 0.0);
}
