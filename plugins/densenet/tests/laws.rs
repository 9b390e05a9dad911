//! The laws of models, and what they cannot know: that it learns, what it refuses, what it costs.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

use std::collections::BTreeMap;

use eyepatch_core::{
    Batch, Ctx, Dataset, Error, Examples, Fitted, Model, Params, Preprocess, Result, Step, Workload,
};
use eyepatch_testkit::{FullScale, ToyExamples};
use plugin_densenet::{
    Arch, Augment, DenseNet, FrozenNorm, Optimiser, PosWeight, Progressing, Scope, Shuffle, Warmup,
    densenet_small, densenet_tiny, densenet121_published, densenet121_study,
};
use plugin_phantom::Phantom;

/// Small enough for a law.
fn model() -> DenseNet {
    DenseNet {
        size: 24,
        growth: 4,
        blocks: vec![2, 2],
        init_features: 8,
        epochs: 2,
        batch: 8,
        ..densenet_tiny()
    }
}

eyepatch_testkit::model_laws! {
    grey: model();
    colour_augmented: DenseNet {
        channels: 3,
        patience: 0,
        augment: Augment { rotation: 20.0, flip: 0.5, shift: 2, brightness: [0.9, 1.1] },
        views: 3,
        shuffle: Shuffle::Mixed,
        ..model()
    };
    last_layer: DenseNet { trainable: Scope::LastLayer, optimizer: Optimiser::AdamW, clip: Some(0.5), ..model() };
    published: DenseNet {
        trainable: Scope::LastLayer,
        frozen_norm: FrozenNorm::Published,
        stopping: Progressing::Published,
        shuffle: Shuffle::None,
        pos_weight: PosWeight::Balanced,
        warmup: Warmup::Epochs(1),
        ..model()
    };
}

/// Phantoms in memory, as they are.
struct Phantoms {
    classes: Vec<String>,
    batch: Vec<Vec<f32>>,
    labels: Vec<Vec<Option<bool>>>,
    size: usize,
}

impl Phantoms {
    fn load(data: &Phantom, rows: std::ops::Range<usize>) -> Self {
        let ctx = Ctx::for_tests(1);
        let table = data.table(&ctx).unwrap();
        let samples: Vec<_> = rows.map(|row| data.load(row, &ctx).unwrap()).collect();
        let pixels = |s: &eyepatch_core::Sample| {
            FullScale.batch(std::slice::from_ref(&s.image)).unwrap().host_f32().unwrap().into_owned()
        };
        Self {
            classes: table.classes.clone(),
            batch: samples.iter().map(pixels).collect(),
            labels: samples.iter().map(|s| s.labels.clone()).collect(),
            size: samples[0].image.width(),
        }
    }
}

impl Examples for Phantoms {
    fn len(&self) -> usize {
        self.batch.len()
    }
    fn classes(&self) -> &[String] {
        &self.classes
    }
    fn batch(&self, indices: &[usize]) -> Result<Batch> {
        let values = indices.iter().flat_map(|&i| self.batch[i].iter().copied()).collect();
        Batch::nchw(indices.len(), 1, self.size, self.size, values)
    }
    fn labels(&self, index: usize) -> &[Option<bool>] {
        &self.labels[index]
    }
}

/// Share of pairs of an ill and a healthy image that the logits put in order.
fn auc(fitted: &dyn Fitted, test: &Phantoms) -> f64 {
    let all: Vec<usize> = (0..test.len()).collect();
    let scores = fitted.predict(&test.batch(&all).unwrap(), &Ctx::for_tests(1)).unwrap();
    let of = |ill| all.iter().filter(move |&&i| test.labels[i][0] == Some(ill)).map(|&i| scores.values[i]);
    let (mut right, mut pairs) = (0.0, 0.0);
    for a in of(true) {
        for b in of(false) {
            right += if a > b {
                1.0
            } else if a == b {
                0.5
            } else {
                0.0
            };
            pairs += 1.0;
        }
    }
    right / pairs
}

#[test]
fn the_tiny_one_learns_phantoms() {
    let data = Phantom::chest().with_patients(320).with_visits(1, 1).with_size(64);
    let (train, rest) = (Phantoms::load(&data, 0..200), Phantoms::load(&data, 200..320));
    let fitted = densenet_tiny().fit(&train, &rest, &Ctx::for_tests(1907)).unwrap();
    let auc = auc(&*fitted, &rest);
    assert!(auc > 0.75, "AUC {auc}, {:?}", fitted.history());
    let history = fitted.history();
    assert!(
        history.len() <= 10 && history[0].epoch == 1 && history.iter().all(|e| e.validation_loss.is_some())
    );
}

#[test]
fn gradients_by_activations_come_image_by_image() {
    let (model, ctx) = (model(), Ctx::for_tests(1));
    // More than go through the network at once.
    let train = ToyExamples::new(model.input(), 2, 35, "train");
    let fitted = model.fit(&train, &train, &ctx).unwrap();
    let layers = fitted.activations().unwrap();
    let of = |indices: &[usize], class| {
        layers.activation_gradients("features.denseblock1", &train.batch(indices).unwrap(), class, &ctx)
    };
    let all: Vec<usize> = (0..35).collect();
    let (many, alone) = (of(&all, 1).unwrap(), of(&[34], 1).unwrap());
    let size = alone.gradients.len();
    assert_eq!((many.shape[0], alone.shape[0], many.gradients.len()), (35, 1, 35 * size));
    let scale = alone.gradients.iter().fold(0.0f32, |m, g| m.max(g.abs()));
    assert!(scale > 0.0);
    for (a, b) in many.gradients[34 * size..].iter().zip(&alone.gradients) {
        assert!((a - b).abs() <= 1e-4 * scale, "{a} and {b}");
    }
    assert!(matches!(of(&[0], 2), Err(Error::Shape { .. })));
}

#[test]
fn one_kind_only_and_no_labels_are_refused() {
    let model = model();
    let mut train = Phantoms {
        classes: vec!["a".into(), "b".into()],
        batch: vec![vec![0.5; 576]; 6],
        labels: (0..6).map(|i| vec![Some(i % 2 == 0), Some(true)]).collect(),
        size: 24,
    };
    let fit = |train: &Phantoms| model.fit(train, train, &Ctx::for_tests(1)).err().unwrap();
    let error = fit(&train);
    assert!(error.to_string().contains("class `b` has 6 positive and 0 negative"), "{error}");
    assert!(error.remedy().is_some());
    train.labels[0] = vec![Some(true)];
    assert!(fit(&train).to_string().contains("class `b`"));
    train.size = 12;
    train.batch = vec![vec![0.5; 144]; 6];
    train.labels = (0..6).map(|i| vec![Some(i % 2 == 0), Some(i % 3 == 0)]).collect();
    assert!(matches!(fit(&train), Error::Shape { .. }));
}

#[test]
fn a_validation_part_may_be_empty_and_labels_may_miss() {
    let model = DenseNet { epochs: 1, ..model() };
    let train = ToyExamples::new(model.input(), 2, 12, "train");
    let fitted =
        model.fit(&train, &ToyExamples::new(model.input(), 2, 0, "none"), &Ctx::for_tests(1)).unwrap();
    assert_eq!(fitted.history().len(), 1);
    assert!(fitted.history()[0].validation_loss.is_none());
}

#[test]
fn saved_models_of_other_parameters_are_refused() {
    let model = DenseNet { epochs: 1, ..model() };
    let train = ToyExamples::new(model.input(), 2, 12, "train");
    let ctx = Ctx::for_tests(1);
    let fitted = model.fit(&train, &train, &ctx).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fitted.save(folder.path()).unwrap();
    let restored = model.restore(folder.path(), &ctx).unwrap();
    assert_eq!(restored.history(), fitted.history());
    let other = DenseNet { growth: 5, ..model.clone() };
    assert!(matches!(other.restore(folder.path(), &ctx), Err(Error::Plugin { .. })));
    std::fs::write(folder.path().join("weights.safetensors"), "rubbish").unwrap();
    assert!(matches!(model.restore(folder.path(), &ctx), Err(Error::Plugin { .. })));
    std::fs::remove_file(folder.path().join("model.json")).unwrap();
    assert!(matches!(model.restore(folder.path(), &ctx), Err(Error::Io { .. })));
}

#[test]
fn parameters_out_of_range_are_named() {
    let all: BTreeMap<&str, DenseNet> = [
        ("channels", DenseNet { channels: 2, ..model() }),
        ("growth", DenseNet { growth: 0, ..model() }),
        ("blocks", DenseNet { blocks: vec![], ..model() }),
        ("size", DenseNet { size: 4, ..model() }),
        ("epochs", DenseNet { epochs: 0, ..model() }),
        ("batch", DenseNet { batch: 2, ..model() }),
        ("learning_rate", DenseNet { learning_rate: -1.0, ..model() }),
        ("weight_decay", DenseNet { weight_decay: f64::NAN, ..model() }),
        ("min_delta", DenseNet { min_delta: -1.0, ..model() }),
        (
            "brightness",
            DenseNet { augment: Augment { brightness: [1.0, 0.5], ..Augment::default() }, ..model() },
        ),
        ("rotation", DenseNet { augment: Augment { rotation: -1.0, ..Augment::default() }, ..model() }),
        ("views", DenseNet { views: 2, ..model() }),
        ("clip", DenseNet { clip: Some(0.0), ..model() }),
        ("pos_weight", DenseNet { pos_weight: PosWeight::Given(vec![0.0]), ..model() }),
        ("frozen_norm", DenseNet { frozen_norm: FrozenNorm::Published, ..model() }),
        ("arch", DenseNet { arch: Arch::DenseNet121, size: 64, ..model() }),
    ]
    .into();
    for (name, model) in all {
        let problem = model.check().unwrap_err();
        assert!(problem.contains(name), "{name}: {problem}");
    }
    for fine in [densenet_small(), densenet_tiny(), densenet121_study(), densenet121_published()] {
        fine.check().unwrap();
        fine.quick().unwrap();
    }
    // Two images of 7 x 7 pixels at the end are enough, and the classifier alone needs no statistics.
    assert!(DenseNet { size: 224, ..densenet121_study() }.check().is_ok());
    assert!(DenseNet { size: 64, ..densenet121_study() }.check().unwrap_err().contains("batch"));
    assert!(DenseNet { batch: 1, trainable: Scope::Head, ..model() }.check().is_ok());
}

#[test]
fn estimates_grow_with_the_work() {
    let ctx = Ctx::for_tests(1);
    let work = Workload { train_images: 100, predict_images: 100, classes: 1 };
    let tiny = densenet_tiny().estimate(&work, &ctx).unwrap();
    let small = densenet_small().estimate(&work, &ctx).unwrap();
    assert!(small.fit_seconds > 4.0 * tiny.fit_seconds && tiny.fit_seconds > tiny.predict_seconds);
    assert!((600_000..2_000_000).contains(&small.disk_bytes));
    let quick = densenet_small().quick().unwrap();
    assert_eq!(quick.input().size, (64, 64));
    assert!(quick.quick().is_none());
    let augmented = DenseNet { augment: Augment { flip: 0.5, ..Augment::default() }, ..model() };
    assert!(
        matches!(augmented.card().preprocessing.last(), Some(Step::Augment(text)) if text.contains("mirrored"))
    );
}

#[test]
fn presets_say_what_they_do() {
    let text = |model: DenseNet| (model.card().name, model.card().description);
    let (name, study) = text(densenet121_study());
    assert_eq!(name, "DenseNet-121");
    for part in [
        "6/12/24/16",
        "random weights",
        "last dense layer",
        "stay as they are",
        "batches of 2 with patients",
        "improvement by 0.001",
    ] {
        assert!(study.contains(part), "{part}: {study}");
    }
    let (_, published) = text(densenet121_published());
    for part in ["drift with each batch", "in one order", "without a new least"] {
        assert!(published.contains(part), "{part}: {published}");
    }
    let json = serde_json::to_value(densenet121_published()).unwrap();
    assert_eq!((&json["arch"], &json["trainable"]), (&"densenet121".into(), &"last-layer".into()));
    assert_eq!(serde_json::from_value::<DenseNet>(json).unwrap(), densenet121_published());
}

/// Fits on a few images and returns the weights as saved.
fn fit(model: &DenseNet, train: &dyn Examples, ctx: &Ctx) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    model.fit(train, train, ctx)?.save(folder.path()).unwrap();
    Ok(std::fs::read(folder.path().join("weights.safetensors")).unwrap())
}

#[test]
fn it_starts_from_given_weights_of_any_classes() {
    let folder = tempfile::tempdir().unwrap();
    let ctx = Ctx::for_tests(1);
    let two = ToyExamples::new(model().input(), 2, 12, "train");
    let path = folder.path().join("start.safetensors");
    std::fs::write(&path, fit(&model(), &two, &ctx).unwrap()).unwrap();
    let head = DenseNet { weights: Some(path.clone()), trainable: Scope::Head, ..model() };
    let three = ToyExamples::new(model().input(), 3, 12, "train");
    let tuned = fit(&head, &three, &ctx).unwrap();
    // Everything but the classifier is that of the file, bit for bit.
    let read = |bytes: &[u8]| {
        let mut net = eyepatch_nn::DenseNet::from_bytes(bytes, &eyepatch_nn::Device::Cpu).unwrap();
        net.set_trainable(|part| part != "classifier");
        let x = vec![0.25f32; 24 * 24];
        let x = eyepatch_nn::Tensor::from_vec(x, (1, 1, 24, 24), &eyepatch_nn::Device::Cpu).unwrap();
        net.features(&x).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let start = std::fs::read(&path).unwrap();
    assert_eq!(read(&start), read(&tuned));

    let content = |model: &DenseNet| model.content(&ctx).unwrap();
    assert_eq!(content(&model()), None);
    let before = content(&head);
    assert!(before.is_some());
    std::fs::write(&path, &start[..start.len() - 1]).unwrap();
    assert_ne!(content(&head), before);
    let error = fit(&head, &two, &ctx).unwrap_err();
    assert!(error.to_string().contains("start.safetensors") && error.remedy().is_some(), "{error}");
    let other = DenseNet { growth: 5, ..head.clone() };
    std::fs::write(&path, &start).unwrap();
    assert!(matches!(fit(&other, &two, &ctx), Err(Error::Plugin { .. })));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(fit(&head, &two, &ctx), Err(Error::Io { .. })));
    assert!(matches!(head.content(&ctx), Err(Error::Io { .. })));
}

/// Cancels once an epoch is over.
struct After(eyepatch_core::Cancel, u64);

impl eyepatch_core::Progress for After {
    fn report(&self, done: u64, _total: u64, _note: &str) {
        if done == self.1 {
            self.0.cancel();
        }
    }
}

#[test]
fn a_killed_fit_goes_on_from_its_last_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let model = DenseNet { epochs: 3, patience: 0, ..model() };
    let train = ToyExamples::new(model.input(), 2, 16, "train");
    let ctx = || Ctx::for_tests(1).with_folders(folder.path(), folder.path());
    let straight = fit(&model, &train, &Ctx::for_tests(1)).unwrap();
    // Two batches an epoch: it is cancelled in the first of the third.
    let cancel = eyepatch_core::Cancel::default();
    let killed = ctx().with_cancel(cancel.clone()).with_progress(std::sync::Arc::new(After(cancel, 5)));
    assert!(matches!(fit(&model, &train, &killed), Err(Error::Cancelled)));
    assert!(folder.path().join("densenet.training").exists());
    let seen = std::sync::Arc::new(Steps::default());
    assert_eq!(fit(&model, &train, &ctx().with_progress(seen.clone())).unwrap(), straight);
    assert_eq!(*seen.0.lock().unwrap(), [5, 6]);
}

/// Which steps were reported.
#[derive(Default)]
struct Steps(std::sync::Mutex<Vec<u64>>);

impl eyepatch_core::Progress for Steps {
    fn report(&self, done: u64, _total: u64, _note: &str) {
        self.0.lock().unwrap().push(done);
    }
}

/// Whatever the network, both ways of training it can be declared, and they differ.
#[test]
fn every_preset_can_be_trained_as_published_and_as_it_should_be() {
    use eyepatch_core::{Params, Profile};
    use plugin_densenet::{densenet_small, densenet_tiny, densenet121_published, densenet121_study};
    for preset in [densenet_tiny(), densenet_small(), densenet121_study(), densenet121_published()] {
        let [published, strict] = Profile::ALL.map(|profile| preset.clone().profile(profile));
        assert_eq!((published.check(), strict.check()), (Ok(()), Ok(())));
        assert_ne!(published, strict);
    }
    assert_eq!(densenet121_study().profile(Profile::Published), densenet121_published());
}
