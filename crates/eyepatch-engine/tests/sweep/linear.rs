//! A frozen random layer and a trained logistic regression behind it. It counts what goes through the frozen layer, and can
//! be stopped there or in a fit.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use eyepatch_core::{
    Batch, ContentHash, Ctx, Epoch, Error, Examples, Fitted, Head, InputSpec, Model, ModelCard, OutputSpace,
    Params, Result, Scores, Sharing, Step, Task, Trunk, View, plugin,
};
use rand_core::RngCore;
use serde::{Deserialize, Serialize};

use super::plugins::SIDE;

/// Features an image.
const WIDTH: usize = 64;
/// Step size of the head.
const RATE: f32 = 0.05;
const BATCH: usize = 8;

/// What happened to the models of one tag, and when to stop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    /// Images that went through the trunk.
    pub(crate) passes: usize,
    pub(crate) fits: usize,
    /// Stops when so many images went through the trunk.
    pub(crate) stop_at_pass: Option<usize>,
    pub(crate) stop_at_fit: Option<usize>,
}

static LOGS: Mutex<BTreeMap<String, Log>> = Mutex::new(BTreeMap::new());

/// Looks into, or changes, the log of a tag.
pub(crate) fn log<T>(tag: &str, look: impl FnOnce(&mut Log) -> T) -> T {
    look(LOGS.lock().unwrap_or_else(std::sync::PoisonError::into_inner).entry(tag.into()).or_default())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Share {
    Yes,
    No,
    Refuses,
    /// Features that no disk has room for.
    Huge,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Linear {
    /// Name of its log.
    pub(crate) tag: String,
    pub(crate) share: Share,
    pub(crate) views: usize,
    pub(crate) epochs: usize,
}

impl Params for Linear {}

impl Linear {
    pub(crate) fn new(tag: &str, share: Share) -> Self {
        Self { tag: tag.into(), share, views: 1, epochs: 3 }
    }

    fn frozen(&self) -> Frozen {
        let width = if self.share == Share::Huge { 1 << 40 } else { WIDTH };
        Frozen { tag: self.tag.clone(), views: self.views, width }
    }

    fn fitted(&self, classes: Vec<String>, weights: Vec<f32>, history: Vec<Epoch>) -> FittedLinear {
        FittedLinear { trunk: self.frozen(), classes, weights, history, shares: self.share == Share::Yes }
    }
}

/// Linear.
#[plugin("toy/linear")]
impl Model for Linear {
    fn card(&self) -> ModelCard {
        ModelCard {
            name: "linear".into(),
            task: Task::MultiLabel,
            output: OutputSpace::Logits,
            preprocessing: Step::strict(),
            trained_here: true,
            parameters: None,
            description: "a random layer, frozen, and a logistic regression".into(),
        }
    }

    fn input(&self) -> InputSpec {
        InputSpec { channels: 1, size: (SIDE, SIDE) }
    }

    fn fit(&self, train: &dyn Examples, validation: &dyn Examples, ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        log(&self.tag, |log| {
            log.fits += 1;
            if log.stop_at_fit.is_some_and(|n| log.fits >= n) { Err(Error::Cancelled) } else { Ok(()) }
        })?;
        let (classes, trunk) = (train.classes().to_vec(), self.frozen());
        let mut rng = ctx.rng("head");
        let draw = |_| (rng.next_u32() >> 8) as f32 / (1 << 24) as f32 - 0.5;
        let mut weights: Vec<f32> = (0..classes.len() * (WIDTH + 1)).map(draw).collect();
        let mut history = Vec::new();
        for epoch in 0..self.epochs {
            ctx.check()?;
            let indices: Vec<usize> = (0..train.len()).collect();
            let mut loss = 0.0;
            for rows in indices.chunks(BATCH) {
                let features = train.features(&trunk, rows, epoch % self.views, ctx)?;
                loss += step(&mut weights, &features, train, rows, RATE);
            }
            let watched: Vec<usize> = (0..validation.len()).collect();
            let features = validation.features(&trunk, &watched, 0, ctx)?;
            let watched = step(&mut weights, &features, validation, &watched, 0.0);
            history.push(Epoch {
                epoch: epoch + 1,
                train_loss: loss / train.len() as f64,
                validation_loss: Some(watched / validation.len() as f64),
                learning_rate: None,
            });
        }
        Ok(Box::new(self.fitted(classes, weights, history)))
    }

    fn restore(&self, folder: &Path, _ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        let path = folder.join("head.json");
        let text = std::fs::read_to_string(&path).map_err(|e| Error::io(&path, e))?;
        let (classes, weights) = serde_json::from_str(&text).map_err(|e| Error::io(&path, e.into()))?;
        Ok(Box::new(self.fitted(classes, weights, Vec::new())))
    }

    fn trunk(&self, _ctx: &Ctx) -> Result<Sharing> {
        Ok(match self.share {
            Share::Yes | Share::Huge => Sharing::Trunk(Box::new(self.frozen())),
            Share::No => Sharing::Nothing,
            Share::Refuses => Sharing::Refused("its mood depends on the batch.".into()),
        })
    }
}

/// One step of gradient descent on the logistic loss; gives the sum of the losses before it.
fn step(weights: &mut [f32], features: &[f32], of: &dyn Examples, rows: &[usize], rate: f32) -> f64 {
    let (mut loss, mut gradient) = (0.0, vec![0.0; weights.len()]);
    for (&row, features) in rows.iter().zip(features.chunks(WIDTH)) {
        for (c, label) in of.labels(row).iter().enumerate() {
            let y = f32::from(u8::from(*label == Some(true)));
            let z = logit(&weights[c * (WIDTH + 1)..], features);
            loss += f64::from(z.max(0.0) - z * y + (-z.abs()).exp().ln_1p());
            let error = (1.0 / (1.0 + (-z).exp()) - y) / rows.len() as f32;
            let own = &mut gradient[c * (WIDTH + 1)..];
            own[WIDTH] += error;
            own.iter_mut().zip(features).for_each(|(g, f)| *g += error * f);
        }
    }
    weights.iter_mut().zip(&gradient).for_each(|(w, g)| *w -= rate * g);
    loss
}

fn logit(weights: &[f32], features: &[f32]) -> f32 {
    features.iter().zip(weights).fold(weights[WIDTH], |z, (f, w)| z + f * w)
}

struct Frozen {
    tag: String,
    views: usize,
    width: usize,
}

impl Trunk for Frozen {
    fn key(&self) -> ContentHash {
        ContentHash::of(format!("linear with {} views", self.views).as_bytes())
    }

    fn shape(&self) -> Vec<usize> {
        vec![self.width, 1]
    }

    fn views(&self) -> usize {
        self.views
    }

    fn features(&self, batch: &Batch, view: View<'_>, _ctx: &Ctx) -> Result<Vec<f32>> {
        if (batch.channels, batch.height, batch.width) != (1, SIDE, SIDE) {
            let found = format!("{} x {} x {}", batch.channels, batch.height, batch.width);
            return Err(Error::shape("batch", format!("1 x {SIDE} x {SIDE}"), found));
        }
        log(&self.tag, |log| {
            let stop = log.stop_at_pass.is_some_and(|n| log.passes + batch.n > n);
            log.passes += if stop { 0 } else { batch.n };
            if stop { Err(Error::Cancelled) } else { Ok(()) }
        })?;
        let pixels = batch.host_f32()?;
        let mut features = Vec::with_capacity(batch.n * WIDTH);
        for (i, image) in pixels.chunks(SIDE * SIDE).enumerate() {
            let factor = match view {
                View::Plain => 1.0,
                View::Augmented(seeds) => 0.5 + (seeds[i].to_u64() % 1024) as f32 / 1024.0,
            };
            let of = |f: usize| {
                let weight = |p: usize| ((p * 37 + f * 101) % 61) as f32 / 61.0 - 0.45;
                image.iter().enumerate().fold(0.0, |sum, (p, v)| sum + factor * v * weight(p)).max(0.0)
            };
            features.extend((0..WIDTH).map(of));
        }
        Ok(features)
    }
}

struct FittedLinear {
    trunk: Frozen,
    classes: Vec<String>,
    weights: Vec<f32>,
    history: Vec<Epoch>,
    shares: bool,
}

impl Fitted for FittedLinear {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn predict(&self, batch: &Batch, ctx: &Ctx) -> Result<Scores> {
        self.scores(&self.trunk.features(batch, View::Plain, ctx)?, ctx)
    }

    fn save(&self, folder: &Path) -> Result<()> {
        let path = folder.join("head.json");
        let text = serde_json::to_string(&(&self.classes, &self.weights));
        std::fs::write(&path, text.map_err(|e| Error::io(&path, e.into()))?).map_err(|e| Error::io(path, e))
    }

    fn history(&self) -> &[Epoch] {
        &self.history
    }

    fn head(&self) -> Option<&dyn Head> {
        self.shares.then_some(self as &dyn Head)
    }
}

impl Head for FittedLinear {
    fn trunk(&self) -> ContentHash {
        self.trunk.key()
    }

    fn scores(&self, features: &[f32], _ctx: &Ctx) -> Result<Scores> {
        if !features.len().is_multiple_of(WIDTH) {
            return Err(Error::shape("features", format!("n x {WIDTH}"), features.len().to_string()));
        }
        let one = |f: &[f32]| self.weights.chunks(WIDTH + 1).map(|w| logit(w, f)).collect::<Vec<_>>();
        Scores::new(self.classes.len(), OutputSpace::Logits, features.chunks(WIDTH).flat_map(one).collect())
    }
}

/// The toy keeps the laws that the engine relies on.
mod laws {
    use super::*;
    eyepatch_testkit::model_laws! {
        plain: Linear::new("laws", Share::Yes);
        views: Linear { views: 3, ..Linear::new("laws of views", Share::Yes) };
    }
}
