//! `eyepatch stats`: numbers of scikit-learn 1.9.1, statsmodels 0.15 and SciPy 1.17.1 on the same table, and refusals.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::program::{eyepatch, fine, refused};

/// A row an image: 24 of 16 patients, 8 of them positive; a good score, a poor one, a probability, two folds.
fn table(dir: &Path, header: &str) -> PathBuf {
    let path = dir.join("scores.csv");
    let mut text = format!("{header}\n");
    for i in 0..24 {
        let (positive, patient) = (i % 3 == 0, if i < 16 { i / 2 } else { i });
        let score = f64::from((i * 37 + 11) % 50) / 50.0 + if positive { 0.18 } else { 0.0 };
        let poor = f64::from((i * 29 + 7) % 40) / 40.0;
        let probability = (score + 0.1) / 1.4;
        text += &format!(
            "s{i},p{patient},{},{score:.2},{poor:.3},{probability:.4},{}\n",
            u8::from(positive),
            i / 12
        );
    }
    std::fs::write(&path, text).unwrap();
    path
}

const HEADER: &str = "sample,patient,label,score,poor,probability,fold";

fn stats(command: &str, table: &Path, words: &str) -> Command {
    let mut run = eyepatch();
    run.args(["stats", command]).arg(table).args(words.split_whitespace());
    run
}

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&fine(command).stdout).unwrap()
}

/// The number at a path of names and positions, such as `models/0/auc`.
fn at(value: &Value, path: &str) -> f64 {
    let found = value.pointer(&format!("/{path}")).unwrap_or_else(|| panic!("no {path} in {value:#}"));
    found.as_f64().unwrap_or_else(|| panic!("{path} is {found}"))
}

#[track_caller]
fn close(value: &Value, path: &str, expected: f64) {
    let found = at(value, path);
    assert!((found - expected).abs() < 1e-9, "{path}: {found}, not {expected}");
}

#[test]
fn auc_and_calibration_are_those_of_scikit_learn() {
    let dir = tempfile::tempdir().unwrap();
    let scores = table(dir.path(), HEADER);
    let found = json(&mut stats("auc", &scores, "--specificity 0.75"));
    close(&found, "auc/auc", 0.69140625);
    close(&found, "average_precision", 0.5510420226703121);
    close(&found, "operating_points/0/point/sensitivity", 0.5);
    close(&found, "operating_points/0/point/specificity", 0.75);
    assert_eq!((at(&found, "auc/n_patients"), at(&found, "auc/n_images")), (16.0, 24.0));
    assert!(at(&found, "auc/lower") < 0.69 && at(&found, "auc/upper") > 0.7);
    // A fold's own AUC each, and their mean.
    let folds = json(&mut stats("auc", &scores, "--fold fold"));
    let each = [0, 1].map(|k| at(&folds, &format!("auc/folds/{k}/auc")));
    close(&folds, "auc/auc", (each[0] + each[1]) / 2.0);
    let found = json(&mut stats("calibration", &scores, "--score probability --bins 5"));
    close(&found, "folds/0/brier", 0.2215994566666667);
    assert!(at(&found, "folds/0/recalibration/slope/estimate") > 0.0);
    assert!(found["folds"][0]["reliability"]["bins"].as_array().unwrap().len() <= 5);
}

#[test]
fn two_columns_and_two_files_give_the_same_paired_test() {
    let dir = tempfile::tempdir().unwrap();
    let scores = table(dir.path(), HEADER);
    // The other file holds the rows backwards.
    let text = std::fs::read_to_string(&scores).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    let other = dir.path().join("other.csv");
    std::fs::write(&other, lines.join("\r\n")).unwrap();
    // Every image of a patient of its own is what DeLong's own test is for.
    let columns = json(&mut stats("delong", &scores, "--score score,poor --patient sample"));
    close(&columns, "models/0/auc/auc", 0.69140625);
    close(&columns, "models/1/auc/auc", 0.359375);
    close(&columns, "delong/difference", 0.33203125);
    close(&columns, "delong/se", 0.1579087916391438);
    close(&columns, "delong/p", 0.03549397750905494);
    close(&columns, "clustered/se", 0.1579087916391438);
    let files = json(stats("delong", &scores, "--score score,poor --patient sample").arg(&other));
    assert_eq!(files["clustered"], columns["clustered"]);
    let patients = json(&mut stats("delong", &scores, "--score score,poor"));
    assert!(patients["delong"]["because"].as_str().unwrap().contains("several images"));
    close(&patients, "clustered/difference", 0.33203125);
    let same = json(stats("delong", &scores, "").arg(&other));
    close(&same, "clustered/difference", 0.0);
    close(&same, "clustered/p", 1.0);
}

#[test]
fn the_bootstrap_depends_on_its_seed_alone() {
    let dir = tempfile::tempdir().unwrap();
    let scores = table(dir.path(), HEADER);
    let run = |words: &str, threads: &str| {
        let mut command = stats("bootstrap", &scores, words);
        fine(command.args(["--replicates", "300"]).env("RAYON_NUM_THREADS", threads)).stdout
    };
    let one = run("--score score,poor", "1");
    assert_eq!(one, run("--score score,poor", "3"));
    assert_ne!(one, run("--score score,poor --seed 5", "1"));
    let found: Value = serde_json::from_str(&one).unwrap();
    close(&found, "models/0/auc/percentile/estimate", 0.69140625);
    close(&found, "difference/bca/estimate", 0.33203125);
    assert!(
        at(&found, "difference/percentile/lower") < 0.33 && at(&found, "difference/percentile/upper") > 0.34
    );
}

#[test]
fn p_values_kappa_and_power() {
    let dir = tempfile::tempdir().unwrap();
    let tests = dir.path().join("p.csv");
    std::fs::write(&tests, "name;p\na;0.01\nb;0.04\nc;0.03\nd;0.005\n").unwrap();
    for (method, adjusted) in [("holm", [0.03, 0.06, 0.06, 0.02]), ("bh", [0.02, 0.04, 0.04, 0.02])] {
        let found = json(&mut stats(method, &tests, "--name name"));
        for (i, expected) in adjusted.into_iter().enumerate() {
            close(&found, &format!("hypotheses/{i}/adjusted"), expected);
            assert_eq!(found["hypotheses"][i]["rejected"], expected <= 0.05);
        }
        assert_eq!(found["hypotheses"][0]["name"], "a");
    }
    let ratings = dir.path().join("ratings.csv");
    // Grade 10 is the highest one, not the second as text would have it.
    let rows = [(1, 1), (2, 2), (3, 3), (3, 2), (2, 2), (1, 1), (1, 2), (10, 10), (3, 10), (2, 2)];
    let mut text = String::from("a,b,c\n");
    for (i, (a, b)) in rows.iter().enumerate() {
        text += &format!("{a},{b},{}\n", if i == 9 { 3 } else { *a });
    }
    std::fs::write(&ratings, text).unwrap();
    for (weights, kappa) in
        [("none", 0.5945945945945946), ("linear", 0.7272727272727273), ("quadratic", 0.8484848484848484)]
    {
        let found = json(&mut stats("kappa", &ratings, &format!("--ratings a,b --weights {weights}")));
        close(&found, "kappa/kappa", kappa);
    }
    close(&json(&mut stats("kappa", &ratings, "--ratings a,b,c")), "kappa/kappa", 0.6341463414634143);
    let power = |gap: f64| {
        let mut command = eyepatch();
        command.args("stats power --positive 60 --negative 140 --gap".split(' ')).arg(gap.to_string());
        json(&mut command)
    };
    let gap = at(&power(0.2), "minimal_detectable_gap");
    close(&power(gap), "power_at_gap", 0.8);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bad.csv");
    let refuse = |command: &str, text: &str, words: &str, told: &[&str]| {
        std::fs::write(&path, text).unwrap();
        refused(&mut stats(command, &path, words), &[told, &["bad.csv"]].concat());
    };
    let head = "sample,patient,label,score";
    refuse("auc", "sample,label,score\na,1,0.5\n", "", &["no column `patient`", "--patient", "`sample`"]);
    let rows = |bad: &str| format!("{head}\na,p,1,0.5\n{bad}\nc,r,0,0.1\n");
    refuse("auc", &rows("b,q,0,NaN"), "", &["line 3", "score", "`NaN` is not a number", "drop the row"]);
    refuse("auc", &rows("b,q,0,"), "", &["line 3", "there is no value"]);
    refuse("auc", &rows("b,q,benign,0.2"), "", &["line 3", "`benign` is no label", "1 for positive"]);
    refuse("auc", &rows("a,q,0,0.2"), "", &["line 3", "`a` is also on line 2", "--fold"]);
    refuse("auc", &rows("b,,0,0.2"), "", &["line 3", "patient", "there is no value"]);
    refuse(
        "auc",
        &rows("b,q,1,0.2").replace(",0,", ",1,"),
        "",
        &["all 3 labels are positive", "both classes"],
    );
    refuse("auc", &rows("b,q,0,0.2"), "", &["1 patient has a positive image"]);
    refuse("auc", &format!("{head}\n"), "", &["no rows below the header"]);
    refuse("calibration", &rows("b,q,0,1.2"), "", &["line 3", "`1.2` is no probability", "from 0 to 1"]);
    refuse("holm", "p\n0.5\n1.5\n", "", &["line 3", "`1.5` is no probability"]);
    refuse("kappa", "a,b\nx,x\nx,x\n", "--ratings a,b", &["all ratings are the same"]);
    refuse("kappa", "a,b\nx,x\nx,\n", "--ratings a,b", &["line 3", "there is no value"]);
    let other = dir.path().join("other.csv");
    let joined = |theirs: &str, told: &[&str]| {
        std::fs::write(&path, rows("b,q,0,0.2")).unwrap();
        std::fs::write(&other, theirs).unwrap();
        refused(stats("delong", &path, "").arg(&other), told);
    };
    joined(&rows("d,q,0,0.2"), &["other.csv", "line 3", "`d` is not in", "bad.csv"]);
    joined(&rows("b,q,1,0.2"), &["other.csv", "line 3", "`b` has another label or patient"]);
    refused(&mut stats("delong", &path, ""), &["compares two models", "--score a,b"]);
    refused(&mut stats("auc", &dir.path().join("none.csv"), ""), &["none.csv"]);
    let mut power = eyepatch();
    power.args("stats power --positive 60 --negative 140 --alpha 0.7".split(' '));
    refused(&mut power, &["alpha must be between 0 and 0.5"]);
}

/// Probabilities of exactly 0 have no logit: the slope is missing with its reason, the rest is told.
#[test]
fn what_is_not_estimable_says_why_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.csv");
    std::fs::write(&path, "sample,patient,label,score\na,a,1,0.9\nb,b,0,0\nc,c,1,0.4\nd,d,0,0.6\n").unwrap();
    let found = json(&mut stats("calibration", &path, ""));
    let missing = &found["folds"][0]["recalibration"];
    assert_eq!(missing["not_estimable"]["reason"], "infinite_logit");
    assert!(missing["because"].as_str().unwrap().contains("0 or 1"), "{missing}");
    close(&found, "folds/0/brier", (0.01 + 0.0 + 0.36 + 0.36) / 4.0);
}
