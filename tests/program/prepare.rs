//! `eyepatch prepare`: what it writes, killed runs, bad input, and audits of what it wrote.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::data::{Data, SMALL};
use crate::program::{eyepatch, fine, refused, results};

/// `eyepatch prepare` of this data set into `out`, without a size.
fn prepare(data: &Data, out: &Path) -> Command {
    let mut command = eyepatch();
    command.arg("prepare").arg("--table").arg(data.path().join("labels.csv"));
    command.arg("--images").arg(data.path().join("images")).arg("--rois").arg(data.path().join("rois"));
    command.args(["--patient", "patient_id", "--label", "label"]).arg("--out").arg(out);
    command
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let paths = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    paths
        .map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(p).unwrap()))
        .collect()
}

#[test]
fn an_audit_of_a_prepared_set_is_that_of_its_originals() {
    let data = Data::new(48);
    let set = data.path().join("set");
    let ran = fine(prepare(&data, &set).args(["--size", "32", "--json"]));
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&told["images"], &told["skipped"], &told["reused"]), (&48.into(), &0.into(), &0.into()));

    let (of_table, of_set) = (data.path().join("a"), data.path().join("b"));
    fine(&mut data.sweep(&of_table));
    let mut command = eyepatch();
    command.args(["run", "sweep", "--prepared"]).arg(&set).args(["--size", "32", "--folds", "2"]);
    fine(command.args(["--model-params", SMALL]).arg("--out").arg(&of_set));
    let result = |out: &Path| -> serde_json::Value {
        let text = std::fs::read(out.join("result.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    };
    let (a, b) = (result(&of_table), result(&of_set));
    for part in ["answer", "matrices", "curves", "further", "findings", "explanations", "model"] {
        let (a, b) = (&a["audits"][0][part], &b["audits"][0][part]);
        assert!(!a.is_null() && a == b, "{part}: {a} {b}");
    }
    let pictures = |out: &Path| {
        let png = |(name, _): &(PathBuf, Vec<u8>)| name.extension().is_some_and(|e| e == "png");
        results(out).into_iter().filter(png).collect::<BTreeMap<_, _>>()
    };
    assert!(!pictures(&of_table).is_empty() && pictures(&of_table) == pictures(&of_set));
}

#[test]
fn masked_images_of_a_set_are_those_of_its_originals() {
    let data = Data::new(24);
    let set = data.path().join("set");
    fine(prepare(&data, &set).args(["--size", "32"]));
    let export = |name: &str, plan: &mut Command| {
        let (file, masked) = (data.path().join(format!("{name}.json")), data.path().join(name));
        fine(plan.args(["--dilate=-2,3", "--out"]).arg(&file));
        fine(eyepatch().args(["mask", "--plan"]).arg(&file).arg("--out").arg(&masked));
        let mut reader = csv::Reader::from_path(masked.join("manifest.csv")).unwrap();
        let images = reader.records().map(|r| {
            let r = r.unwrap();
            let key: Vec<String> = [1, 3, 4, 5, 6, 7].map(|i| r[i].to_owned()).to_vec();
            (key, std::fs::read(masked.join(&r[8])).unwrap())
        });
        images.collect::<BTreeMap<_, _>>()
    };
    let mut plan = eyepatch();
    plan.arg("plan");
    data.options(&mut plan);
    let originals = export("a", &mut plan);
    let mut plan = eyepatch();
    plan.args(["plan", "sweep", "--prepared"]).arg(&set).args(["--size", "32", "--folds", "2"]);
    let prepared = export("b", &mut plan);
    assert!(originals.len() > 100);
    assert!(originals == prepared, "every masked pixel is the same");
}

#[test]
fn a_set_is_the_same_at_any_number_of_threads_and_is_verified_when_asked_for_again() {
    let data = Data::new(70);
    let (one, two) = (data.path().join("one"), data.path().join("two"));
    fine(prepare(&data, &one).args(["--size", "24", "--threads", "1"]));
    fine(prepare(&data, &two).args(["--size", "24", "--threads", "2"]));
    let whole = files(&one);
    assert!(whole == files(&two));
    let ran = fine(prepare(&data, &one).args(["--size", "24"]));
    assert!(ran.stdout.contains("of an earlier run: 70 images, verified"), "{}", ran.stdout);
    let mut images = whole["images.npy"].clone();
    images[4000] ^= 1;
    std::fs::write(one.join("images.npy"), images).unwrap();
    let ran = fine(prepare(&data, &one).args(["--size", "24"]));
    assert!(ran.stdout.contains("made again: 1 blocks"), "{}", ran.stdout);
    assert!(files(&one) == whole);
    refused(
        prepare(&data, &one).args(["--size", "32"]),
        &["was prepared with other options", "size", "--out"],
    );
}

#[test]
fn a_killed_run_goes_on() {
    let data = Data::new(72);
    let (whole, out) = (data.path().join("whole"), data.path().join("out"));
    // Blocks of 24 images.
    let size = ["--size", "1024"];
    fine(prepare(&data, &whole).args(size));
    let journal = data.path().join("out.part/journal.txt");
    let blocks =
        || std::fs::read_to_string(&journal).map_or(0, |text| text.lines().count().saturating_sub(1));
    for until in [0, 1, 2] {
        let mut child =
            prepare(&data, &out).args(size).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while !journal.exists() || blocks() < until {
            assert!(child.try_wait().unwrap().is_none(), "it ended with fewer than {until} blocks");
            std::thread::sleep(Duration::from_millis(1));
        }
        // SIGKILL: nothing of ours gets to tidy up.
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!out.exists(), "a set has its name only when it is whole");
    }
    let ran = fine(prepare(&data, &out).args(size).arg("--json"));
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(told["reused"].as_u64().unwrap() >= 48, "{told}");
    assert!(files(&out) == files(&whole));
}

#[test]
fn what_cannot_be_used_is_told_or_left_out() {
    let data = Data::new(6);
    let out = data.path().join("out");
    let bytes = std::fs::read(data.image("s002")).unwrap();
    std::fs::write(data.image("s002"), &bytes[..bytes.len() / 2]).unwrap();
    refused(&mut prepare(&data, &out), &["s002", "line 4", "corrupt"]);
    let ran = fine(prepare(&data, &out).args(["--size", "64", "--on-bad", "skip"]));
    assert!(ran.stdout.contains("5 images") && ran.stdout.contains("left out: 1 rows"), "{}", ran.stdout);
    let manifest = String::from_utf8(files(&out).remove("manifest.csv").unwrap()).unwrap();
    assert!(manifest.lines().nth(3).unwrap().contains("corrupt"), "{manifest}");
    refused(&mut prepare(&data, &data.path().join("images")), &["is there and is no prepared set"]);
    refused(prepare(&data, &data.path().join("x")).args(["--limit", "0"]), &["--limit"]);
}

#[test]
fn data_sets_are_named_in_four_ways() {
    let data = Data::new(6);
    let out = |name: &str| data.path().join(name);
    let named = |what: &str| {
        let mut command = eyepatch();
        command.args(["prepare", what, "--size", "24", "--limit", "4"]);
        command
    };
    fine(prepare(&data, &out("table")).args(["--size", "24", "--limit", "4"]));
    let params = serde_json::json!({
        "table": data.path().join("labels.csv"), "images": data.path().join("images"), "rois": data.path().join("rois"),
        "patient": "patient_id", "labels": ["label"],
    });
    fine(named("folder").arg("--params").arg(params.to_string()).arg("--out").arg(out("plugin")));
    assert!(files(&out("table"))["images.npy"] == files(&out("plugin"))["images.npy"]);
    // A set of a set, and an audit's.
    fine(named(out("table").to_str().unwrap()).arg("--out").arg(out("again")));
    assert!(files(&out("table"))["images.npy"] == files(&out("again"))["images.npy"]);
    assert!(files(&out("table"))["rois.npy"] == files(&out("again"))["rois.npy"]);
    fine(named("quickstart/honest").arg("--out").arg(out("audit")));
    refused(
        named("nothing").arg("--out").arg(out("x")),
        &["`nothing` is no data set plugin", "eyepatch/folder"],
    );
    refused(
        named("phantom").arg("--table").arg("t.csv").arg("--out").arg(out("x")),
        &["--table would change nothing"],
    );
    refused(eyepatch().args(["prepare", "--out"]).arg(out("x")), &["DATASET"]);
}
