//! The training loop.

use super::augment::Draw;
use super::checkpoint::State;
use super::config::{TrainConfig, rate};
use super::data::{Examples, Kind};
use super::gradients::Gradients;
use super::optimizer::Optimizer;
use super::order::batches;
use crate::densenet::{DenseNet, Learnt};
use crate::error::{NnError, Result};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::Path;

/// One epoch in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 0.
    pub epoch: usize,
    /// Mean loss over the training samples (known labels), each as it was met.
    pub train_loss: f64,
    /// Mean loss over the validation samples after the epoch.
    pub validation_loss: Option<f64>,
    /// Step size of the epoch's last step.
    pub learning_rate: f64,
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
    /// Training goes on after so many epochs, from a checkpoint.
    Resumed {
        /// Epochs that are done.
        epochs: usize,
    },
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

type Report<'a> = &'a mut dyn FnMut(Progress<'_>) -> ControlFlow<()>;

/// Trains a network. With validation images it ends with the weights of the epoch with the least validation loss,
/// otherwise with the last. Examples are images or features; features enter at the network's boundary.
///
/// Everything random comes from `seed`; the same seed gives the same weights, bit for bit, on one kind of CPU.
///
/// # Errors
/// [`NnError::Config`] and [`NnError::Data`] for what cannot be trained, [`NnError::NotFinite`] when the loss is NaN or
/// infinite, [`NnError::Diverged`] when it stays high, [`NnError::Cancelled`] when `report` breaks off.
pub fn train(
    net: &mut DenseNet,
    training: &Examples<'_>,
    validation: Option<&Examples<'_>>,
    config: &TrainConfig,
    seed: u64,
    report: Report<'_>,
) -> Result<History> {
    Run::new(net, training, validation, config, seed)?.run(None, report)
}

/// [`train`] that writes its state into a file after each epoch and goes on from there when it is called again, with the
/// same result as without interruption, bit for bit. A file that is damaged, or of a training with another network,
/// start, configuration, seed or data, is ignored with a warning. Data behind a [`super::Source`] enter with their
/// number, targets, identities and groups only: let the path tell their pixels apart.
///
/// # Errors
/// As [`train`], and [`NnError::Io`] where the file cannot be written.
pub fn train_resumable(
    net: &mut DenseNet,
    training: &Examples<'_>,
    validation: Option<&Examples<'_>>,
    config: &TrainConfig,
    seed: u64,
    file: &Path,
    report: Report<'_>,
) -> Result<History> {
    Run::new(net, training, validation, config, seed)?.run(Some(file), report)
}

/// One training.
struct Run<'a> {
    net: &'a mut DenseNet,
    training: &'a Examples<'a>,
    validation: Option<&'a Examples<'a>>,
    config: &'a TrainConfig,
    seed: u64,
    pos_weight: Vec<f32>,
    optimizer: Optimizer,
    history: History,
    /// Least validation loss, and what the network had learnt then.
    best: Option<(f64, Learnt)>,
}

impl<'a> Run<'a> {
    fn new(
        net: &'a mut DenseNet,
        training: &'a Examples<'a>,
        validation: Option<&'a Examples<'a>>,
        config: &'a TrainConfig,
        seed: u64,
    ) -> Result<Self> {
        config.check()?;
        check_data(net, "training", training)?;
        if training.kind() == Kind::Features && !(config.augmentation.is_none() && config.views == 0) {
            return Err(NnError::config(
                "augmentation",
                config.augmentation,
                "is in the features' views already",
            ));
        }
        match validation {
            Some(data) => check_data(net, "validation", data)?,
            None if config.stopping.is_some() => {
                return Err(NnError::Data("early stopping needs validation images".into()));
            }
            None => {}
        }
        Ok(Self {
            pos_weight: training.pos_weight(&config.pos_weight)?,
            optimizer: Optimizer::new(config.optimizer, config.learning_rate)?,
            history: History { epochs: vec![], best_epoch: 0, stopped_early: false },
            best: None,
            net,
            training,
            validation,
            config,
            seed,
        })
    }

    fn run(self, file: Option<&Path>, report: Report<'_>) -> Result<History> {
        let workspace = self.net.workspace();
        workspace.set_direct(true);
        let done = self.epochs(file, report);
        workspace.set_direct(false);
        done
    }

    fn epochs(mut self, file: Option<&Path>, report: Report<'_>) -> Result<History> {
        let fingerprint = if file.is_some() { self.fingerprint()? } else { String::new() };
        if let Some(state) = file.and_then(|file| State::open(file, &fingerprint)) {
            self.resume(state)?;
            if report(Progress::Resumed { epochs: self.history.epochs.len() }).is_break() {
                return Err(NnError::Cancelled);
            }
        }
        let chance = self.training.chance(&self.pos_weight);
        for epoch in self.history.epochs.len()..self.config.epochs {
            if self.history.stopped_early {
                break;
            }
            let record = self.epoch(epoch, report)?;
            if let Some(divergence) = self.config.divergence {
                let losses: Vec<f64> = self.history.epochs.iter().map(|e| e.train_loss).collect();
                divergence.check(&losses, chance)?;
            }
            let losses = self.history.epochs.iter().filter_map(|e| e.validation_loss);
            self.history.stopped_early = self.config.stopping.is_some_and(|stopping| stopping.ends(losses));
            if let Some(file) = file {
                self.state()?.write(file, &fingerprint)?;
            }
            if report(Progress::Epoch(&record)).is_break() {
                return Err(NnError::Cancelled);
            }
        }
        if let Some((_, learnt)) = &self.best {
            self.net.set_learnt(learnt)?;
        }
        Ok(self.history)
    }

    /// Trains for an epoch, validates, and keeps what is best.
    fn epoch(&mut self, epoch: usize, report: Report<'_>) -> Result<EpochRecord> {
        let (train_loss, learning_rate) = self.steps(epoch, report)?;
        let validation_loss = match self.validation {
            Some(data) => Some(self.mean_loss(data, epoch)?),
            None => None,
        };
        let improved = match (validation_loss, &self.best) {
            (Some(loss), Some((least, _))) => loss < *least,
            _ => true,
        };
        if improved {
            self.history.best_epoch = epoch;
            if let Some(loss) = validation_loss {
                self.best = Some((loss, self.net.learnt()?));
            }
        }
        let record = EpochRecord { epoch, train_loss, validation_loss, learning_rate, improved };
        tracing::debug!(epoch, train_loss, validation_loss, improved, "epoch");
        self.history.epochs.push(record);
        Ok(record)
    }

    /// Takes an epoch's steps; returns the mean loss and the last step size.
    fn steps(&mut self, epoch: usize, report: Report<'_>) -> Result<(f64, f64)> {
        let (data, config) = (self.training, self.config);
        let rows = config.shuffle.order(data.len(), data.groups(), config.batch, (self.seed, epoch));
        let ranges = batches(data.len(), config.batch);
        let (mut sum, mut terms, mut learning_rate) = (0.0, 0, config.learning_rate);
        for (batch, range) in ranges.iter().enumerate() {
            let rows = &rows[range.clone()];
            let x = self.batch(rows, epoch)?;
            let logits = match data.kind() {
                Kind::Images => self.net.forward_train(&x)?,
                Kind::Features => self.net.tail_forward_train(&x)?,
            };
            let loss = data.loss(rows, &logits, &self.pos_weight)?;
            if !loss.sum.is_finite() {
                return Err(NnError::NotFinite { epoch, batch, value: loss.sum });
            }
            let store = loss.backward_from(&logits)?.backward()?;
            let mut grads = Gradients::of(self.net, &store)?;
            if let Some(longest) = config.clip {
                grads.clip(longest);
            }
            let (at, total) = (epoch * ranges.len() + batch, config.epochs * ranges.len());
            learning_rate =
                config.learning_rate * rate(config.schedule, config.warmup, at, (ranges.len(), total));
            self.optimizer.set_learning_rate(learning_rate);
            self.optimizer.apply(self.net, &grads)?;
            sum += loss.sum;
            terms += loss.terms;
            let progress = Progress::Batch { epoch, batch, batches: ranges.len(), loss: loss.mean() };
            if report(progress).is_break() {
                return Err(NnError::Cancelled);
            }
        }
        if !self.net.is_finite()? {
            return Err(NnError::NotFinite { epoch, batch: ranges.len() - 1, value: f64::NAN });
        }
        Ok((sum / terms.max(1) as f64, learning_rate))
    }

    /// These rows as the epoch sees them.
    fn batch(&self, rows: &[usize], epoch: usize) -> Result<Tensor> {
        let (data, config) = (self.training, self.config);
        if data.kind() == Kind::Features {
            return data.batch(rows, epoch % data.views(), self.net.device(), |_, _| {});
        }
        let draw = Draw::of(epoch, config.views);
        data.batch(rows, 0, self.net.device(), |row, image| {
            if !config.augmentation.is_none()
                && let Some(mut rng) = draw.rng(self.seed, data.id(row))
            {
                config.augmentation.apply(image, data.shape(), &mut rng);
            }
        })
    }

    /// Mean loss over all samples, with running statistics.
    fn mean_loss(&self, data: &Examples<'_>, epoch: usize) -> Result<f64> {
        let (mut sum, mut terms) = (0.0, 0);
        for (i, range) in batches(data.len(), self.config.batch).into_iter().enumerate() {
            let rows: Vec<usize> = range.collect();
            let loss = data.loss(&rows, &logits(self.net, data, &rows)?, &self.pos_weight)?;
            if !loss.sum.is_finite() {
                return Err(NnError::NotFinite { epoch, batch: i, value: loss.sum });
            }
            sum += loss.sum;
            terms += loss.terms;
        }
        Ok(sum / terms.max(1) as f64)
    }

    fn state(&self) -> Result<State> {
        let (steps, memory) = self.optimizer.memory();
        let (history, best, now) = (self.history.clone(), self.best.clone(), self.net.learnt()?);
        Ok(State { history, best, now, steps, memory: memory.clone() })
    }

    fn resume(&mut self, state: State) -> Result<()> {
        self.net.set_learnt(&state.now)?;
        self.optimizer.remember(state.steps, state.memory);
        (self.history, self.best) = (state.history, state.best);
        Ok(())
    }

    /// What a checkpoint must agree with: network with its start, configuration, seed, data, this crate's version.
    fn fingerprint(&self) -> Result<String> {
        let mut hasher = blake3::Hasher::new();
        let config = serde_json::to_string(self.config).map_err(|e| NnError::Data(e.to_string()))?;
        let learns: Vec<bool> = self.net.parameters().iter().map(|p| p.2).collect();
        let about = (env!("CARGO_PKG_VERSION"), config, self.seed, learns, self.net.frozen_norm());
        hasher.update(format!("{about:?}").as_bytes()).update(&self.net.to_bytes()?);
        self.training.digest(&mut hasher);
        if let Some(validation) = self.validation {
            validation.digest(&mut hasher);
        }
        Ok(hasher.finalize().to_hex().to_string())
    }
}

fn check_data(net: &DenseNet, what: &str, data: &Examples<'_>) -> Result<()> {
    let classes = net.config().classes;
    let channels = match data.kind() {
        Kind::Images => net.config().in_channels,
        Kind::Features => net.boundary().map_err(|why| NnError::NoBoundary(why.to_string()))?.channels(),
    };
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

fn logits(net: &DenseNet, data: &Examples<'_>, rows: &[usize]) -> Result<Tensor> {
    let x = data.batch(rows, 0, net.device(), |_, _| {})?;
    match data.kind() {
        Kind::Images => net.forward(&x),
        Kind::Features => net.tail_forward(&x),
    }
}

/// Logits `[n, classes]` of all images, or of view 0 of all features, `batch` at a time.
///
/// # Errors
/// As [`DenseNet::forward`]; [`NnError::Data`] when there is no image.
pub fn predict(net: &DenseNet, data: &Examples<'_>, batch: usize) -> Result<Tensor> {
    check_data(net, "prediction", data)?;
    let mut all = Vec::new();
    for range in batches(data.len(), batch.max(1)) {
        all.push(logits(net, data, &range.collect::<Vec<_>>())?);
    }
    Ok(Tensor::cat(&all, 0)?)
}
