//! A stranger's plugin, copied, tested and run as a stranger does.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::program::{fine, refused, run};

/// A copy of `acme-masks` that was built and tested.
struct Acme {
    program: PathBuf,
    /// What `cargo test` wrote.
    tests: String,
}

/// Copies `acme-masks` out of this repository's sources, changes what its Cargo.toml says must be changed, and runs its
/// tests in this build's folder, once for all tests here.
fn acme() -> &'static Acme {
    static ACME: OnceLock<Acme> = OnceLock::new();
    ACME.get_or_init(|| {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let fixture = home.join("tests/fixtures/acme-masks");
        let cargo = |command: &str, folder: &Path| {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.arg(command).arg("--manifest-path").arg(folder.join("Cargo.toml")).current_dir(folder);
            cargo
        };
        // Where it lies its paths lead somewhere too, and the lock file is brought up to date before it is copied.
        fine(cargo("metadata", &fixture).args(["--format-version", "1"]));
        // Always the same folder, so that cargo builds anew only what changed.
        let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("acme-masks");
        copy_folder(&fixture, &copy, home);
        // The folder of this test's own program tells where this build lives.
        let target = Path::new(env!("CARGO_BIN_EXE_eyepatch")).parent().unwrap().parent().unwrap();
        let tests = fine(cargo("test", &copy).arg("--target-dir").arg(target)).stdout;
        Acme { program: target.join("debug/acme"), tests }
    })
}

/// Makes `to` hold what `from` holds, leaving alone what is the same; a manifest gets the path of `home` for `../../..`.
fn copy_folder(from: &Path, to: &Path, home: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            // Somebody may have built it where it lies.
            if entry.file_name() != "target" {
                copy_folder(&path, &copy, home);
            }
            continue;
        }
        let mut text = std::fs::read_to_string(&path).unwrap();
        if entry.file_name() == "Cargo.toml" {
            let home = home.display().to_string().replace('\\', "/");
            text = text.replace("path = \"../../..", &format!("path = \"{home}"));
        }
        if std::fs::read_to_string(&copy).is_ok_and(|old| old == text) {
            continue;
        }
        std::fs::write(&copy, text).unwrap();
    }
    // What was removed since the last run would be built on.
    for entry in std::fs::read_dir(to).unwrap() {
        let copy = entry.unwrap().path();
        if copy.is_file() && !from.join(copy.file_name().unwrap()).exists() {
            std::fs::remove_file(copy).unwrap();
        }
    }
}

#[test]
fn a_strangers_copy_keeps_the_laws() {
    let tests = &acme().tests;
    for law in [
        "narrow::visible_pixels_are_untouched",
        "wide::hidden_pixels_do_not_leak",
        "wide::the_region_holds_a_pixel",
        "mean_grey::fitted_laws_hold",
        "mean_grey::unknown_parameters_are_refused",
    ] {
        assert!(tests.contains(&format!("test {law} ... ok")), "`{law}` did not run:\n{tests}");
    }
}

#[test]
fn a_strangers_masker_is_listed_and_runs() {
    let out = tempfile::tempdir().unwrap();
    let acme = &acme().program;
    let list = fine(Command::new(acme).arg("list")).stdout;
    for word in ["acme/ring", "acme-masks 0.3.0", "acme/mean-grey", "eyepatch/region", "acme-masks/ring_only"]
    {
        assert!(list.contains(word), "`{word}` is not in:\n{list}");
    }
    assert!(!list.contains("eyepatch/densenet"), "acme links no network");
    let ran = fine(Command::new(acme).args(["run", "ring_only", "--out"]).arg(out.path()));
    assert!(ran.stdout.contains("acme-masks/ring_only"), "{}", ran.stdout);
    let html = std::fs::read_to_string(out.path().join("report.html")).unwrap();
    assert!(html.contains("Ring-6") && html.contains("acme/ring"));
    // A plugin that is not linked is named with what to do.
    let wrong = run(Command::new(acme).args([
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
    refused(Command::new(acme).args(["run", "ring_only", "--threads", "0"]), &["0 is not in 1.."]);
}
