//! A delivered network, from an ONNX file to a report.

use std::io::Write as _;

use crate::data::Data;
use crate::program::{assert_same_results, eyepatch, fine, refused};

/// `eyepatch run sweep` of this data set with one of the plugin's small networks.
fn sweep(data: &Data, file: &str, out: &std::path::Path) -> std::process::Command {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/onnx/tests/data").join(file);
    let params = serde_json::json!({"path": path, "classes": ["label", "other"]}).to_string();
    let mut command = eyepatch();
    command.arg("run");
    data.options(&mut command);
    command.args(["--model", "eyepatch/onnx", "--model-params", &params]).arg("--out").arg(out);
    command
}

#[test]
fn a_delivered_network_is_audited_whatever_the_threads() {
    if std::env::var_os("ORT_DYLIB_PATH").is_none_or(|path| path.is_empty()) {
        let _ = writeln!(std::io::stderr(), "SKIPPED: ORT_DYLIB_PATH is not set, no ONNX file was audited");
        return;
    }
    let data = Data::new(48);
    let (one, two) = (data.path().join("one"), data.path().join("two"));
    let ran = fine(sweep(&data, "tiny.onnx", &one).args(["--threads", "1"]));
    assert!(ran.stdout.contains("label:"), "{}", ran.stdout);
    fine(sweep(&data, "tiny.onnx", &two).args(["--threads", "2"]));
    assert_same_results(&one, &two);
    let result: serde_json::Value =
        serde_json::from_slice(&std::fs::read(one.join("result.json")).unwrap()).unwrap();
    let matrix = &result["audits"][0]["matrices"][0];
    // The network tells bright images from dark ones, or dark from bright: only the disc differs.
    assert_eq!(matrix["rows"], serde_json::json!(["delivered"]));
    let column = |name| matrix["columns"].as_array().unwrap().iter().position(|c| c == name).unwrap();
    let distance = |name| (matrix["cells"][0][column(name)]["value"].as_f64().unwrap() - 0.5).abs();
    assert!(distance("OnlyROI") > 0.4 && distance("NoROI") < 0.3, "{matrix:#}");
    refused(&mut sweep(&data, "eight.onnx", &data.path().join("eight")), &["eight.onnx", "free batch axis"]);
}

#[test]
fn a_missing_library_or_file_is_told() {
    let data = Data::new(48);
    let out = data.path().join("out");
    let mut command = sweep(&data, "tiny.onnx", &out);
    command.env("ORT_DYLIB_PATH", data.path().join("no.so"));
    refused(&mut command, &["no.so", "there is no such file", "install onnxruntime", "ORT_DYLIB_PATH"]);
    std::fs::write(data.path().join("no.so"), "no library").unwrap();
    refused(&mut command, &["no.so cannot be used", "install onnxruntime"]);
    refused(&mut sweep(&data, "none.onnx", &out), &["none.onnx"]);
}
