//! Killed runs, damaged stores, full disks: finished work is never lost and never done twice.

use std::time::Duration;

use crate::data::Data;
use crate::program::{cells, fine, refused, results, run};

#[test]
fn a_run_killed_five_times_ends_in_the_same_result() {
    let data = Data::new(48);
    let (whole, killed) = (data.path().join("whole"), data.path().join("killed"));
    fine(&mut data.sweep(&whole));
    let store = killed.join("store");
    let mut seen = cells(&store);
    for delay in [150, 420, 250, 600, 330] {
        let mut child = data.sweep(&killed).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        // SIGKILL: nothing of ours gets to tidy up.
        child.kill().unwrap();
        child.wait().unwrap();
        let now = cells(&store);
        assert!(
            seen.iter().all(|(file, time)| now.get(file) == Some(time)),
            "a whole cell was computed again"
        );
        seen = now;
    }
    let ran = fine(&mut data.sweep(&killed));
    let now = cells(&store);
    assert!(seen.iter().all(|(file, time)| now.get(file) == Some(time)), "a whole cell was computed again");
    let reused = seen.keys().filter(|f| f.ends_with("cell.json")).count();
    assert_eq!(ran.stderr.matches("found in the store").count(), reused, "{}", ran.stderr);
    assert_eq!(results(&whole), results(&killed));
}

#[test]
fn a_half_written_cell_is_found_and_made_again() {
    let data = Data::new(48);
    let out = data.path().join("out");
    fine(&mut data.sweep(&out));
    let before = results(&out);
    let all = cells(&out.join("store"));
    let victim = all.keys().find(|f| f.ends_with("scores.json")).unwrap();
    let bytes = std::fs::read(victim).unwrap();
    std::fs::write(victim, &bytes[..bytes.len() / 2]).unwrap();
    let ran = fine(&mut data.sweep(&out));
    assert!(
        ran.stderr.contains("scores.json has") && ran.stderr.contains("computed again"),
        "{}",
        ran.stderr
    );
    assert_eq!(before, results(&out));
    let folder = victim.parent().unwrap();
    let after = cells(&out.join("store"));
    assert!(
        all.iter().all(|(f, t)| f.starts_with(folder) || after[f] == *t),
        "another cell was computed again"
    );
}

#[test]
fn two_runs_on_one_store_do_not_harm_each_other() {
    let data = Data::new(48);
    let store = data.path().join("store");
    let (a, b) = (data.path().join("a"), data.path().join("b"));
    let start = |out: &std::path::Path| {
        let mut command = data.sweep(out);
        command
            .arg("--store")
            .arg(&store)
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null());
        command.spawn().unwrap()
    };
    let (mut first, mut second) = (start(&a), start(&b));
    assert!(first.wait().unwrap().success() && second.wait().unwrap().success());
    assert_eq!(results(&a), results(&b));
}

/// A file-size limit stands for a full disk: writes fail half-way, as they do there, and anybody may set one.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let data = Data::new(48);
    let out = data.path().join("out");
    let sweep = data.sweep(&out);
    let mut limited = std::process::Command::new("sh");
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\""])
        .arg(sweep.get_program())
        .args(sweep.get_args());
    let ran = refused(&mut limited, &["prepare", "images.npy", "free disk space", "finished cells are kept"]);
    assert!(ran.stdout.is_empty());
    fine(&mut data.sweep(&out));
}

#[test]
fn an_unwritable_output_is_told_before_any_work() {
    let data = Data::new(48);
    let file = data.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let ran = refused(&mut data.sweep(&file.join("out")), &["file/out/store"]);
    assert!(!ran.stderr.contains("cells"), "work had begun: {}", ran.stderr);
    #[cfg(target_os = "linux")]
    refused(&mut data.sweep(std::path::Path::new("/proc/eyepatch")), &["/proc/eyepatch"]);
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_a_store_that_goes_on() {
    let data = Data::new(48);
    let out = data.path().join("out");
    let slow =
        r#"{"growth": 4, "blocks": [1, 1], "init_features": 4, "epochs": 400, "batch": 8, "patience": 0}"#;
    let mut child =
        data.sweep(&out).args(["--model-params", slow]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let store = out.join("store");
    for _ in 0..600 {
        std::thread::sleep(Duration::from_millis(50));
        if cells(&store).keys().filter(|f| f.ends_with("cell.json")).count() >= 2 {
            break;
        }
    }
    run(std::process::Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]));
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    let before = cells(&store);
    assert!(!before.is_empty());
    fine(&mut data.sweep(&out));
    let after = cells(&store);
    assert!(before.iter().all(|(f, t)| after[f] == *t));
}
