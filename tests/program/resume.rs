//! Killed runs, damaged stores, full disks: finished work is never lost and never done twice.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use crate::data::Data;
use crate::program::{assert_same_results, cells, fine, refused, results, run};

#[test]
fn a_run_killed_at_five_random_moments_ends_in_the_same_result() {
    let data = Data::new(48);
    let (whole, killed) = (data.path().join("whole"), data.path().join("killed"));
    fine(&mut data.sweep(&whole));
    let all = count(&whole.join("store"));
    let store = killed.join("store");
    let mut random = Random::new();
    let seed = random.0;
    let mut seen = cells(&store);
    for left in (1..=5).rev() {
        // Somewhere in the first three quarters of what is missing, so that something is left for the next kill.
        let before = count(&store);
        let room = (all * 3 / 4).saturating_sub(before) / left;
        let until = before + 1 + random.below(room.max(1));
        kill(&mut data.sweep(&killed), &store, until, Duration::from_micros(random.below(5000) as u64), seed);
        let now = cells(&store);
        assert!(count(&store) < all, "seed {seed}: nothing was missing when it was killed");
        assert_kept(&seen, &now, seed);
        seen = now;
    }
    let ran = fine(&mut data.sweep(&killed));
    assert_kept(&seen, &cells(&store), seed);
    let reused = seen.keys().filter(|f| f.ends_with("cell.json")).count();
    assert_eq!(ran.stderr.matches("found in the store").count(), reused, "seed {seed}: {}", ran.stderr);
    assert_same_results(&whole, &killed);
}

type Files = std::collections::BTreeMap<std::path::PathBuf, std::time::SystemTime>;

fn assert_kept(before: &Files, after: &Files, seed: u64) {
    let again: Vec<_> = before.iter().filter(|(file, time)| after.get(*file) != Some(time)).collect();
    assert!(again.is_empty(), "seed {seed}: whole cells were computed again: {again:?}");
}

/// Starts a run and kills it once its store holds so many cells, and a little later.
fn kill(command: &mut Command, store: &Path, until: usize, later: Duration, seed: u64) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while count(store) < until {
        assert!(child.try_wait().unwrap().is_none(), "seed {seed}: it ended with fewer than {until} cells");
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(later);
    // SIGKILL: nothing of ours gets to tidy up.
    child.kill().unwrap();
    let status = child.wait().unwrap();
    #[cfg(unix)]
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "seed {seed}: {status}");
    assert!(!status.success(), "seed {seed}: it ended before it was killed");
}

/// Number of whole cells: one is named when it is whole.
fn count(store: &Path) -> usize {
    std::fs::read_dir(store.join("cells")).map_or(0, Iterator::count)
}

/// SplitMix64 (Steele et al. 2014), seeded by the clock: other moments in every run of the test.
struct Random(u64);

impl Random {
    fn new() -> Self {
        Self(UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) % bound as u64) as usize
    }
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
    let start = |out: &Path| {
        let mut command = data.sweep(out);
        command.arg("--store").arg(&store).stderr(Stdio::null()).stdout(Stdio::null());
        command.spawn().unwrap()
    };
    let (mut first, mut second) = (start(&a), start(&b));
    assert!(first.wait().unwrap().success() && second.wait().unwrap().success());
    assert_same_results(&a, &b);
}

/// A file-size limit stands for a full disk: writes fail half-way, as they do there, and anybody may set one.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let data = Data::new(48);
    let out = data.path().join("out");
    let sweep = data.sweep(&out);
    let mut limited = Command::new("sh");
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
    let store = data.path().join("store");
    for (store, told) in [(None, "file/out:"), (Some(&store), "file/out:"), (Some(&file), "file/cells:")] {
        let out = if told == "file/out:" { file.join("out") } else { data.path().join("out") };
        let mut command = data.sweep(&out);
        store.map(|s| command.arg("--store").arg(s));
        let ran = refused(&mut command, &[told]);
        assert!(!ran.stderr.contains("sweep:"), "work had begun: {}", ran.stderr);
    }
    assert_eq!(count(&store), 0);
    #[cfg(target_os = "linux")]
    refused(&mut data.sweep(Path::new("/proc/eyepatch")), &["/proc/eyepatch"]);
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_a_store_that_goes_on() {
    let data = Data::new(48);
    let out = data.path().join("out");
    let slow =
        r#"{"growth": 4, "blocks": [1, 1], "init_features": 4, "epochs": 400, "batch": 8, "patience": 0}"#;
    let mut child = data.sweep_of(slow, &out).stderr(Stdio::null()).spawn().unwrap();
    let store = out.join("store");
    for _ in 0..600 {
        std::thread::sleep(Duration::from_millis(50));
        if count(&store) >= 2 {
            break;
        }
    }
    run(Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]));
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    let before = cells(&store);
    assert!(!before.is_empty());
    fine(&mut data.sweep(&out));
    let after = cells(&store);
    assert!(before.iter().all(|(f, t)| after[f] == *t));
}
