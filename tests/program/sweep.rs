//! A masking sweep of a table, from command to report.

use crate::data::Data;
use crate::program::{cells, eyepatch, fine, refused, results};

#[test]
fn a_table_ends_in_a_report_whatever_the_threads() {
    let data = Data::new(48);
    let (one, two) = (data.path().join("one"), data.path().join("two"));
    let extra = ["--dilate", "-2,3"];
    let ran = fine(data.sweep(&one).args(extra).args(["--threads", "1"]));
    assert!(ran.stdout.contains("report:") && ran.stdout.contains("label:"), "{}", ran.stdout);
    fine(data.sweep(&two).args(extra).args(["--threads", "2"]));
    assert_eq!(results(&one), results(&two), "results differ between 1 and 2 threads");

    let result: serde_json::Value =
        serde_json::from_slice(&std::fs::read(one.join("result.json")).unwrap()).unwrap();
    let audit = &result["audits"][0];
    assert_eq!(audit["matrices"][0]["rows"].as_array().unwrap().len(), 5);
    assert_eq!(audit["matrices"][0]["columns"].as_array().unwrap().len(), 5);
    let points = audit["curves"][0]["points"].as_array().unwrap();
    assert_eq!(points.iter().map(|p| p["dilation"].as_i64().unwrap()).collect::<Vec<_>>(), [-2, 0, 3]);
    let html = std::fs::read_to_string(one.join("report.html")).unwrap();
    assert!(html.contains("default-src 'none'") && html.contains("NoROI-BB"));

    // Again, with everything whole in the store: nothing is computed, nothing changes.
    let before = (cells(&one.join("store")), results(&one));
    fine(data.sweep(&one).args(extra));
    assert_eq!(before, (cells(&one.join("store")), results(&one)));
    let timings: serde_json::Value =
        serde_json::from_slice(&std::fs::read(one.join("timings.json")).unwrap()).unwrap();
    assert!(timings["cells"].as_array().unwrap().iter().all(|c| c["reused"] == true));

    // One more dilation computes its own cells and no training again.
    fine(data.sweep(&one).args(["--dilate", "-2,3,5"]));
    let after = cells(&one.join("store"));
    assert!(before.0.iter().all(|(file, time)| after[file] == *time));

    // The report can be made again from the result.
    std::fs::remove_file(one.join("report.html")).unwrap();
    fine(eyepatch().arg("report").arg(&one));
    assert!(one.join("report.html").exists());
    let markdown = fine(eyepatch().arg("report").arg(&one).arg("--markdown")).stdout;
    assert!(markdown.contains("| sweep | label |"), "{markdown}");
}

#[test]
fn a_plan_says_what_will_happen_before_it_does() {
    let data = Data::new(48);
    let mut command = eyepatch();
    command.arg("plan");
    data.options(&mut command);
    let text = fine(&mut command).stdout;
    for word in [
        "48 images of 24 patients",
        "minimal detectable gap, label",
        "10 fit",
        "50 predict",
        "time:",
        "disk:",
    ] {
        assert!(text.contains(word), "`{word}` is not in:\n{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&fine(command.arg("--json")).stdout).unwrap();
    assert_eq!(json[0]["cells"]["fit"]["cells"], 10);
    assert!(!data.path().join("eyepatch-out").exists(), "a plan runs nothing");
}

#[test]
fn a_gate_turns_a_flag_into_an_exit_code() {
    // The table says 1 where the image is bright all over: the answer needs no region.
    let data = Data::new(96);
    for row in &data.rows {
        let level = if row.label == "1" { 180 } else { 40 };
        image::GrayImage::from_fn(40, 40, |x, y| image::Luma([level + ((x * 7 + y * 13) % 20) as u8]))
            .save(data.image(&row.id))
            .unwrap();
    }
    let out = data.path().join("out");
    let quick = r#"{"growth": 4, "blocks": [1, 1], "init_features": 4, "epochs": 12, "batch": 8, "learning_rate": 0.01}"#;
    let ran = crate::program::run(data.sweep(&out).args(["--gate", "--model-params", quick]));
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("FLAGGED"), "{}", ran.stdout);
}

#[test]
fn wrong_words_are_refused_with_a_remedy() {
    refused(eyepatch().args(["run", "nonsense"]), &["no audit fits `nonsense`", "quickstart/honest"]);
    refused(eyepatch().args(["run", "sweep"]), &["a sweep needs a table", "--table FILE"]);
    refused(eyepatch().args(["run", "quickstart", "--table", "x.csv"]), &["do not go with the audit"]);
    let data = Data::new(48);
    let out = data.path().join("out");
    refused(data.sweep(&out).args(["--model", "eyepatch/densnet"]), &["did you mean `eyepatch/densenet`"]);
    refused(
        data.sweep(&out).args(["--model-params", r#"{"epoch": 3}"#]),
        &["unknown parameter `epoch`", "`epochs`"],
    );
    refused(data.sweep(&out).args(["--flag-above", "1.5"]), &["flag threshold of 1.5"]);
}
