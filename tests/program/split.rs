//! `eyepatch split`: scikit-learn's folds from tables as spreadsheets write them, and sweeps that read them.

use std::path::Path;
use std::process::Command;

use crate::data::Data;
use crate::program::{Ran, eyepatch, fine, refused};

/// Patients as numbers whose order as text is another one.
const PATIENTS: [u32; 24] =
    [10, 2, 2, 33, 4, 4, 4, 50, 61, 7, 7, 8, 90, 90, 11, 12, 13, 13, 14, 15, 15, 16, 17, 18];

fn label(patient: u32) -> u32 {
    u32::from(patient % 3 == 1)
}

/// The table, with a note that no reader may trip over: separators, quotes and a line break within a cell.
fn table(path: &Path, separator: &str, end: &str, patient: impl Fn(u32) -> String) {
    let mut text = format!("\u{feff}\"patient\"{separator}note{separator}label{end}");
    for (row, &p) in PATIENTS.iter().enumerate() {
        let note = if row == 2 { format!("\"a {separator} \"\"b\"\"{end}c\"") } else { "-".into() };
        text += &format!("{}{separator}{note}{separator}{}{end}", patient(p), label(p));
    }
    std::fs::write(path, text).unwrap();
}

fn split(table: &Path, out: &Path, words: &[&str]) -> Command {
    let mut command = eyepatch();
    command.args(["split", "--table"]).arg(table).arg("--out").arg(out).args(words);
    command
}

/// A text a fold: `1` where the row is tested. Every row has a line in every fold, in order.
fn tested(out: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(out).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("row,fold,part"));
    let mut folds: Vec<String> = Vec::new();
    for (i, line) in lines.enumerate() {
        let (row, fold) = (i % PATIENTS.len(), i / PATIENTS.len());
        folds.resize(fold + 1, String::new());
        let part = line.strip_prefix(&format!("{row},{fold},")).unwrap_or_else(|| panic!("{line}"));
        folds[fold].push(if part == "test" { '1' } else { '0' });
        assert!(["test", "train"].contains(&part), "{line}");
    }
    folds
}

/// The same of folds that test each row once: the row's fold.
fn fold_of_row(out: &Path) -> String {
    let folds = tested(out);
    let of = |row: usize| {
        let hits: Vec<usize> = (0..folds.len()).filter(|&k| folds[k].as_bytes()[row] == b'1').collect();
        assert_eq!(hits.len(), 1, "row {row}");
        char::from_digit(hits[0] as u32, 36).unwrap()
    };
    (0..PATIENTS.len()).map(of).collect()
}

/// Expected folds are those of scikit-learn 1.9.1 on the same columns.
#[test]
fn folds_are_scikit_learns_whatever_wrote_the_table() {
    let dir = tempfile::tempdir().unwrap();
    let (source, out) = (dir.path().join("t.csv"), dir.path().join("s.csv"));
    let (group, both) = (["--group", "patient"], ["--group", "patient", "--stratify", "label"]);
    for (separator, end) in [(",", "\n"), (";", "\r\n"), ("\t", "\r\n")] {
        table(&source, separator, end, |p| p.to_string());
        let run = |scheme: &str, columns: &[&str], more: &[&str]| -> Ran {
            fine(&mut split(&source, &out, &[&["--scheme", scheme], columns, more].concat()))
        };
        run("group-shuffle", &group, &["--folds", "3", "--test", "0.2", "--seed", "1907"]);
        let drawn = ["000000001000000011111000", "100011101000000000011000", "000000000000111000100001"];
        assert_eq!(tested(&out), drawn);
        // Five folds, a fifth and seed 1907 are what is taken where nothing is said.
        run("group-shuffle", &group, &[]);
        assert_eq!((&tested(&out)[..3], tested(&out).len()), (&drawn.map(String::from)[..], 5));
        run("group-kfold", &group, &[]);
        assert_eq!(fold_of_row(&out), "211400032443111033422320");
        run("group-kfold", &group, &["--shuffle"]);
        assert_eq!(fold_of_row(&out), "144333320114331200000241");
        run("stratified-group-kfold", &both, &["--folds", "3"]);
        assert_eq!(fold_of_row(&out), "211000012221000211122102");
        run("stratified-group-kfold", &both, &["--folds", "3", "--shuffle", "--seed", "7"]);
        assert_eq!(fold_of_row(&out), "222100021222111011000120");
        let ran = run("stratified-kfold", &["--stratify", "label"], &["--folds", "4"]);
        assert_eq!(fold_of_row(&out), "000000111121122223233333");
        assert!(ran.stderr.contains("knows no patients"), "{}", ran.stderr);
        let ran = run("stratified-kfold", &both, &["--folds", "4", "--shuffle", "--seed", "1907"]);
        assert_eq!(fold_of_row(&out), "221221033311232001301003");
        assert!(ran.stderr.contains("6 patients are in train and in test"), "{}", ran.stderr);
    }
    // One name that is no number makes the column text.
    table(&source, ",", "\n", |p| format!("P{p}"));
    fine(&mut split(&source, &out, &["--scheme", "group-kfold", "--group", "patient"]));
    assert_eq!(fold_of_row(&out), "333000043222112111044432");
}

#[test]
fn what_scikit_learn_refuses_is_refused_in_its_words() {
    let dir = tempfile::tempdir().unwrap();
    let (source, out) = (dir.path().join("t.csv"), dir.path().join("s.csv"));
    table(&source, ",", "\n", |p| p.to_string());
    let refuse = |words: &str, told: &[&str]| {
        refused(&mut split(&source, &out, &words.split(' ').collect::<Vec<_>>()), told);
        assert!(!out.exists());
    };
    let many = ["n_splits=20 greater than the number of groups: 17", "t.csv", "use fewer folds"];
    refuse("--scheme group-kfold --group patient --folds 20", &many);
    refuse("--scheme group-kfold --group patient --folds 1", &["n_splits=2 or more, got n_splits=1"]);
    refuse("--scheme group-kfold --group patient --folds 30", &["number of samples: n_samples=24"]);
    let members = ["n_splits=20 cannot be greater than the number of members in each class"];
    refuse("--scheme stratified-kfold --stratify label --folds 20", &members);
    refuse(
        "--scheme group-shuffle --group patient --test 1.5",
        &["test_size=1.5 should be", "between 0 and 1"],
    );
    refuse("--scheme group-shuffle --group patient --test -0.1", &["test_size=-0.1 should be"]);
    refuse(
        "--scheme group-shuffle --group patient --test 0.99",
        &["train set will be empty", "smaller share"],
    );
    refuse("--scheme group-shuffle --group patient --seed 4294967296", &["from 0 to 4294967295"]);
    refuse("--scheme group-kfold", &["group-kfold needs the patient of every row", "--group"]);
    refuse(
        "--scheme stratified-group-kfold --group patient",
        &["needs a class to stratify by", "--stratify"],
    );
    refuse("--scheme group-kfold --group who", &["no column `who`", "`patient`"]);
    std::fs::write(&source, "patient,label\n1,0.5\n2,1\n,0\n").unwrap();
    let empty = ["line 4", "no value in column `patient`"];
    refuse("--scheme group-kfold --group patient --folds 2", &empty);
    refuse("--scheme stratified-kfold --stratify label --folds 2", &["Got 'continuous'", "ranges"]);
}

#[test]
fn options_without_effect_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let (source, out) = (dir.path().join("t.csv"), dir.path().join("s.csv"));
    table(&source, ",", "\n", |p| p.to_string());
    let words = "--scheme group-kfold --group patient --stratify label --test 0.2 --seed 5 --json";
    let ran = fine(&mut split(&source, &out, &words.split(' ').collect::<Vec<_>>()));
    for option in ["--stratify", "--test", "--seed"] {
        assert!(ran.stderr.contains(&format!("note: {option} changes nothing")), "{}", ran.stderr);
    }
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&json["scheme"], &json["rows"]), (&"group-kfold".into(), &24.into()));
    assert!(json["folds"].as_array().unwrap().iter().all(|f| f["test_rows"].as_u64() > Some(3)));
}

/// Our own scheme balances by label and site together.
#[test]
fn balanced_folds_go_by_several_columns() {
    let dir = tempfile::tempdir().unwrap();
    let (source, out) = (dir.path().join("t.csv"), dir.path().join("s.csv"));
    let site = |i: usize| ["a", "b", "c"][i / 2 % 3];
    let mut text = String::from("id;patient;label;site\n");
    (0..60).for_each(|i| text += &format!("s{i};p{i};{};{}\n", i % 2, site(i)));
    std::fs::write(&source, text).unwrap();
    let words = ["--group", "patient", "--stratify", "label", "--stratify", "site", "--folds", "5"];
    fine(&mut split(&source, &out, &words));
    let mut counts = std::collections::BTreeMap::new();
    for record in csv::Reader::from_path(&out).unwrap().deserialize::<(String, usize, String)>() {
        let (sample, fold, part) = record.unwrap();
        let i: usize = sample[1..].parse().unwrap();
        *counts.entry((fold, i % 2, site(i))).or_insert(0) += usize::from(part == "test");
    }
    assert_eq!(counts.len(), 5 * 2 * 3);
    assert!(counts.values().all(|n| *n == 2), "{counts:?}");
}

#[test]
fn a_sweep_reads_rows_of_the_file_even_if_it_leaves_some_out() {
    let data = Data::new(48);
    let labels = data.path().join("labels.csv");
    let out = data.path().join("s.csv");
    let both = ["--group", "patient_id", "--stratify", "label", "--folds", "3"];
    fine(&mut split(&labels, &out, &[&["--scheme", "stratified-group-kfold"], &both[..]].concat()));
    let plan = |more: &[&str]| {
        let mut command = eyepatch();
        command.arg("plan");
        data.table(&mut command);
        command.args(["--size", "32", "--splits"]).arg(&out).args(more);
        command
    };
    let text = fine(&mut plan(&["--where", "age>=32"])).stdout;
    assert!(text.contains("folds: 3") && text.contains("3 folds read from s.csv"), "{text}");
    fine(&mut split(
        &labels,
        &out,
        &["--scheme", "stratified-kfold", "--stratify", "label", "--folds", "3", "--shuffle"],
    ));
    refused(&mut plan(&[]), &["s.csv", "patient `p", "put all images of a patient into one part"]);
    std::fs::write(&out, "row,fold,part\n48,0,test\n").unwrap();
    refused(&mut plan(&[]), &["line 2", "there is no row 48: the table has 48 rows", "split that very file"]);
}

/// A sweep of one's own table by the study's two protocols; the plan says which.
#[test]
fn a_sweep_goes_by_the_studys_protocols() {
    let data = Data::new(80);
    let labels = data.path().join("labels.csv");
    let text = std::fs::read_to_string(&labels).unwrap();
    let with_set = |(i, line): (usize, &str)| {
        // Lines 1 and 2, 3 and 4, ... are a patient's; one patient in five is tested.
        let set = if i == 0 {
            "set"
        } else if (i - 1) / 2 % 5 == 4 {
            "test"
        } else {
            "train"
        };
        format!("{line},{set}\n")
    };
    std::fs::write(&labels, text.lines().enumerate().map(with_set).collect::<String>()).unwrap();
    let plan = |words: &[&str]| {
        let mut command = eyepatch();
        command.arg("plan");
        data.table(&mut command);
        command.args(["--size", "32", "--scheme"]).args(words);
        command
    };
    let chest = fine(&mut plan(&["group-holdout-kfold", "--folds", "4"])).stdout;
    assert!(
        chest.contains("folds: 4") && chest.contains("drawn with seed 1907, are the one test set"),
        "{chest}"
    );
    let fundus = fine(&mut plan(&["stratified-group-kfold", "--test-where", "set=test"])).stdout;
    let words = "the rows with `test` in `set` are the one test set of all 5 folds";
    assert!(fundus.contains("folds: 5") && fundus.contains(words), "{fundus}");
    let none = ["no row has `tset` in column `set`", "some rows have"];
    refused(&mut plan(&["stratified-group-kfold", "--test-where", "set=tset"]), &none);
    refused(&mut plan(&["stratified-group-kfold", "--test-where", "set"]), &["set=test"]);
    refused(&mut plan(&["group-holdout-kfold", "--test-where", "set=test"]), &["draws its test set"]);
}
