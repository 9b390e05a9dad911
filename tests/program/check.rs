//! `eyepatch check`, from the command line and in a run's result.

use crate::data::Data;
use crate::program::{eyepatch, fine, refused, run};

const TAGGED: &str = r#"{"patients": 120, "size": 48, "strength": 0.2, "shortcuts": [
    {"what": {"tag": {}}, "when": {"positive": 0.95, "negative": 0.05}}]}"#;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_planted_marker_is_an_alarm_and_closes_the_gate() {
    let ran = run(eyepatch().args(["check", "phantom", "--params", TAGGED, "--gate"]));
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    for word in ["ALARM opacity", "->", "with opacity, AUC", "columns alone, strongest first"] {
        assert!(ran.stdout.contains(word), "{word}: {}", ran.stdout);
    }
    let ran = fine(eyepatch().args(["check", "phantom", "--params", TAGGED, "--json", "--threads", "1"]));
    let one = json(&ran.stdout);
    let ran =
        fine(eyepatch().args(["check", "eyepatch/phantom", "--params", TAGGED, "--json", "--threads", "3"]));
    assert_eq!(json(&ran.stdout), one, "threads change nothing");
    assert_eq!(one["check"]["findings"][0]["severity"], "alarm");
}

#[test]
fn an_honest_data_set_passes_the_gate_and_an_audit_names_one() {
    fine(eyepatch().args(["check", "phantom", "--params", r#"{"patients": 120, "size": 48}"#, "--gate"]));
    let ran = fine(eyepatch().args(["check", "quickstart/honest", "--json"]));
    assert!(json(&ran.stdout)["check"]["n_images"].as_u64().unwrap() > 400);
}

#[test]
fn a_table_of_ones_own_with_a_split_that_parts_patients() {
    let data = Data::new(80);
    let split = data.path().join("split.csv");
    // By image: both images of a patient are in different parts.
    let part = |i: usize| if i.is_multiple_of(2) { "train" } else { "test" };
    let lines: String = (0..80).map(|i| format!("s{i:03},0,{}\n", part(i))).collect();
    std::fs::write(&split, format!("sample,fold,part\n{lines}")).unwrap();
    let table = || {
        let mut command = eyepatch();
        command.arg("check").arg("--table").arg(data.path().join("labels.csv"));
        command.arg("--images").arg(data.path().join("images")).arg("--rois").arg(data.path().join("rois"));
        command.args(["--patient", "patient_id", "--label", "label"]);
        command
    };
    let ran = run(table().args(["--gate", "--splits"]).arg(&split));
    assert!(
        ran.code == 1 && ran.stdout.contains("40 patients are in two parts of one fold"),
        "{}",
        ran.stdout
    );
    std::fs::write(&split, "sample,part\n").unwrap();
    refused(table().arg("--splits").arg(&split), &["no column `fold`", "sample"]);
    refused(eyepatch().args(["check", "nothing-of-that-name"]), &["no data set plugin"]);
}

#[test]
fn every_run_has_a_check_in_its_result_and_report() {
    let (data, out) = (Data::new(48), tempfile::tempdir().unwrap());
    fine(&mut data.sweep(out.path()));
    let result = json(&std::fs::read_to_string(out.path().join("result.json")).unwrap());
    let check = &result["audits"][0]["check"];
    assert_eq!(check["n_images"], 48);
    assert!(check["columns"].as_array().unwrap().iter().any(|c| c["column"] == "mean grey inside the ROI"));
    // Twenty-four patients a side suffice in all and not in each test part.
    assert!(check["findings"].as_array().unwrap().iter().any(|f| f["check"] == "counts"), "{check:#}");
    let page = std::fs::read_to_string(out.path().join("report.html")).unwrap();
    assert!(page.contains("Data check") && page.contains("All columns measured"));
}
