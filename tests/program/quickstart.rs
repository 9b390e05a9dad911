//! The first command of README, whole: it trains both models.

use crate::program::{eyepatch, fine};

/// The report tells the two models apart: the honest one is cleared, the one that can read a marker is flagged.
#[test]
fn the_quickstart_clears_the_honest_model_and_flags_the_other() {
    let out = tempfile::tempdir().unwrap();
    let ran = fine(eyepatch().args(["run", "quickstart", "--json", "--out"]).arg(out.path()));
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let answers: Vec<_> = told["audits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| (a["id"].as_str().unwrap(), a["answer"]["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        answers,
        [("quickstart/honest", "clear"), ("quickstart/planted_marker", "flagged")],
        "{told:#}"
    );
    let result: serde_json::Value =
        serde_json::from_slice(&std::fs::read(told["result"].as_str().unwrap()).unwrap()).unwrap();
    assert!(result["audits"].as_array().unwrap().iter().all(|a| a["quick"] == false));
    assert!(std::path::Path::new(told["report"].as_str().unwrap()).exists());
}
