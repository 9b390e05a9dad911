//! `eyepatch weights` on files that PyTorch wrote, and on an attacker's.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{eyepatch, fine, refused};

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/eyepatch-nn/tests/weights/corpus").join(name)
}

fn inspect(name: &str) -> Command {
    let mut command = eyepatch();
    command.args(["weights", "inspect"]).arg(corpus(name));
    command
}

fn convert(from: &Path, to: &Path, words: &[&str]) -> Command {
    let mut command = eyepatch();
    command.args(["weights", "convert"]).arg(from).arg(to).args(words);
    command
}

fn json(command: &mut Command) -> serde_json::Value {
    serde_json::from_str(&fine(command.arg("--json")).stdout).unwrap()
}

#[test]
fn inspect_tells_what_a_file_holds() {
    let network = "network: a DenseNet, 3 input channels, 3 classes (growth 2, blocks 1-2, 4 first features)\n\
                   fits: none of the published ones\n";
    let about = |name: &str| fine(&mut inspect(name)).stdout;
    assert_eq!(
        about("good-checkpoint.pth.tar"),
        format!(
            "format: torch-legacy, 13349 bytes\ndictionary: state_dict, of 1\nprefix: module.\n\
             classifier: classifier.1\nold names: 36\ntensors: 55 (46 f32, 9 i64), 976 parameters\n\
             first: features.conv0.weight [4, 3, 7, 7] f32\nlast: classifier.bias [3] f32\n{network}"
        )
    );
    assert_eq!(
        about("good-f16.safetensors"),
        format!(
            "format: safetensors, 7660 bytes\ntensors: 55 (46 f16, 9 i64), 976 parameters\n\
             first: features.denseblock1.denselayer1.norm1.num_batches_tracked [] i64\n\
             last: features.transition1.norm.weight [6] f16\n{network}"
        )
    );
    let lightning = json(&mut inspect("good-lightning.ckpt"));
    assert_eq!(
        (&lightning["format"], &lightning["dictionary"], &lightning["dictionaries"], &lightning["prefix"]),
        (&"torch-zip".into(), &"state_dict".into(), &29.into(), &"model._orig_mod.".into())
    );
    assert_eq!((&lightning["network"]["growth"], &lightning["fits"]), (&2.into(), &serde_json::Value::Null));
    // Another dictionary of the same file is no network, and that is no error: it is only looked at.
    let other = json(inspect("good-lightning.ckpt").args(["--from", "optimizer_states.0.state.0"]));
    assert_eq!((&other["tensors"], &other["first"]["name"]), (&3.into(), &"step".into()));
    assert!(
        other["why_no_network"]
            .as_str()
            .unwrap()
            .contains("features.conv0.weight, which every DenseNet has, is missing"),
        "{other}"
    );
}

#[test]
fn files_that_are_no_weights_are_refused() {
    let remedy = "torch.save(model.state_dict(), …)";
    refused(&mut inspect("bad-system.pt"), &["bad-system.pt", "`posix.system` at its byte 13", remedy]);
    refused(
        &mut inspect("bad-two-networks.pt"),
        &["more than one dictionary could be the network: a, b", "--from"],
    );
    refused(&mut inspect("bad-page.html"), &["a web page, where weights were expected"]);
    refused(&mut inspect("bad-stride-outside.pt"), &["tensor `w`: it reaches element 6 of a storage of 4"]);
    refused(&mut inspect("nowhere.pt"), &["nowhere.pt", "check that the file exists"]);
    refused(inspect("good-state.pt").args(["--from", "ema"]), &["no dictionary of tensors is at `ema`"]);
    // A name in a file may hold what a terminal obeys.
    let folder = tempfile::tempdir().unwrap();
    let hostile = folder.path().join("hostile.safetensors");
    let header = "{\"a\\u001b[2Jb\":{\"dtype\":\"F8_E4M3\",\"shape\":[],\"data_offsets\":[0,1]}}";
    let bytes = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), b"x"].concat();
    std::fs::write(&hostile, bytes).unwrap();
    let ran = refused(eyepatch().args(["weights", "inspect"]).arg(&hostile), &["a␛[2Jb"]);
    assert!(!ran.stderr.contains('\u{1b}'));
}

#[test]
fn convert_writes_what_inspect_reads() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    let told = fine(&mut convert(&corpus("good-checkpoint.pth.tar"), &out, &[])).stdout;
    assert!(told.contains("out.safetensors: a DenseNet, 3 input channels, 3 classes"), "{told}");
    let first = std::fs::read(&out).unwrap();
    // The same network from another form of file gives the same bytes; so does what was written.
    for name in ["good-state.pt", "good-views-legacy.pt", "good-lightning.ckpt", "good-plain.safetensors"] {
        fine(&mut convert(&corpus(name), &out, &[]));
        assert_eq!(std::fs::read(&out).unwrap(), first, "{name}");
    }
    let again = folder.path().join("again.safetensors");
    fine(&mut convert(&out, &again, &[]));
    assert_eq!(std::fs::read(&again).unwrap(), first);

    let words = ["--dtype", "bf16", "--fresh-head", "5", "--grey"];
    let about = json(&mut convert(&corpus("good-state.pt"), &again, &words));
    assert_eq!((&about["type"], &about["grey"]), (&"bf16".into(), &true.into()));
    let mut command = eyepatch();
    let about = json(command.args(["weights", "inspect"]).arg(&again));
    assert_eq!(about["types"], serde_json::json!({ "bf16": 46, "i64": 9 }));
    assert_eq!((&about["network"]["classes"], &about["network"]["in_channels"]), (&5.into(), &1.into()));
    let once = std::fs::read(&again).unwrap();
    fine(&mut convert(&corpus("good-state.pt"), &again, &words));
    assert_eq!(std::fs::read(&again).unwrap(), once, "a fresh head is the same each time");
    fine(&mut convert(&corpus("good-state.pt"), &again, &[&words[..], &["--seed", "5"]].concat()));
    assert_ne!(std::fs::read(&again).unwrap(), once);
}

#[test]
fn what_cannot_be_converted_is_refused_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    let state = corpus("good-state.pt");
    let words = ["the weights do not fit the network", "missing: features.denseblock1.denselayer2", "and"];
    refused(&mut convert(&state, &out, &["--arch", "densenet121"]), &words);
    refused(&mut convert(&state, &out, &["--arch", "resnet50"]), &["densenet201"]);
    refused(&mut convert(&state, &out, &["--fresh-head", "0"]), &["0 is not in 1..=4096"]);
    refused(&mut convert(&state, &out, &["--seed", "3"]), &["--fresh-head"]);
    refused(&mut convert(&state, &folder.path().join("out.pt"), &[]), &["ends in .safetensors"]);
    refused(&mut convert(&corpus("bad-system.pt"), &out, &[]), &["posix.system"]);
    assert!(!out.exists());
    fine(&mut convert(&state, &out, &["--grey"]));
    let whole = std::fs::read(&out).unwrap();
    refused(
        &mut convert(&out, &folder.path().join("b.safetensors"), &["--grey"]),
        &["--grey does not go with"],
    );
    refused(&mut convert(&out, &out, &[]), &["this is the file that is read"]);
    assert_eq!(std::fs::read(&out).unwrap(), whole);
}
