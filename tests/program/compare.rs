//! Two runs against each other.

use crate::program::{eyepatch, fine, refused};

fn quick(out: &std::path::Path, more: &[&str]) {
    fine(eyepatch().args(["run", "quickstart/honest", "--quick", "--out"]).arg(out).args(more));
}

/// A run against itself, at another number of threads, shows no change at all; another seed shows as a choice, with numbers.
#[test]
fn the_same_run_shows_no_change_and_another_seed_does() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|n| folder.path().join(n));
    quick(&a, &[]);
    quick(&b, &["--threads", "1"]);
    quick(&c, &["--seed", "7"]);
    let same = fine(eyepatch().arg("compare").args([&a, &b]));
    assert!(same.stdout.contains("Nothing changed.") && !same.stdout.contains("**yes**"), "{}", same.stdout);

    let out = folder.path().join("told");
    let other = fine(eyepatch().arg("compare").args([&a, &c]).arg("--out").arg(&out));
    assert!(!other.stdout.contains("Nothing changed."), "{}", other.stdout);
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("compare.json")).unwrap()).unwrap();
    let audit = &json["audits"][0];
    let seed = audit["choices"].as_array().unwrap().iter().find(|c| c["what"] == "seed").unwrap();
    assert_eq!(seed["values"], serde_json::json!(["1907", "7"]));
    assert!(!audit["numbers"].as_array().unwrap().is_empty());
    assert!(std::fs::read_to_string(out.join("compare.md")).unwrap().contains("| declaration"));
}

#[test]
fn a_folder_without_a_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let command = |first: &std::path::Path| {
        let mut command = eyepatch();
        command.arg("compare").arg(first).arg(folder.path());
        command
    };
    refused(&mut command(folder.path()), &["holds no result.json", "eyepatch run"]);
    refused(&mut command(&folder.path().join("none")), &["does not exist"]);
    std::fs::write(folder.path().join("result.json"), "{").unwrap();
    refused(&mut command(folder.path()), &["result.json", "line 1"]);
}
