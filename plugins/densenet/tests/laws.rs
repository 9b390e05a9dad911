//! The laws of models, and what they cannot know: that it learns, what it refuses, what it costs.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

use std::collections::BTreeMap;

use eyepatch_core::{
    Batch, Ctx, Dataset, Error, Examples, Fitted, Model, Params, Preprocess, Result, Step, Workload,
};
use eyepatch_testkit::{FullScale, ToyExamples};
use plugin_densenet::{Augment, DenseNet, densenet_small, densenet_tiny};
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
        augment: Augment { flip: true, shift: 2, brightness: 0.1 },
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
        ("brightness", DenseNet { augment: Augment { brightness: 1.0, ..Augment::default() }, ..model() }),
    ]
    .into();
    for (name, model) in all {
        let problem = model.check().unwrap_err();
        assert!(problem.contains(name), "{name}: {problem}");
    }
    assert!(densenet_small().check().is_ok() && densenet_tiny().check().is_ok());
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
    let augmented = DenseNet { augment: Augment { flip: true, ..Augment::default() }, ..model() };
    assert!(
        matches!(augmented.card().preprocessing.last(), Some(Step::Augment(text)) if text.contains("mirrored"))
    );
}
