//! `tests/golden/descriptive.json`, which `descriptive.py` beside it writes.

use serde_json::Value;

/// A data set with what the established libraries say of it.
pub(crate) struct Case {
    pub(crate) labels: Vec<bool>,
    pub(crate) scores: Vec<f64>,
    pub(crate) patients: Vec<u64>,
    expected: Value,
}

impl Case {
    pub(crate) fn number(&self, name: &str) -> f64 {
        self.expected[name].as_f64().unwrap_or_else(|| panic!("{name} is no number"))
    }

    pub(crate) fn list(&self, name: &str) -> &[Value] {
        self.expected[name].as_array().unwrap_or_else(|| panic!("{name} is no list"))
    }
}

pub(crate) fn value(name: &str) -> Value {
    let file: Value =
        serde_json::from_str(include_str!("../tests/golden/descriptive.json")).expect("golden file");
    file[name].clone()
}

pub(crate) fn number(name: &str) -> f64 {
    value(name).as_f64().unwrap_or_else(|| panic!("{name} is no number"))
}

/// Numbers of a list, in its order.
pub(crate) fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().expect("a list").iter().map(|n| n.as_f64().expect("a number")).collect()
}

fn cases(name: &str) -> Vec<Case> {
    let of = |expected: &Value| Case {
        labels: expected["labels"].as_str().expect("labels").chars().map(|c| c == '1').collect(),
        scores: numbers(&expected["scores"]),
        patients: numbers(&expected["patients"]).into_iter().map(|p| p as u64).collect(),
        expected: expected.clone(),
    };
    let cases: Vec<Case> = value(name).as_array().expect("cases").iter().map(of).collect();
    assert!(cases.len() >= 3, "{} cases", cases.len());
    cases
}

/// Scores on any scale, with and without ties.
pub(crate) fn scored() -> Vec<Case> {
    cases("scored")
}

/// Probabilities strictly between 0 and 1, several images a patient.
pub(crate) fn probable() -> Vec<Case> {
    cases("probable")
}
