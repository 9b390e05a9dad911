//! The training loop.

use super::augment::Augmentation;
use super::data::Examples;
use super::optimizer::{Optimizer, OptimizerConfig};
use crate::densenet::{DenseNet, Snapshot};
use crate::error::{NnError, Result};
use candle_core::Tensor;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// A last batch of at most this many images joins the one before: so few spoil batch normalisation.
const SMALL_BATCH: usize = 2;

/// How to train.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Passes over the training images; at least 1.
    pub epochs: usize,
    /// Images a step; at least 1.
    pub batch: usize,
    /// Step size; the first one where it changes.
    pub learning_rate: f64,
    /// How the step size changes.
    #[serde(default)]
    pub schedule: Schedule,
    /// The optimiser.
    pub optimizer: OptimizerConfig,
    /// When to stop early; needs validation images.
    #[serde(default)]
    pub stopping: Option<Stopping>,
    /// Changes of training images.
    #[serde(default)]
    pub augmentation: Augmentation,
}

/// How the step size changes during training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Not at all.
    #[default]
    Constant,
    /// Down to zero along half a cosine over all epochs (Loshchilov and Hutter 2017, without restarts). Towards the
    /// end the running statistics catch up with the weights, so that the validation loss settles.
    Cosine,
}

impl Schedule {
    /// Fraction of the first step size after this share of training, 0 to 1.
    fn factor(self, share: f64) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * share).cos()),
        }
    }
}

/// Early stopping on the validation loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stopping {
    /// Stop after this many epochs in a row without progress; at least 1.
    pub patience: usize,
    /// An epoch is progress when its validation loss is below that of the last epoch that was by more than this. Which
    /// weights are kept does not depend on it.
    pub min_delta: f64,
}

/// One epoch in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 0.
    pub epoch: usize,
    /// Mean loss over the training samples (known labels), each as it was met.
    pub train_loss: f64,
    /// Mean loss over the validation samples after the epoch.
    pub validation_loss: Option<f64>,
    /// Whether this is the best epoch so far: the one with the least validation loss, the first of equals.
    pub improved: bool,
}

/// What training did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Every epoch that ran.
    pub epochs: Vec<EpochRecord>,
    /// The epoch whose weights the network has now.
    pub best_epoch: usize,
    /// Whether patience ended training.
    pub stopped_early: bool,
}

/// What the callback is told. Returning [`ControlFlow::Break`] cancels training.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// A step was taken.
    Batch {
        /// Epoch, from 0.
        epoch: usize,
        /// Batch in the epoch, from 0.
        batch: usize,
        /// Batches an epoch.
        batches: usize,
        /// Mean loss of the batch.
        loss: f64,
    },
    /// An epoch ended.
    Epoch(&'a EpochRecord),
}

impl TrainConfig {
    fn check(&self) -> Result<()> {
        for (name, value) in [("epochs", self.epochs), ("batch", self.batch)] {
            if value == 0 {
                return Err(NnError::config(name, value, "must be at least 1"));
            }
        }
        if let Some(stopping) = self.stopping {
            if stopping.patience == 0 {
                return Err(NnError::config("patience", 0, "must be at least 1"));
            }
            if !(stopping.min_delta.is_finite() && stopping.min_delta >= 0.0) {
                return Err(NnError::config("min_delta", stopping.min_delta, "must be 0 or more"));
            }
        }
        self.augmentation.check()
    }
}

/// The row ranges of an epoch's batches.
pub(super) fn batches(len: usize, batch: usize) -> Vec<std::ops::Range<usize>> {
    let mut ranges: Vec<_> =
        (0..len).step_by(batch.max(1)).map(|start| start..(start + batch).min(len)).collect();
    if ranges.len() > 1 && ranges.last().is_some_and(|r| r.len() <= SMALL_BATCH && r.len() < batch) {
        ranges.pop();
        if let Some(last) = ranges.last_mut() {
            last.end = len;
        }
    }
    ranges
}

/// A random order of `0..len` (Fisher and Yates), for this seed and epoch.
pub(super) fn order(len: usize, seed: u64, epoch: usize) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch as u64);
    let mut rows: Vec<usize> = (0..len).collect();
    for i in (1..len).rev() {
        // 64 random bits leave a bias below len / 2^64.
        let j = (u128::from(rng.next_u64()) * (i as u128 + 1)) >> 64;
        rows.swap(i, j as usize);
    }
    rows
}

/// The random numbers that change one image in one epoch, whatever the order of images.
fn image_rng(seed: u64, epoch: usize, row: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x6175_676d_656e_7421);
    rng.set_stream(((epoch as u64) << 32) ^ row as u64);
    rng
}

/// Trains a network. With validation images it ends with the weights of the epoch with the least validation loss,
/// otherwise with the last.
///
/// Everything random comes from `seed`; the same seed gives the same weights, bit for bit, on one kind of CPU.
///
/// # Errors
/// [`NnError::Config`] and [`NnError::Data`] for what cannot be trained, [`NnError::NotFinite`] when the loss is NaN or
/// infinite, [`NnError::Cancelled`] when `report` breaks off.
pub fn train(
    net: &mut DenseNet,
    training: &Examples,
    validation: Option<&Examples>,
    config: &TrainConfig,
    seed: u64,
    report: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<History> {
    config.check()?;
    check_data(net, "training", training)?;
    if let Some(validation) = validation {
        check_data(net, "validation", validation)?;
    } else if config.stopping.is_some() {
        return Err(NnError::Data("early stopping needs validation images".into()));
    }
    let mut optimizer = Optimizer::new(config.optimizer, config.learning_rate)?;
    let mut history = History { epochs: vec![], best_epoch: 0, stopped_early: false };
    let mut best: Option<(f64, Snapshot)> = None;
    // The last epoch that patience took for progress, and its loss.
    let mut progress = (0, f64::INFINITY);
    for epoch in 0..config.epochs {
        let train_loss = run_epoch(net, training, config, (seed, epoch), &mut optimizer, report)?;
        let validation_loss = match validation {
            Some(data) => Some(mean_loss(net, data, config.batch, epoch)?),
            None => None,
        };
        let improved = match (validation_loss, &best) {
            (Some(loss), Some((least, _))) => loss < *least,
            _ => true,
        };
        if improved {
            history.best_epoch = epoch;
            if let Some(loss) = validation_loss {
                best = Some((loss, net.snapshot()?));
            }
        }
        let record = EpochRecord { epoch, train_loss, validation_loss, improved };
        tracing::debug!(epoch, train_loss, validation_loss, improved, "epoch");
        history.epochs.push(record);
        if report(Progress::Epoch(&record)).is_break() {
            return Err(NnError::Cancelled);
        }
        if let (Some(stopping), Some(loss)) = (config.stopping, validation_loss) {
            if loss < progress.1 - stopping.min_delta {
                progress = (epoch, loss);
            }
            if epoch - progress.0 >= stopping.patience {
                history.stopped_early = true;
                break;
            }
        }
    }
    if let Some((_, snapshot)) = &best {
        net.restore(snapshot)?;
    }
    Ok(history)
}

fn check_data(net: &DenseNet, what: &str, data: &Examples) -> Result<()> {
    let (channels, classes) = (net.config().in_channels, net.config().classes);
    let problem = if data.is_empty() {
        "is empty".to_owned()
    } else if data.shape().0 != channels {
        format!("has {} channels, the network takes {channels}", data.shape().0)
    } else if data.targets().classes() != classes {
        format!("has {} classes, the network {classes}", data.targets().classes())
    } else {
        return Ok(());
    };
    Err(NnError::Data(format!("{what} set {problem}")))
}

fn run_epoch(
    net: &mut DenseNet,
    data: &Examples,
    config: &TrainConfig,
    (seed, epoch): (u64, usize),
    optimizer: &mut Optimizer,
    report: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<f64> {
    let rows = order(data.len(), seed, epoch);
    let ranges = batches(data.len(), config.batch);
    let (mut sum, mut terms) = (0.0, 0);
    for (batch, range) in ranges.iter().enumerate() {
        let rows = &rows[range.clone()];
        let change = |row: usize, image: &mut [f32]| {
            if !config.augmentation.is_none() {
                config.augmentation.apply(image, data.shape(), &mut image_rng(seed, epoch, row));
            }
        };
        let x = data.batch(rows, net.device(), change)?;
        let logits = net.forward_train(&x)?;
        let loss = data.loss(rows, &logits)?;
        if !loss.sum.is_finite() {
            return Err(NnError::NotFinite { epoch, batch, value: loss.sum });
        }
        let grads = loss.backward_from(&logits)?.backward()?;
        let share = (epoch * ranges.len() + batch) as f64 / (config.epochs * ranges.len()) as f64;
        optimizer.set_learning_rate(config.learning_rate * config.schedule.factor(share));
        optimizer.step(net, &grads)?;
        sum += loss.sum;
        terms += loss.terms;
        let progress = Progress::Batch { epoch, batch, batches: ranges.len(), loss: loss.mean() };
        if report(progress).is_break() {
            return Err(NnError::Cancelled);
        }
    }
    if !net.is_finite()? {
        return Err(NnError::NotFinite { epoch, batch: ranges.len() - 1, value: f64::NAN });
    }
    Ok(sum / terms.max(1) as f64)
}

/// Mean loss over all samples, with running statistics.
fn mean_loss(net: &DenseNet, data: &Examples, batch: usize, epoch: usize) -> Result<f64> {
    let (mut sum, mut terms) = (0.0, 0);
    for (i, range) in batches(data.len(), batch).into_iter().enumerate() {
        let rows: Vec<usize> = range.collect();
        let logits = net.forward(&data.batch(&rows, net.device(), |_, _| {})?)?;
        let loss = data.loss(&rows, &logits)?;
        if !loss.sum.is_finite() {
            return Err(NnError::NotFinite { epoch, batch: i, value: loss.sum });
        }
        sum += loss.sum;
        terms += loss.terms;
    }
    Ok(sum / terms.max(1) as f64)
}

/// Logits `[n, classes]` of all images, `batch` at a time.
///
/// # Errors
/// As [`DenseNet::forward`]; [`NnError::Data`] when there is no image.
pub fn predict(net: &DenseNet, data: &Examples, batch: usize) -> Result<Tensor> {
    check_data(net, "prediction", data)?;
    let mut all = Vec::new();
    for range in batches(data.len(), batch.max(1)) {
        let rows: Vec<usize> = range.collect();
        all.push(net.forward(&data.batch(&rows, net.device(), |_, _| {})?)?);
    }
    Ok(Tensor::cat(&all, 0)?)
}
