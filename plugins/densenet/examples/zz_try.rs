#![allow(clippy::all, missing_docs, clippy::unwrap_used)]
use eyepatch_core::{Batch, Ctx, Dataset, Examples, Fitted, Model, Preprocess, Result};
use eyepatch_testkit::FullScale;
use plugin_densenet::{Augment, DenseNet, densenet_tiny};
use plugin_phantom::Phantom;
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
            FullScale.batch(&[s.image.clone()]).unwrap().host_f32().unwrap().into_owned()
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


fn main() {
    let arg = |i: usize, d: f64| std::env::args().nth(i).and_then(|s| s.parse().ok()).unwrap_or(d);
    let n = arg(1, 200.0) as usize;
    let (lr, wd, epochs, batch) = (arg(2, 3e-3), arg(3, 1e-4), arg(4, 20.0) as usize, arg(5, 16.0) as usize);
    let (flip, shift, bright) = (arg(6, 0.0) > 0.0, arg(7, 0.0) as usize, arg(8, 0.0) as f32);
    let strength = arg(9, 1.0) as f32;
    let data = Phantom::chest().with_patients(n + 240).with_visits(1, 1).with_size(64).with_strength(strength);
    let all = Phantoms::load(&data, 0..n + 240);
    let part = |r: std::ops::Range<usize>| Phantoms { classes: all.classes.clone(), batch: all.batch[r.clone()].to_vec(), labels: all.labels[r].to_vec(), size: 64 };
    let (train, val, test) = (part(0..n), part(n..n + 80), part(n + 80..n + 240));
    for seed in [1907, 2, 3] {
        let t = std::time::Instant::now();
        let m = DenseNet { learning_rate: lr, weight_decay: wd, epochs, batch, patience: 0, augment: Augment { flip, shift, brightness: bright }, ..densenet_tiny() };
        let fitted = m.fit(&train, &val, &Ctx::for_tests(seed)).unwrap();
        let h: Vec<String> = fitted.history().iter().map(|e| format!("{:.2}/{:.2}", e.train_loss, e.validation_loss.unwrap())).collect();
        println!("train {:.3} test {:.3} in {:.1}s: {}", auc(&*fitted, &train), auc(&*fitted, &test), t.elapsed().as_secs_f64(), h.join(" "));
    }
}
