//! Judged attribution maps, from the declaration to the page.

use serde_json::Value;

use crate::program::{eyepatch, fine};

#[test]
fn maps_are_judged_and_shown() {
    let out = tempfile::tempdir().unwrap();
    let run = ["run", "planted/maps_of_a_marker", "--quick", "--out"];
    fine(eyepatch().args(run).arg(out.path()));
    let text = std::fs::read_to_string(out.path().join("result.json")).unwrap();
    let result: Value = serde_json::from_str(&text).unwrap();
    let maps = &result["audits"][0]["maps"][0];
    assert_eq!((&maps["n_images"], &maps["n_checked"]), (&40.into(), &4.into()));
    let states: Vec<(&str, &str)> = maps["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["check"].as_str().unwrap(), c["state"].as_str().unwrap()))
        .collect();
    // All but other baselines, which the audit does not name.
    for (check, state) in states {
        assert_eq!(state == "not_run", check == "baselines", "{check}: {state}");
    }
    let places = maps["places"].as_array().unwrap();
    let share = |p: &Value| p["absolute"]["value"].as_f64().unwrap();
    assert_eq!(places.len(), 6);
    assert!((share(&places[0]) + share(&places[5]) - 1.0).abs() < 1e-6, "inside and outside: {places:?}");
    let page = std::fs::read_to_string(out.path().join("report.html")).unwrap();
    for words in
        ["Attribution maps", "what lies outside tells the label more", "Do these maps count?", "Mean map"]
    {
        assert!(page.contains(words), "`{words}` is not on the page");
    }
    let picture = maps["mean"]["file"].as_str().unwrap();
    assert!(out.path().join(picture).is_file(), "{picture}");
}
