//! `eyepatch predict`, against the library's own scores of pixels prepared here, by hand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use eyepatch_nn::{DenseNet, DenseNetConfig, Device, Precision, Runner, Tensor};
use image::{GrayImage, ImageBuffer, Luma, Rgb, RgbImage};
use tempfile::TempDir;

use crate::program::{eyepatch, fine, refused};

const SIDE: u32 = 32;

struct Fixture {
    home: TempDir,
    net: DenseNet,
}

/// A grey level that depends on everything.
fn level(seed: u32, x: u32, y: u32) -> u8 {
    (seed * 37 + x * 11 + y * 5 + (x * y) % 7 * 13).to_le_bytes()[0]
}

fn grey(seed: u32) -> GrayImage {
    GrayImage::from_fn(SIDE, SIDE, |x, y| Luma([level(seed, x, y) / 2]))
}

impl Fixture {
    /// A tiny network whose normalisations have seen data, and images of its size: nothing is resampled.
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let config =
            DenseNetConfig { growth: 4, blocks: vec![1, 2], init_features: 4, ..DenseNetConfig::small(3, 2) };
        let mut net = DenseNet::new(config, 11, &Device::Cpu).unwrap();
        let pixels: Vec<f32> = (0..4 * 3 * 32 * 32).map(|i| ((i * 7919) % 1009) as f32 / 1009.0).collect();
        net.forward_train(&Tensor::from_vec(pixels, (4, 3, 32, 32), &Device::Cpu).unwrap()).unwrap();
        net.save(&home.path().join("w.safetensors")).unwrap();
        let images = home.path().join("images");
        std::fs::create_dir_all(images.join("more")).unwrap();
        for (name, seed) in [("b.png", 1), ("a.png", 2), ("more/c.png", 3), ("d.PNG", 4), (".hidden.png", 5)]
        {
            grey(seed).save_with_format(images.join(name), image::ImageFormat::Png).unwrap();
        }
        std::fs::write(images.join("notes.txt"), "no image").unwrap();
        Self { home, net }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// `eyepatch predict` with the weights, these images, the images' size and `--out OUT`.
    fn predict(&self, images: &str, out: &str) -> Command {
        let mut command = eyepatch();
        command.args(["predict", "--size", "32", "--device", "cpu", "--weights"]);
        command.arg(self.path("w.safetensors")).arg("--images").arg(self.path(images));
        command.arg("--out").arg(self.path(out));
        command
    }

    /// Features and logits of one image's planes, three of them.
    fn asked(&self, planes: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let runner = Runner::of(&self.net, &Device::Cpu, Precision::F32).unwrap();
        let got = runner.run(planes, 1, (32, 32)).unwrap();
        (got.features, got.logits)
    }
}

/// By the image's maximum, grey three times.
fn by_maximum(image: &GrayImage) -> Vec<f32> {
    let most = f32::from(*image.as_raw().iter().max().unwrap());
    let plane: Vec<f32> = image.as_raw().iter().map(|&v| f32::from(v) / most).collect();
    plane.repeat(3)
}

#[derive(Debug, PartialEq)]
struct Row {
    sample: String,
    class: String,
    logit: f32,
    score: Option<f64>,
}

fn rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let scored = reader.headers().unwrap().len() == 4;
    assert_eq!(
        reader.headers().unwrap(),
        &["sample", "class", "logit", "score"][..if scored { 4 } else { 3 }]
    );
    let row = |r: csv::StringRecord| Row {
        sample: r[0].to_owned(),
        class: r[1].to_owned(),
        logit: r[2].parse().unwrap(),
        score: scored.then(|| r[3].parse().unwrap()),
    };
    reader.records().map(|r| row(r.unwrap())).collect()
}

fn near(a: f32, b: f32) {
    assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "{a} is not {b}");
}

#[test]
fn a_folder_in_order_with_features() {
    let f = Fixture::new();
    let ran = fine(f.predict("images", "s.csv").arg("--features").arg(f.path("f.npy")).arg("--json"));
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&json["images"], &json["device"], &json["precision"]),
        (&4.into(), &"cpu".into(), &"f32".into())
    );
    let npy = std::fs::read(f.path("f.npy")).unwrap();
    let length = usize::from(u16::from_le_bytes([npy[8], npy[9]]));
    let header = String::from_utf8_lossy(&npy[10..10 + length]).into_owned();
    let width = f.net.config().features();
    assert!(header.contains(&format!("'shape': (4,{width},)")) && header.contains("'<f4'"), "{header}");
    let features: Vec<f32> =
        npy[10 + length..].as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let rows = rows(&f.path("s.csv"));
    for (i, (name, seed)) in
        [("a.png", 2), ("b.png", 1), ("d.PNG", 4), ("more/c.png", 3)].into_iter().enumerate()
    {
        let (embedding, logits) = f.asked(&by_maximum(&grey(seed)));
        for class in 0..2 {
            let row = &rows[2 * i + class];
            assert_eq!((row.sample.as_str(), row.class.as_str()), (name, ["0", "1"][class]));
            near(row.logit, logits[class]);
            let score = 1.0 / (1.0 + (-f64::from(row.logit)).exp());
            assert!((row.score.unwrap() - score).abs() < 1e-12);
        }
        features[i * width..(i + 1) * width].iter().zip(&embedding).for_each(|(a, b)| near(*a, *b));
    }
    assert_eq!(rows.len(), 8);
}

#[test]
fn lists_tables_and_single_images() {
    let f = Fixture::new();
    std::fs::write(f.path("list.txt"), "images/more/c.png\n\nimages/a.png\n").unwrap();
    fine(&mut f.predict("list.txt", "list.csv"));
    std::fs::write(f.path("table.csv"), "name,Image Path,age\nx,images/b.png,3\ny,images/a.png,4\n").unwrap();
    fine(f.predict("table.csv", "t.csv").args([
        "--id",
        "name",
        "--classes",
        "sick,=well",
        "--score",
        "softmax",
    ]));
    fine(f.predict("images/b.png", "one.csv").arg("--logits"));
    let named = |path: &str| -> Vec<(String, String)> {
        rows(&f.path(path)).into_iter().map(|r| (r.sample, r.class)).collect()
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(named("list.csv")[1..3], [pair("images/more/c.png", "1"), pair("images/a.png", "0")]);
    // A spreadsheet would take `=well` for a formula.
    assert_eq!(
        named("t.csv"),
        [pair("x", "sick"), pair("x", "'=well"), pair("y", "sick"), pair("y", "'=well")]
    );
    let table = rows(&f.path("t.csv"));
    let (_, logits) = f.asked(&by_maximum(&grey(1)));
    let sum: f64 = logits.iter().map(|&l| f64::from(l).exp()).sum();
    assert!((table[0].score.unwrap() - f64::from(logits[0]).exp() / sum).abs() < 1e-5);
    let one = rows(&f.path("one.csv"));
    assert_eq!((one.len(), one[0].score), (2, None));
    near(one[0].logit, logits[0]);
}

#[test]
fn what_is_done_with_pixels() {
    let f = Fixture::new();
    let deep = ImageBuffer::from_fn(SIDE, SIDE, |x, y| Luma([u16::from(level(6, x, y)) * 100]));
    deep.save(f.path("deep.png")).unwrap();
    let colour = RgbImage::from_fn(SIDE, SIDE, |x, y| Rgb([level(7, x, y), level(8, x, y), 9]));
    colour.save(f.path("colour.png")).unwrap();
    // Twice as large in constant squares: bilinear at half-pixel centres gives the squares back.
    let large = GrayImage::from_fn(2 * SIDE, SIDE, |x, y| Luma([level(9, x / 2, y / 2)]));
    large.save(f.path("wide.png")).unwrap();
    let planes = |of: &dyn Fn(usize) -> f32| (0..3 * 32 * 32).map(of).collect::<Vec<f32>>();
    let most = f32::from(*deep.as_raw().iter().max().unwrap());
    let imagenet = [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)];
    let least = *deep.as_raw().iter().min().unwrap();
    let film = |i: usize| {
        let (v, low) = (f32::from(deep.as_raw()[i % 1024]) / most, f32::from(least) / most);
        ((v - low) / (1.0 - low) * 255.0 + 1e-3).trunc() / 255.0
    };
    let cases: [(&str, &str, Vec<f32>); 6] = [
        ("deep.png", "full-scale", planes(&|i| f32::from(deep.as_raw()[i % 1024]) / 65535.0)),
        ("deep.png", "image-maximum", planes(&|i| f32::from(deep.as_raw()[i % 1024]) / most)),
        ("deep.png", "study-film", planes(&film)),
        (
            "colour.png",
            "full-scale",
            planes(&|i| f32::from(colour.as_raw()[i % 1024 * 3 + i / 1024]) / 255.0),
        ),
        (
            "colour.png",
            "imagenet",
            planes(&|i| {
                let (mean, deviation) = imagenet[i / 1024];
                (f32::from(colour.as_raw()[i % 1024 * 3 + i / 1024]) / 255.0 - mean) / deviation
            }),
        ),
        (
            "wide.png",
            "full-scale",
            planes(&|i| {
                let (y, x) = ((i % 1024 / 32) as u32, (i % 32) as u32);
                let inside = (8..24).contains(&y);
                if inside { f32::from(large.get_pixel(2 * x, 2 * (y - 8))[0]) / 255.0 } else { 0.0 }
            }),
        ),
    ];
    for (i, (image, how, pixels)) in cases.into_iter().enumerate() {
        let out = format!("{i}.csv");
        fine(f.predict(image, &out).args(["--normalise", how]));
        let (_, logits) = f.asked(&pixels);
        let rows = rows(&f.path(&out));
        near(rows[0].logit, logits[0]);
        near(rows[1].logit, logits[1]);
    }
}

#[test]
fn results_do_not_depend_on_batch_and_threads() {
    let f = Fixture::new();
    fine(f.predict("images", "a.csv").args(["--threads", "1", "--batch", "3"]));
    fine(f.predict("images", "b.csv").args(["--threads", "2", "--batch", "1"]));
    assert_eq!(std::fs::read(f.path("a.csv")).unwrap(), std::fs::read(f.path("b.csv")).unwrap());
}

#[test]
fn a_broken_image_is_named_and_nothing_is_lost() {
    let f = Fixture::new();
    let bytes = std::fs::read(f.path("images/b.png")).unwrap();
    std::fs::write(f.path("images/b.png"), &bytes[..bytes.len() / 2]).unwrap();
    GrayImage::from_pixel(SIDE, SIDE, Luma([7])).save(f.path("images/flat.png")).unwrap();
    let words = ["2 of 5 images cannot be used", "b.png", "flat.png: all pixels are the same"];
    refused(f.predict("images", "s.csv").arg("--features").arg(f.path("f.npy")), &words);
    assert!(!f.path("s.csv").exists() && !f.path("f.npy").exists());
    assert!(f.path("f.partial.npy").exists());
    let partial = rows(&f.path("s.partial.csv"));
    let words = ["2 of 5 images cannot be used", "the other 3 are in", "s.csv"];
    refused(f.predict("images", "s.csv").arg("--keep-going"), &words);
    assert_eq!(rows(&f.path("s.csv")), partial);
    let samples: Vec<&str> = partial.iter().step_by(2).map(|r| r.sample.as_str()).collect();
    assert_eq!(samples, ["a.png", "d.PNG", "more/c.png"]);
}

#[test]
fn refusals_come_before_any_work() {
    let f = Fixture::new();
    std::fs::write(f.path("there.csv"), "mine").unwrap();
    refused(&mut f.predict("images", "there.csv"), &["there.csv: exists already", "--force"]);
    assert_eq!(std::fs::read_to_string(f.path("there.csv")).unwrap(), "mine");
    fine(f.predict("images", "there.csv").arg("--force"));
    assert_eq!(rows(&f.path("there.csv")).len(), 8);

    std::fs::write(f.path("list.txt"), "images/a.png\nimages/no.png\n").unwrap();
    refused(&mut f.predict("list.txt", "s.csv"), &["list.txt", "1 of 2 images are missing", "no.png"]);
    std::fs::write(f.path("twice.txt"), "images/a.png\nimages/a.png\n").unwrap();
    refused(&mut f.predict("twice.txt", "s.csv"), &["line 2", "also on line 1"]);
    std::fs::write(f.path("t.csv"), "a,b\n1,2\n").unwrap();
    refused(&mut f.predict("t.csv", "s.csv"), &["no column looks like a path", "--image-column", "a, b"]);
    std::fs::create_dir(f.path("empty")).unwrap();
    refused(&mut f.predict("empty", "s.csv"), &["there is no image in it"]);
    refused(f.predict("images", "s.csv").args(["--classes", "one"]), &["1 names", "2 classes"]);
    refused(
        f.predict("images", "s.csv").args(["--model", "densenet121"]),
        &["w.safetensors", "as densenet121"],
    );
    refused(f.predict("images", "s.csv").args(["--model", "resnet"]), &["no model `resnet`", "densenet201"]);
    std::fs::write(f.path("w.safetensors"), b"\x08\0\0\0\0\0\0\0{}      ").unwrap();
    refused(&mut f.predict("images", "s.csv"), &["no dictionary of tensors", "weights inspect"]);
    std::fs::write(f.path("w.safetensors"), b"\xff\xff\xff\xff\xff\xff\xff\xffx").unwrap();
    refused(&mut f.predict("images", "s.csv"), &["neither safetensors nor a file of torch.save"]);
    assert!(!f.path("s.csv").exists() && !f.path("s.partial.csv").exists());
}

/// Where the CPU has something for it the logits are nearly the same; else it says so.
#[test]
fn half_precision_is_near_or_refused() {
    let f = Fixture::new();
    fine(&mut f.predict("images", "full.csv"));
    let done = f.predict("images", "half.csv").args(["--precision", "bf16"]).output().unwrap();
    if done.status.success() {
        let (full, half) = (rows(&f.path("full.csv")), rows(&f.path("half.csv")));
        assert_eq!(full.len(), half.len());
        assert!(
            full.iter().zip(&half).all(|(a, b)| a.sample == b.sample && (a.logit - b.logit).abs() < 3e-2)
        );
    } else {
        assert!(String::from_utf8_lossy(&done.stderr).contains("neither AMX nor avx512_bf16"));
    }
}

#[test]
fn the_device_is_chosen_visibly() {
    let f = Fixture::new();
    if cfg!(feature = "cuda") {
        return;
    }
    let mut plain = eyepatch();
    plain.args(["predict", "--size", "32", "--weights"]).arg(f.path("w.safetensors"));
    plain.arg("--images").arg(f.path("images/a.png")).arg("--out").arg(f.path("auto.csv"));
    assert!(fine(&mut plain).stderr.contains("device: cpu (built without CUDA)"));
    plain.args(["--force", "--device", "cuda"]);
    refused(&mut plain, &["device cuda:0: built without CUDA", "--features cuda"]);
    refused(
        eyepatch().args(["run", "quickstart", "--device", "cuda:1"]),
        &["device cuda:1: built without CUDA"],
    );
    refused(eyepatch().args(["run", "quickstart", "--device", "gpu"]), &["auto, cpu, cuda, cuda:N"]);
}

#[test]
fn classes_come_from_the_file_where_it_names_them() {
    let f = Fixture::new();
    let bytes = std::fs::read(f.path("w.safetensors")).unwrap();
    let length = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let mut header: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    header.get_mut("__metadata__").unwrap()["eyepatch.classes"] = r#"["flu","cold"]"#.into();
    let mut text = serde_json::to_vec(&header).unwrap();
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut file = (text.len() as u64).to_le_bytes().to_vec();
    file.extend(text);
    file.extend(&bytes[8 + length..]);
    std::fs::write(f.path("w.safetensors"), file).unwrap();
    fine(&mut f.predict("images/a.png", "s.csv"));
    let classes: Vec<String> = rows(&f.path("s.csv")).into_iter().map(|r| r.class).collect();
    assert_eq!(classes, ["flu", "cold"]);
}

/// Stopped in the middle: exit code 130, and what was finished is kept under another name.
#[cfg(unix)]
#[test]
fn interrupted_work_is_kept() {
    let f = Fixture::new();
    let many = f.path("many");
    std::fs::create_dir(&many).unwrap();
    for i in 0..60 {
        std::fs::copy(f.path("images/a.png"), many.join(format!("{i:02}.png"))).unwrap();
    }
    let mut command = f.predict("many", "s.csv");
    // Large pictures, one at a time, keep a small network busy for a while.
    command.args(["--threads", "1"]);
    let args: Vec<_> =
        command.get_args().map(|a| if a == "32" { "2048".into() } else { a.to_owned() }).collect();
    let mut child = eyepatch().args(args).stderr(std::process::Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success() && child.wait().unwrap().code() == Some(130));
    assert!(!f.path("s.csv").exists());
}
