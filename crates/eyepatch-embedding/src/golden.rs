//! What scikit-learn, SciPy and NumPy say (`tests/golden/make.py`).

use serde_json::Value;

use crate::Points;

pub(crate) struct Case(Value);

impl Case {
    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        self.0[name].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    }

    pub(crate) fn number(&self, name: &str) -> f64 {
        self.0[name].as_f64().unwrap()
    }

    pub(crate) fn whole(&self, name: &str) -> Vec<usize> {
        self.numbers(name).into_iter().map(|v| v as usize).collect()
    }

    /// A table of the case's columns.
    pub(crate) fn table(&self, name: &str) -> Points {
        self.with_columns(name, self.number("columns") as usize)
    }

    pub(crate) fn map(&self) -> Points {
        self.with_columns("map", 2)
    }

    fn with_columns(&self, name: &str, columns: usize) -> Points {
        let values = self.numbers(name);
        Points::new(&values, values.len() / columns, columns).unwrap()
    }

    pub(crate) fn nearest(&self) -> Vec<Vec<usize>> {
        serde_json::from_value(self.0["nearest"].clone()).unwrap()
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../tests/golden/embedding.json")).unwrap();
    assert_eq!(cases.len(), 2);
    cases.into_iter().map(Case).collect()
}

pub(crate) fn assert_near(ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len());
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() < 1e-9, "{i}: {a} {b}");
    }
}

/// Runs in a pool of so many threads.
pub(crate) fn with_threads<T: Send>(threads: usize, run: impl Fn() -> T + Sync + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

/// Rows on a grid of halves, so that ties abound.
pub(crate) fn tables(least: usize) -> impl proptest::strategy::Strategy<Value = Points> {
    use proptest::prelude::*;
    (1..5_usize, least..30_usize).prop_flat_map(|(columns, n)| {
        prop::collection::vec(-6..=6_i32, columns * n).prop_map(move |v| {
            let v: Vec<f64> = v.into_iter().map(|v| f64::from(v) / 2.0).collect();
            Points::new(&v, n, columns).unwrap()
        })
    })
}
