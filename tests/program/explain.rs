//! `eyepatch explain`, against `eyepatch predict`, against values that are known, and what it refuses.

use std::path::{Path, PathBuf};
use std::process::Command;

use eyepatch_nn::{DenseNet, DenseNetConfig, Device, Tensor};
use image::{GrayImage, Luma, Rgb, RgbImage};
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{eyepatch, fine, refused};

const SIDE: u32 = 40;

struct Fixture(TempDir);

fn level(seed: u32, x: u32, y: u32) -> u8 {
    (seed * 37 + x * 11 + y * 5 + (x * y) % 7 * 13).to_le_bytes()[0] / 2 + 20
}

impl Fixture {
    /// The small network with three classes whose normalisations have seen data, a grey and a colour image, a ROI.
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let config =
            DenseNetConfig { growth: 4, blocks: vec![1, 2], init_features: 4, ..DenseNetConfig::small(3, 3) };
        let mut net = DenseNet::new(config, 11, &Device::Cpu).unwrap();
        let pixels: Vec<f32> = (0..4 * 3 * 32 * 32).map(|i| ((i * 7919) % 1009) as f32 / 1009.0).collect();
        net.forward_train(&Tensor::from_vec(pixels, (4, 3, 32, 32), &Device::Cpu).unwrap()).unwrap();
        net.save(&home.path().join("w.safetensors")).unwrap();
        let path = |name: &str| home.path().join(name);
        // Wider than high: the resize puts black above and below.
        GrayImage::from_fn(SIDE, SIDE / 2, |x, y| Luma([level(3, x, y)])).save(path("a.png")).unwrap();
        RgbImage::from_fn(32, 32, |x, y| Rgb([level(1, x, y), level(2, x, y), 90]))
            .save(path("rgb.png"))
            .unwrap();
        let inside = |x: u32, y: u32| (8..24).contains(&x) && (4..16).contains(&y);
        GrayImage::from_fn(SIDE, SIDE / 2, |x, y| Luma([u8::from(inside(x, y)) * 255]))
            .save(path("roi.png"))
            .unwrap();
        Self(home)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, what: &str) -> Command {
        let mut command = eyepatch();
        command.args([
            what,
            "--size",
            "32",
            "--device",
            "cpu",
            "--classes",
            "Mass,Nodule,Hernia",
            "--weights",
        ]);
        command.arg(self.path("w.safetensors"));
        command
    }

    /// `eyepatch explain` of an image by a method, with the values in `v.npy`, replaced.
    fn explain(&self, image: &str, method: &str) -> Command {
        let mut command = self.command("explain");
        command.args(["--method", method, "--json", "--force", "--image"]).arg(self.path(image));
        command.arg("--out").arg(self.path("v.npy"));
        command
    }

    /// What it said, its shape and its values.
    fn explained(&self, command: &mut Command) -> (Value, Vec<usize>, Vec<f32>) {
        let json: Value = serde_json::from_str(&fine(command).stdout).unwrap();
        let (shape, values) = npy(&self.path("v.npy"));
        assert_eq!(json["shape"], serde_json::json!(shape));
        (json, shape, values)
    }

    /// The logits that `eyepatch predict` writes.
    fn logits(&self, image: &str, more: &[&str]) -> Vec<f64> {
        let mut command = self.command("predict");
        command.arg("--images").arg(self.path(image)).arg("--out").arg(self.path("s.csv"));
        fine(command.args(["--logits", "--force"]).args(more));
        let mut table = csv::Reader::from_path(self.path("s.csv")).unwrap();
        table.records().map(|r| r.unwrap()[2].parse().unwrap()).collect()
    }
}

fn npy(path: &Path) -> (Vec<usize>, Vec<f32>) {
    let bytes = std::fs::read(path).unwrap();
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[10..start]).into_owned();
    assert!(header.contains("'<f4'") && header.contains("'fortran_order': False"), "{header}");
    let shape = header.split_once("'shape': (").unwrap().1.split_once(')').unwrap().0;
    let shape: Vec<usize> = shape.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    let values: Vec<f32> = bytes[start..].as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    assert_eq!(values.len(), shape.iter().product::<usize>());
    (shape, values)
}

fn numbers(json: &Value, field: &str) -> Vec<f64> {
    json["classes"].as_array().unwrap().iter().map(|c| c[field].as_f64().unwrap()).collect()
}

fn near(a: f64, b: f64, room: f64) {
    assert!((a - b).abs() <= room * b.abs().max(1.0), "{a} is not {b}");
}

#[test]
fn outputs_are_those_of_predict_and_values_add_up() {
    let f = Fixture::new();
    for (image, more) in [
        ("a.png", &["--normalise", "image-maximum"][..]),
        ("a.png", &["--normalise", "study-film", "--resize", "antialias"]),
        ("rgb.png", &["--normalise", "imagenet"]),
    ] {
        let logits = f.logits(image, more);
        let mut command = f.explain(image, "partition");
        let (json, shape, values) = f.explained(command.args(["--evals", "60"]).args(more));
        assert_eq!(shape, [3, 32, 32]);
        let (outputs, bases) = (numbers(&json, "output"), numbers(&json, "base_value"));
        for (k, logit) in logits.into_iter().enumerate() {
            near(outputs[k], logit, 1e-6);
            let sum: f64 = values[k * 1024..(k + 1) * 1024].iter().map(|v| f64::from(*v)).sum();
            near(sum, outputs[k] - bases[k], 1e-4);
        }
        assert!(numbers(&json, "additivity_error").into_iter().all(|e| e.abs() < 1e-9));
        assert_eq!((&json["evaluations"], &json["output_space"]), (&60.into(), &"logits".into()));
    }
}

#[test]
fn every_method_explains() {
    let f = Fixture::new();
    for (method, more, grid) in [
        (
            "permutation",
            &["--params", r#"{"players": {"grid": {"rows": 3, "columns": 4}}}"#, "--fill", "mean"][..],
            32,
        ),
        ("kernel", &["--params", r#"{"players": {"superpixels": {"count": 9, "compactness": 10}}}"#], 32),
        ("occlusion", &["--fill", "gaussian:3"], 32),
        ("ig", &["--evals", "12"], 32),
        ("smoothgrad", &["--evals", "6"], 32),
        ("input-x-gradient", &[], 32),
        ("gradcam", &["--params", r#"{"layer": "features.denseblock1"}"#], 8),
        ("gradcam++", &["--params", r#"{"signed": true, "layer": "features.pool0"}"#], 8),
    ] {
        let mut command = f.explain("a.png", method);
        command.args(["--class", "Hernia", "--class", "0"]).args(more);
        if matches!(method, "permutation" | "kernel") {
            command.args(["--evals", "100"]);
        }
        let (json, shape, values) = f.explained(&mut command);
        assert_eq!(shape, [2, grid, grid], "{method}");
        assert!(values.iter().any(|v| *v != 0.0), "{method}");
        let names: Vec<&str> =
            json["classes"].as_array().unwrap().iter().map(|c| c["class"].as_str().unwrap()).collect();
        assert_eq!(names, ["Hernia", "Mass"]);
        let logits = f.logits("a.png", &[]);
        near(numbers(&json, "output")[1], logits[0], 1e-6);
        assert!(json["evaluations"].as_u64().unwrap() > 2, "{method}");
    }
}

#[test]
fn channels_rois_ensembles_and_pictures() {
    let f = Fixture::new();
    let mut command = f.explain("rgb.png", "partition");
    command.args(["--channels", "--evals", "120", "--fill", "black", "--fill", "blur:9,5", "--plot"]);
    command.arg(f.path("p.png"));
    let (json, shape, apart) = f.explained(&mut command);
    assert_eq!(shape, [3, 3, 32, 32]);
    assert_eq!(json["fill"], serde_json::json!(["black", "blur:9,5"]));
    assert!(numbers(&json, "disagreement").into_iter().all(|d| (0.0..=1.0).contains(&d)));
    let png = image::open(f.path("p.png")).unwrap();
    assert!(png.width() > 4 * 224 && png.height() > 224, "{}x{}", png.width(), png.height());
    let mut command = f.explain("rgb.png", "partition");
    let (_, _, summed) =
        f.explained(command.args(["--evals", "120", "--fill", "black", "--fill", "blur:9,5"]));
    for (i, sum) in summed.iter().enumerate() {
        let (k, pixel) = (i / 1024, i % 1024);
        let channels: f32 = (0..3).map(|c| apart[(k * 3 + c) * 1024 + pixel]).sum();
        near(channels.into(), f64::from(*sum), 1e-5);
    }
    let mut command = f.explain("a.png", "kernel");
    command.args(["--evals", "40", "--params", r#"{"players": "regions"}"#, "--roi"]).arg(f.path("roi.png"));
    let ran = fine(&mut command);
    let (json, (_, values)) = (serde_json::from_str::<Value>(&ran.stdout).unwrap(), npy(&f.path("v.npy")));
    let roi = &json["classes"][0]["roi"];
    let share = |place: &str, what: &str| roi[place][what].as_f64().unwrap();
    let (inside, area) = (share("inside", "absolute"), share("inside", "area"));
    near(inside + share("outside", "absolute"), 1.0, 1e-12);
    // 40 x 20 becomes 32 x 16 with 8 rows of black above and below; the ROI's pixels are then columns 6 to 19, rows 11 to 20.
    let (mut sum, mut all) = (0.0, 0.0);
    for (i, value) in values[..1024].iter().enumerate() {
        all += f64::from(value.abs());
        if (11..=20).contains(&(i / 32)) && (6..=19).contains(&(i % 32)) {
            sum += f64::from(value.abs());
        }
    }
    near(inside, sum / all, 1e-6);
    near(area, 140.0 / 1024.0, 1e-12);
    assert!(ran.stderr.contains("of it inside the ROI (13.7 % of the image)"), "{}", ran.stderr);
    assert!(ran.stderr.contains("additivity error") && ran.stderr.contains("outputs are logits"));
}

#[test]
fn seeds_decide_and_batches_and_threads_do_not() {
    let f = Fixture::new();
    let values = |more: &[&str]| {
        let mut command = f.explain("a.png", "permutation");
        f.explained(command.args(["--evals", "300", "--fill", "noise", "--class", "1"]).args(more)).2
    };
    let first = values(&["--seed", "1"]);
    assert_eq!(first, values(&["--seed", "1", "--batch", "3", "--threads", "1"]));
    assert_ne!(first, values(&["--seed", "2"]));
}

#[test]
fn what_does_not_fit_is_refused_before_any_work() {
    let f = Fixture::new();
    std::fs::remove_file(f.path("v.npy")).ok();
    let no = |method: &str, more: &[&str], words: &[&str]| {
        refused(f.explain("a.png", method).args(more), words);
        assert!(!f.path("v.npy").exists());
    };
    no("lime", &[], &["lime", "partition", "gradcam++"]);
    no("partition", &["--fill", "grey"], &["there are: black, mean, noise, inpaint, blur:KX,KY"]);
    no(
        "partition",
        &["--fill", "gaussian:3"],
        &["--fill gaussian:3 does not go with --method partition", "blur:KX,KY"],
    );
    no("ig", &["--fill", "noise"], &["does not go with --method ig", "gaussian:SIGMA"]);
    no("ig", &["--fill", "black", "--fill", "mean"], &["--method ig takes one --fill"]);
    no("gradcam", &["--fill", "black"], &["hides nothing", "leave --fill out"]);
    no("partition", &["--fill", "blur:0,5"], &["kx = 0"]);
    no("partition", &["--evals", "1"], &["1 evaluations is too small", "at least 2"]);
    no("kernel", &["--evals", "60"], &["64 players needs at least 128", "raise the number of evaluations"]);
    no("ig", &["--evals", "2"], &["2 evaluations is too small", "at least 3"]);
    no("partition", &["--class", "Fracture"], &["no class `Fracture`", "Mass, Nodule, Hernia"]);
    no("partition", &["--class", "3"], &["no class `3`"]);
    no("partition", &["--class", "1", "--class", "Nodule"], &["asked for twice"]);
    no("occlusion", &["--channels"], &["does not tell the image's channels apart"]);
    no("partition", &["--params", "[1]"], &["no JSON object"]);
    no("partition", &["--params", r#"{"expnd": 3}"#], &["unknown field `expnd`", "expand"]);
    no(
        "partition",
        &["--fill", "mean", "--params", r#"{"baselines": ["black"]}"#],
        &["both say `baselines`"],
    );
    no("kernel", &["--params", r#"{"players": "parts"}"#], &["made from a ROI", "--roi"]);
    no("gradcam", &["--params", r#"{"layer": "conv9"}"#], &["layer `conv9`; it has: features"]);
    GrayImage::from_pixel(SIDE, SIDE, Luma([255])).save(f.path("other.png")).unwrap();
    let other = f.path("other.png");
    no("partition", &["--roi", other.to_str().unwrap()], &["has 40x40 pixels, its image 20x40"]);
    let bytes = std::fs::read(f.path("rgb.png")).unwrap();
    std::fs::write(f.path("a.png"), &bytes[..bytes.len() / 2]).unwrap();
    no("partition", &[], &["a.png", "opens elsewhere"]);
    std::fs::write(f.path("v.npy"), "mine").unwrap();
    let mut command = f.command("explain");
    command.arg("--image").arg(f.path("rgb.png")).arg("--out").arg(f.path("v.npy"));
    refused(&mut command, &["v.npy: exists already", "--force"]);
    assert_eq!(std::fs::read_to_string(f.path("v.npy")).unwrap(), "mine");
}
