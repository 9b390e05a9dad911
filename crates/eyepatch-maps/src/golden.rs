//! `tests/golden/maps.json`, which `make.py` beside it writes.

use serde_json::Value;

use crate::Map;

pub(crate) fn cases(name: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../tests/golden/maps.json")).expect("golden file");
    let cases = file[name].as_array().expect("cases").clone();
    assert!(cases.len() >= 3, "{} cases", cases.len());
    cases
}

pub(crate) fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().expect("a list").iter().map(|n| n.as_f64().expect("a number")).collect()
}

pub(crate) fn number(case: &Value, name: &str) -> f64 {
    case[name].as_f64().unwrap_or_else(|| panic!("{name} is no number"))
}

pub(crate) fn map(case: &Value, name: &str) -> Map {
    let (height, width) = (number(case, "height") as usize, number(case, "width") as usize);
    Map::new(height, width, numbers(&case[name])).expect("a map")
}
