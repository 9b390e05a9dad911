//! The laws of models, and what they cannot know: golden outputs, what a file must be, what is refused.
//!
//! Networks and golden outputs are made by `data/make.py`. Tests that run them need onnxruntime.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

use std::io::Write as _;
use std::path::PathBuf;

use eyepatch_core::{
    Batch, Ctx, Error, Examples, Fitted, Model, Normalise, OutputSpace, Params, Seed, Step, Task, Workload,
};
use eyepatch_testkit::{ModelLaws, ToyExamples};
use plugin_onnx::{Onnx, Order, Size, onnx};

/// Height and width of the golden images.
const SIZE: Size = Size::Rectangle(8, 10);

fn data(file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", file].iter().collect()
}

fn model(file: &str) -> Onnx {
    onnx(data(file)).size(SIZE)
}

fn tiny() -> Onnx {
    model("tiny.onnx").embedding("features")
}

/// Whether there is a library; if not, says so past the test harness.
fn library() -> bool {
    let found = std::env::var_os("ORT_DYLIB_PATH").is_some_and(|path| !path.is_empty());
    if !found {
        let _ = writeln!(std::io::stderr(), "SKIPPED: ORT_DYLIB_PATH is not set, no ONNX file was run");
    }
    found
}

/// The images of `make.py`.
fn images(n: usize) -> Batch {
    let mut values = Vec::new();
    for i in 0..n {
        for c in 0..3 {
            for y in 0..8 {
                values.extend((0..10).map(|x| ((37 * i + 11 * c + 5 * y + 3 * x) % 64) as f32 / 64.0));
            }
        }
    }
    Batch::nchw(n, 3, 8, 10, values).unwrap()
}

fn golden(output: &str) -> Vec<f32> {
    let all: serde_json::Value =
        serde_json::from_slice(&std::fs::read(data("golden.json")).unwrap()).unwrap();
    all[output].as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()
}

fn assert_near(found: &[f32], wanted: &[f32]) {
    assert_eq!(found.len(), wanted.len());
    for (a, b) in found.iter().zip(wanted) {
        assert!((a - b).abs() < 1e-6, "{a} and {b}");
    }
}

/// Toy data with two classes.
fn toys(model: &Onnx) -> ToyExamples {
    ToyExamples::new(model.input(), 2, 4, "train")
}

fn fit(model: &Onnx) -> Result<Box<dyn Fitted>, Error> {
    let toys = toys(model);
    model.fit(&toys, &toys, &Ctx::for_tests(1))
}

fn logits(model: &Onnx, n: usize) -> Result<Vec<f32>, Error> {
    Ok(fit(model)?.predict(&images(n), &Ctx::for_tests(1))?.values)
}

/// The refusal of a model that cannot be fitted, with its remedy.
fn refusal(model: &Onnx) -> String {
    let error = fit(model).err().expect("it must be refused");
    format!("{error}; {}", error.remedy().expect("a refusal says what to do"))
}

#[test]
fn laws_hold() {
    for laws in [ModelLaws::new(tiny()), ModelLaws::new(tiny().imagenet().order(Order::Published))] {
        laws.card_is_complete();
        laws.parameters_survive_json();
        laws.unknown_parameters_are_refused();
        if library() {
            laws.fitted_laws_hold();
        }
    }
}

#[test]
fn outputs_are_onnxruntimes_in_any_batch_and_at_any_number_of_threads() {
    if !library() {
        return;
    }
    for model in [tiny(), model("fixed.onnx").embedding("flat")] {
        let fitted = fit(&model).unwrap();
        let embed = fitted.embed().unwrap();
        assert_eq!(embed.dim(), 4);
        let mut all = Vec::new();
        for (threads, n) in [(1, 3), (2, 3), (3, 1)] {
            let ctx = Ctx::new(Seed::root(1), threads).unwrap();
            let scores = fitted.predict(&images(n), &ctx).unwrap();
            assert_eq!((scores.space, scores.classes), (OutputSpace::Logits, 2));
            assert_near(&scores.values, &golden("logits")[..2 * n]);
            assert_near(&embed.embed(&images(n), &ctx).unwrap(), &golden("features")[..4 * n]);
            all.push(scores.values);
        }
        assert!(all[0] == all[1] && all[0][..2] == all[2], "{all:?}");
    }
}

#[test]
fn scores_follow_task_and_scale() {
    if !library() {
        return;
    }
    let raw = logits(&tiny(), 3).unwrap();
    let odds = logits(&tiny().task(Task::Softmax), 3).unwrap();
    for (z, odds) in raw.chunks(2).zip(odds.chunks(2)) {
        assert_near(odds, &[z[0] - z[1], z[1] - z[0]]);
    }
    assert_eq!(logits(&tiny().output_space(OutputSpace::Scores).task(Task::Softmax), 3).unwrap(), raw);
    let error = logits(&tiny().output_space(OutputSpace::Probabilities), 3).unwrap_err();
    assert!(
        error.to_string().contains("image 0") && error.to_string().contains("not a probability"),
        "{error}"
    );
    // Features are not negative; of these images they lie below 1.
    let probable = model("tiny.onnx").output("features").output_space(OutputSpace::Probabilities);
    let probable =
        probable.classes(["a", "b"].map(String::from).into_iter().chain(toys(&tiny()).classes().to_vec()));
    let wanted: Vec<f32> = golden("features").chunks(4).flat_map(|f| [f[2], f[3]]).collect();
    assert_near(&logits(&probable, 3).unwrap(), &wanted);
}

#[test]
fn images_are_standardised_channel_by_channel() {
    let steps = |model: Onnx| model.card().preprocessing;
    let one = tiny().standardise([0.5], [0.25]);
    assert_eq!(steps(one)[3], Step::Normalise(Normalise::Standardise { mean: 0.5, std: 0.25 }));
    assert_eq!(steps(tiny().imagenet()), Step::strict());
    assert_eq!(steps(tiny().order(Order::Published)), Step::published());
    assert!(tiny().imagenet().card().description.contains("(x - 0.456) / 0.224"));
    if !library() {
        return;
    }
    let by_plugin = logits(&tiny().imagenet(), 2).unwrap();
    let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    let mut values = images(2).host_f32().unwrap().into_owned();
    for (i, v) in values.iter_mut().enumerate() {
        let channel = i / 80 % 3;
        *v = (*v - mean[channel]) / std[channel];
    }
    let by_hand = Batch::nchw(2, 3, 8, 10, values).unwrap();
    let ctx = Ctx::for_tests(1);
    assert_near(&by_plugin, &fit(&tiny()).unwrap().predict(&by_hand, &ctx).unwrap().values);
    assert!((by_plugin[0] - logits(&tiny(), 1).unwrap()[0]).abs() > 0.01);
    // With the published order even one number for all channels is the plugin's to apply: after masking.
    let one = tiny().standardise([0.5], [0.25]).order(Order::Published);
    let values = images(1).host_f32().unwrap().iter().map(|v| (v - 0.5) / 0.25).collect();
    let by_hand = Batch::nchw(1, 3, 8, 10, values).unwrap();
    assert_near(&logits(&one, 1).unwrap(), &fit(&tiny()).unwrap().predict(&by_hand, &ctx).unwrap().values);
}

#[test]
fn networks_that_do_not_fit_are_refused_with_a_remedy() {
    if !library() {
        return;
    }
    let cases: Vec<(Onnx, &[&str])> = vec![
        (model("eight.onnx"), &["8 images at a time", "free batch axis"]),
        (model("two.onnx"), &["has 2 inputs: x, y"]),
        (model("two.onnx").input("x"), &["takes more than an image: x, y"]),
        (tiny().input("z"), &["no input `z`", "it has: x"]),
        (tiny().output("z"), &["no output `z`", "flat, logits, features"]),
        (tiny().embedding("z"), &["no output `z`"]),
        (tiny().output("features"), &["gives 4 score(s)", "2 classes", "`classes`"]),
        (tiny().classes(["a"]), &["gives 2 score(s)", "1 classes: a"]),
        (tiny().classes(["a", "b"]), &["the data's class", "none of its classes: a, b", "`classes`"]),
        (tiny().channels(1), &["[free, 3, free, free]", "`channels`"]),
        (model("fixed.onnx").size(Size::Square(9)), &["[1, 3, 8, 10]", "`size`"]),
        (model("nhwc.onnx"), &["[1, 8, 10, 3]", "channels come last"]),
        (
            model("outside.onnx"),
            &["outside.onnx", "weights outside the ONNX file are not read", "inside the file"],
        ),
    ];
    for (model, words) in cases {
        let told = refusal(&model);
        assert!(words.iter().all(|w| told.contains(w)), "{words:?} not in: {told}");
    }
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.onnx");
    std::fs::write(&broken, &std::fs::read(data("tiny.onnx")).unwrap()[..700]).unwrap();
    assert!(refusal(&onnx(&broken).size(SIZE)).contains("broken.onnx"));
    std::fs::write(&broken, newer_opset()).unwrap();
    let told = refusal(&onnx(&broken).size(SIZE));
    assert!(told.to_lowercase().contains("opset") && told.contains("opset_version"), "{told}");
    assert!(matches!(fit(&model("missing.onnx")), Err(Error::Io { .. })));
    assert!(matches!(model("missing.onnx").content(&Ctx::for_tests(1)), Err(Error::Io { .. })));
}

/// `tiny.onnx` as if exported for opset 120 instead of 17.
fn newer_opset() -> Vec<u8> {
    let mut bytes = std::fs::read(data("tiny.onnx")).unwrap();
    // ModelProto's field 8, two bytes long: OperatorSetIdProto with field 2 = 17.
    let start = bytes.windows(4).rposition(|w| w == [0x42, 0x02, 0x10, 17]).unwrap();
    bytes[start + 3] = 120;
    bytes
}

#[test]
fn numbers_that_are_none_are_told() {
    if !library() {
        return;
    }
    let model = model("log.onnx");
    let fitted = fit(&model).unwrap();
    let ctx = Ctx::for_tests(1);
    let mut values = images(2).host_f32().unwrap().into_owned();
    assert!(fitted.predict(&Batch::nchw(2, 3, 8, 10, values.clone()).unwrap(), &ctx).is_ok());
    values[240..].fill(0.0);
    let error = fitted.predict(&Batch::nchw(2, 3, 8, 10, values).unwrap(), &ctx).unwrap_err();
    assert!(error.to_string().contains("-inf for image 1"), "{error}");
    assert!(error.remedy().unwrap().contains("float32"));
}

#[test]
fn a_file_that_changes_is_another_model() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.onnx");
    std::fs::copy(data("tiny.onnx"), &file).unwrap();
    let ctx = Ctx::for_tests(1);
    let model = onnx(&file).size(SIZE);
    let before = model.content(&ctx).unwrap();
    let saved = folder.path().join("saved");
    std::fs::create_dir(&saved).unwrap();
    let fitted = library().then(|| fit(&model).unwrap());
    if let Some(fitted) = &fitted {
        fitted.save(&saved).unwrap();
        assert_eq!(model.restore(&saved, &ctx).unwrap().classes(), fitted.classes());
    }
    std::fs::copy(data("fixed.onnx"), &file).unwrap();
    assert_ne!(before, model.content(&ctx).unwrap());
    if fitted.is_some() {
        // A clone reads the file again.
        let told = model.clone().restore(&saved, &ctx).err().unwrap();
        assert!(told.to_string().contains("has changed"), "{told}");
        std::fs::write(saved.join("model.json"), "{}").unwrap();
        assert!(matches!(model.restore(&saved, &ctx), Err(Error::Plugin { .. })));
        std::fs::remove_file(saved.join("model.json")).unwrap();
        assert!(matches!(model.restore(&saved, &ctx), Err(Error::Io { .. })));
    }
}

#[test]
fn classes_come_from_parameters_or_data_and_time_from_a_trial() {
    if !library() {
        return;
    }
    let classes = toys(&tiny()).classes().to_vec();
    let (first, second) = (&classes[0], &classes[1]);
    let own = tiny().output("features").classes(["x", second, "y", first]);
    assert_eq!(fit(&own).unwrap().classes(), classes);
    let wanted: Vec<f32> = golden("features").chunks(4).flat_map(|f| [f[3], f[1]]).collect();
    assert_near(&logits(&own, 3).unwrap(), &wanted);
    assert_eq!(fit(&tiny()).unwrap().classes(), toys(&tiny()).classes());
    let work = |predict_images| Workload { train_images: 5, predict_images, classes: 2 };
    let estimate = |n| own.estimate(&work(n), &Ctx::for_tests(1)).unwrap().predict_seconds;
    assert!(estimate(1) > 0.0 && (estimate(100) / estimate(1) - 100.0).abs() < 1e-6);
}

#[test]
fn parameters_out_of_range_are_named() {
    let cases = [
        ("path", onnx("")),
        ("size", tiny().size(Size::Square(0))),
        ("channels", tiny().channels(2)),
        ("input", tiny().input("")),
        ("embedding", tiny().embedding("")),
        ("classes", tiny().classes(["a", "a"])),
        ("classes", tiny().classes([" "])),
        ("task", tiny().task(Task::SingleLogit).classes(["a", "b"])),
        ("mean", tiny().standardise([0.5, 0.5], [1.0, 1.0])),
        ("mean", tiny().standardise([0.5], [])),
        ("mean", tiny().standardise([f32::NAN], [1.0])),
        ("std", tiny().standardise([0.5], [0.0])),
    ];
    for (name, model) in cases {
        let problem = model.check().unwrap_err();
        assert!(problem.contains(&format!("`{name}`")), "{name}: {problem}");
    }
    assert!(tiny().imagenet().check().is_ok());
}
