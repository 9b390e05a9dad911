//! A masking sweep of a table, from command to report.

use crate::data::Data;
use crate::program::{assert_same_results, cells, eyepatch, fine, refused, results, run};

#[test]
fn a_table_ends_in_a_report_whatever_the_threads() {
    let data = Data::new(48);
    let (one, two) = (data.path().join("one"), data.path().join("two"));
    let extra = ["--dilate", "-2,3"];
    let ran = fine(data.sweep(&one).args(extra).args(["--threads", "1"]));
    assert!(ran.stdout.contains("report:") && ran.stdout.contains("label:"), "{}", ran.stdout);
    fine(data.sweep(&two).args(extra).args(["--threads", "2"]));
    assert!(ran.stdout.contains("at most: ") && ran.stdout.contains(" of disk"), "{}", ran.stdout);
    // Results do not depend on the number of threads.
    assert_same_results(&one, &two);

    let result: serde_json::Value =
        serde_json::from_slice(&std::fs::read(one.join("result.json")).unwrap()).unwrap();
    let audit = &result["audits"][0];
    assert_eq!(audit["matrices"][0]["rows"].as_array().unwrap().len(), 5);
    assert_eq!(audit["matrices"][0]["columns"].as_array().unwrap().len(), 5);
    let points = audit["curves"][0]["points"].as_array().unwrap();
    assert_eq!(points.iter().map(|p| p["dilation"].as_i64().unwrap()).collect::<Vec<_>>(), [-2, 0, 3]);
    // As in the study, each model is also asked about its own masking as it is dilated.
    let swept: Vec<(&str, &str)> = audit["curves"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["trained"].as_str().unwrap(), c["evaluated"].as_str().unwrap()))
        .collect();
    assert_eq!(swept, [("Full", "NoROI"), ("Full", "OnlyROI"), ("NoROI", "NoROI"), ("OnlyROI", "OnlyROI")]);
    let known = |c: &serde_json::Value| c["points"].as_array().unwrap().iter().all(|p| !p["auc"].is_null());
    assert!(audit["curves"].as_array().unwrap().iter().all(known));
    let html = std::fs::read_to_string(one.join("report.html")).unwrap();
    assert!(html.contains("default-src &#39;none&#39;") && html.contains("NoROI-BB"));

    // Again, with everything whole in the store: nothing is computed, nothing changes.
    let before = (cells(&one.join("store")), results(&one));
    fine(data.sweep(&one).args(extra));
    assert_eq!(before, (cells(&one.join("store")), results(&one)));
    let timings: serde_json::Value =
        serde_json::from_slice(&std::fs::read(one.join("timings.json")).unwrap()).unwrap();
    assert!(timings["peak_disk_bytes"].as_u64().unwrap() > 100_000);
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

    // And in the form that may leave the house: with its numbers, without paths, ids and pictures.
    let told = fine(eyepatch().arg("report").arg(&one).arg("--share")).stdout;
    assert!(told.contains("report-shared.html"), "{told}");
    let shared = std::fs::read_to_string(one.join("report-shared.html")).unwrap();
    let json = fine(eyepatch().arg("report").arg(&one).args(["--share", "--json"])).stdout;
    let sample = audit["gallery"][0]["sample"].as_str().unwrap();
    let path = data.path().display().to_string();
    assert!(html.contains(&path) && html.contains(&format!("<b>{sample}</b>")));
    for text in [&shared, &json] {
        assert!(!text.contains(&path) && !text.contains(&format!(">{sample}<")) && !text.contains("<img"));
        assert!(text.contains("NoROI-BB") && text.contains("eyepatch-shared/1"));
    }
    let elsewhere = data.path().join("shared.html");
    fine(eyepatch().arg("report").arg(&one).arg("--share").arg("--out").arg(&elsewhere));
    assert_eq!(std::fs::read_to_string(elsewhere).unwrap(), shared);
    refused(eyepatch().arg("report").arg(&one).args(["--out", "x.html"]), &["--share"]);
}

#[test]
fn what_is_kept_of_a_trunk_is_bounded_by_an_amount() {
    let data = Data::new(48);
    let plan = |budget: &str| {
        let mut command = eyepatch();
        data.options(command.args(["plan", "--cache-budget", budget]));
        command
    };
    fine(&mut plan("1.5 GB"));
    refused(&mut plan("20 apples"), &["`20 apples` is no amount of bytes", "20G"]);
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
    let gap = json[0]["minimal_detectable_gap"]["label"].as_f64().unwrap();
    assert!((0.05..0.5).contains(&gap), "{gap}");
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
    let xml = data.path().join("ci/junit.xml");
    let ran = run(data.sweep_of(quick, &out).arg("--gate").arg("--junit").arg(&xml));
    assert_eq!(ran.code, 1, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("FLAGGED"), "{}", ran.stdout);
    let xml = std::fs::read_to_string(xml).unwrap();
    assert!(xml.contains("<testcase classname=\"sweep\" name=\"label\">"), "{xml}");
    assert!(xml.contains("<failure type=\"Flagged\" message=\"label: "), "{xml}");
    // Without a gate the same is told and the run ends well; a file that cannot be written is refused before it starts.
    fine(&mut data.sweep_of(quick, &out));
    refused(data.sweep_of(quick, &out).arg("--junit").arg(data.path()), &["it is a folder", "--junit"]);
}

#[test]
fn wrong_words_are_refused_with_a_remedy() {
    refused(eyepatch().args(["run", "nonsense"]), &["no audit fits `nonsense`", "quickstart/honest"]);
    refused(eyepatch().args(["run", "sweep"]), &["a sweep needs a table", "--table FILE"]);
    refused(
        eyepatch().args(["run", "quickstart", "--table", "x.csv"]),
        &["--table does not go with the audit"],
    );
    let data = Data::new(48);
    let out = data.path().join("out");
    refused(data.sweep(&out).args(["--model", "eyepatch/densnet"]), &["did you mean `eyepatch/densenet`"]);
    refused(&mut data.sweep_of(r#"{"epoch": 3}"#, &out), &["unknown parameter `epoch`", "`epochs`"]);
    refused(data.sweep(&out).args(["--flag-above", "1.5"]), &["flag threshold of 1.5"]);
}

#[test]
fn rows_are_chosen_with_where() {
    let data = Data::new(48);
    let mut command = eyepatch();
    command.arg("plan");
    data.options(&mut command);
    // Ages run from 30 to 69 and begin again.
    let text = fine(command.args(["--where", "age>=32", "--where", "age<=61"])).stdout;
    assert!(text.contains(": 36 images of 18 patients"), "{text}");
}

#[test]
fn options_that_would_change_nothing_are_refused() {
    let data = Data::new(48);
    let plan = data.path().join("plan.json");
    let mut command = eyepatch();
    command.arg("plan");
    data.options(&mut command);
    fine(command.arg("--out").arg(&plan));
    let of_plan = |words: &[&str], told: &[&str]| {
        refused(eyepatch().args(["plan", "sweep", "--plan"]).arg(&plan).args(words), told);
    };
    let more = ["--folds", "5", "--where", "age>40", "--size", "96"];
    of_plan(&more, &["--where, --size, --folds do not go with --plan", "eyepatch plan … --out"]);
    of_plan(&["--seed", "1907"], &["--seed does not go with --plan"]);
    let audit = |words: &[&str], told: &[&str]| {
        refused(eyepatch().args(["plan", "quickstart/honest"]).args(words), told);
    };
    audit(&["--dilate", "2", "--flag-above", "0.7"], &["--dilate, --flag-above do not go with the audit"]);
    audit(&["--patient", "p", "--size", "96"], &["--patient does not go with the audit", "--size"]);
    refused(
        data.sweep(&data.path().join("out")).args(["--scores", "s.csv"]),
        &["--model-params does not go with --scores", "nothing is trained"],
    );
    refused(data.sweep(&data.path().join("out")).arg("--quick"), &["--folds", "--quick"]);
    refused(data.sweep(&data.path().join("out")).args(["--splits", "s.csv"]), &["--folds", "--splits"]);
    refused(&mut data.sweep_of(r#"{"size": 64}"#, &data.path().join("out")), &["both give a size"]);
}

#[test]
fn a_declared_audit_is_changed_from_the_command_line() {
    let plan = |words: &[&str]| -> serde_json::Value {
        let ran = fine(eyepatch().args(["plan", "quickstart/honest", "--json"]).args(words));
        serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap()[0].take()
    };
    let (as_declared, changed) = (plan(&[]), plan(&["--size", "96", "--folds", "3", "--seed", "7"]));
    assert!(as_declared["overview"]["model"].as_str().unwrap().ends_with("at 64x64 px"));
    assert!(changed["overview"]["model"].as_str().unwrap().ends_with("at 96x96 px"));
    assert_eq!(
        (&as_declared["overview"]["folds"], &changed["overview"]["folds"]),
        (&"2".into(), &"3".into())
    );
    assert_eq!(changed["cells"]["fit"]["cells"], 15);
    assert_eq!(changed["audit"]["seed"], 7);
    // The result must not pass for what the code declares.
    let declared = |plan: &serde_json::Value| plan["audit"]["declared_in"].as_str().unwrap().to_owned();
    let told =
        format!("{}, changed on the command line: --size 96 --folds 3 --seed 7", declared(&as_declared));
    assert_eq!(declared(&changed), told);

    let other = plan(&["--model-params", r#"{"growth": 4, "size": 32}"#]);
    let model = other["overview"]["model"].as_str().unwrap();
    assert!(model.contains("growth 4") && model.ends_with("at 32x32 px"), "{model}");
    let wrong = |words: &[&str], told: &[&str]| {
        refused(eyepatch().args(["plan", "quickstart/honest"]).args(words), told);
    };
    wrong(&["--model-params", r#"{"epoch": 3}"#], &["unknown parameter `epoch`"]);
    wrong(&["--model-params", "3"], &["--model-params is no JSON object"]);
    wrong(&["--model-params", r#"{"size": 64}"#, "--size", "96"], &["both give a size"]);
}

#[test]
fn json_does_nothing_to_a_terminal() {
    let data = Data::new(48);
    let table = data.path().join("a\u{7f}\u{9b}2J\u{202e}.csv");
    std::fs::rename(data.path().join("labels.csv"), &table).unwrap();
    let mut command = eyepatch();
    command.args(["plan", "sweep", "--json", "--table"]).arg(&table);
    command.arg("--images").arg(data.path().join("images")).arg("--rois").arg(data.path().join("rois"));
    command.args(["--patient", "patient_id", "--label", "label", "--size", "32", "--folds", "2"]);
    let text = fine(&mut command).stdout;
    assert!(text.contains(r"a\u007f\u009b2J\u202e.csv"), "{text}");
    assert!(!text.contains(['\u{7f}', '\u{9b}', '\u{202e}']));
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(plan[0]["audit"]["question"].as_str().unwrap().contains("a\u{7f}\u{9b}2J\u{202e}.csv"));
}
