//! A stranger's plugin, built as a stranger builds it and run as a stranger runs it.

use std::path::Path;
use std::process::Command;

use crate::program::{fine, refused, run};

/// Builds `acme-masks`, a workspace of its own, in a corner of this build's folder.
fn built() -> Command {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixture = home.join("tests/fixtures/acme-masks");
    // The folder of this test's own program tells where this build lives.
    let target = Path::new(env!("CARGO_BIN_EXE_eyepatch")).parent().unwrap().parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--manifest-path"]).arg(fixture.join("Cargo.toml")).arg("--target-dir").arg(target);
    fine(&mut cargo);
    Command::new(target.join("debug/acme"))
}

#[test]
fn a_strangers_masker_is_listed_and_runs() {
    let out = tempfile::tempdir().unwrap();
    let acme = built().get_program().to_owned();
    let list = fine(Command::new(&acme).arg("list")).stdout;
    for word in ["acme/ring", "acme-masks 0.3.0", "acme/mean-grey", "eyepatch/region", "acme-masks/ring_only"]
    {
        assert!(list.contains(word), "`{word}` is not in:\n{list}");
    }
    assert!(!list.contains("eyepatch/densenet"), "acme links no network");
    let ran = fine(Command::new(&acme).args(["run", "ring_only", "--out"]).arg(out.path()));
    assert!(ran.stdout.contains("acme-masks/ring_only"), "{}", ran.stdout);
    let html = std::fs::read_to_string(out.path().join("report.html")).unwrap();
    assert!(html.contains("Ring-6") && html.contains("acme/ring"));
    // A plugin that is not linked is named with what to do.
    let wrong = run(Command::new(&acme).args([
        "run",
        "sweep",
        "--table",
        "t",
        "--images",
        "i",
        "--rois",
        "r",
        "--label",
        "l",
        "--patient",
        "p",
    ]));
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    assert!(wrong.stderr.contains("is linked"), "{}", wrong.stderr);
    refused(Command::new(&acme).args(["run", "ring_only", "--threads", "0"]), &["0 is not in 1.."]);
}
