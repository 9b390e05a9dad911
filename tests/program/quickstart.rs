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

    // What probes say beside the matrix, with a small picture of every image that is a point.
    let page = std::fs::read_to_string(told["report"].as_str().unwrap()).unwrap();
    for audit in result["audits"].as_array().unwrap() {
        let sections = audit["sections"].as_array().unwrap();
        let names: Vec<&str> = sections.iter().map(|s| s["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["Embeddings", "Attributes", "Metadata baseline"]);
        let map = &sections[0]["figures"][0];
        let points = map["rows"].as_array().unwrap().len();
        let samples = sections[0]["samples"].as_array().unwrap().len();
        assert!(samples > 200 && points == 5 * samples, "{points} points of {samples} images");
        let picture = sections[0]["thumbnails"]["picture"]["file"].as_str().unwrap();
        assert!(out.path().join(picture).is_file(), "{picture}");
        let findings = audit["findings"].as_array().unwrap();
        let of = |contrast: &str| findings.iter().filter(|f| f["contrast"] == contrast).count();
        assert!(of("readable") >= 12 && of("metadata AUC") == 1 && of("image less metadata") > 5);
        assert!(findings.iter().all(|f| f["estimate"].is_number() || f["note"].is_string()));
    }
    for words in ["t-SNE", "Principal components", "own less others", "lost when broken"] {
        assert!(page.contains(words), "`{words}` is not on the page");
    }
}
