//! How to train.

use super::augment::Augmentation;
use super::optimizer::OptimizerConfig;
use super::order::Shuffle;
use crate::error::{NnError, Result};
use serde::{Deserialize, Serialize};

/// How to train. [`TrainConfig::new`] leaves out everything that can be left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Passes over the training images; at least 1.
    pub epochs: usize,
    /// Images a step; at least 1.
    pub batch: usize,
    /// Step size; the first one where it changes, after the warm-up.
    pub learning_rate: f64,
    /// How the step size changes.
    #[serde(default)]
    pub schedule: Schedule,
    /// How the step size rises at first.
    #[serde(default)]
    pub warmup: Warmup,
    /// The optimiser.
    pub optimizer: OptimizerConfig,
    /// Longest gradient, over all parameters together: a longer one is shortened to it, as by
    /// `torch.nn.utils.clip_grad_norm_`. Above 0.
    #[serde(default)]
    pub clip: Option<f64>,
    /// How much a known positive label counts, class by class.
    #[serde(default)]
    pub pos_weight: PosWeight,
    /// When to stop early; needs validation images.
    #[serde(default)]
    pub stopping: Option<Stopping>,
    /// When to give up.
    #[serde(default = "Divergence::usual")]
    pub divergence: Option<Divergence>,
    /// Changes of training images.
    #[serde(default)]
    pub augmentation: Augmentation,
    /// 0: every epoch changes images afresh. Otherwise each image has so many fixed views, the first the image as it is, and
    /// epoch `e` uses view `e` modulo this.
    #[serde(default)]
    pub views: usize,
    /// The order of training images.
    #[serde(default)]
    pub shuffle: Shuffle,
}

/// How the step size changes during training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Not at all.
    #[default]
    Constant,
    /// Down to zero along half a cosine over all epochs (Loshchilov and Hutter 2017, without restarts), beginning where
    /// the warm-up ends. Towards the end the running statistics catch up with the weights, so that the validation loss
    /// settles.
    Cosine,
}

/// A linear rise of the step size: step `s` of `n`, from 1, takes `s / n` of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warmup {
    /// Full steps from the first on.
    #[default]
    None,
    /// Over so many whole epochs.
    Epochs(usize),
    /// Over so many steps.
    Steps(usize),
}

/// What of its full size the step at `at` of `total` has, 0 to 1; `epoch` is the number of steps an epoch.
pub(super) fn rate(schedule: Schedule, warmup: Warmup, at: usize, (epoch, total): (usize, usize)) -> f64 {
    let rise = match warmup {
        Warmup::None => 0,
        Warmup::Epochs(n) => n.saturating_mul(epoch),
        Warmup::Steps(n) => n,
    };
    if at < rise {
        return (at + 1) as f64 / rise as f64;
    }
    match schedule {
        Schedule::Constant => 1.0,
        Schedule::Cosine => {
            let share = (at - rise) as f64 / (total.saturating_sub(rise)).max(1) as f64;
            0.5 * (1.0 + (std::f64::consts::PI * share).cos())
        }
    }
}

/// How much a known positive label of a class counts beside a negative one: torch's `pos_weight`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PosWeight {
    /// As much.
    #[default]
    None,
    /// The number of known negative training labels over that of positive ones: both count alike in all.
    Balanced,
    /// These, one a class, each above 0.
    Given(Vec<f32>),
}

/// Early stopping on the validation loss. Which weights are kept does not depend on it: always those of the least
/// validation loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stopping {
    /// Stop after this many epochs in a row without progress; at least 1.
    pub patience: usize,
    /// What the validation loss must fall by; see the rule.
    pub min_delta: f64,
    /// What progress is.
    #[serde(default)]
    pub rule: Progressing,
}

/// When an epoch is progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progressing {
    /// When its validation loss is below that of the last epoch that was progress by more than `min_delta`.
    #[default]
    Strict,
    /// As in the study's code: when its validation loss is the least so far, by however little. Any other epoch counts
    /// against patience if `loss + min_delta > least`, which is always so for a positive delta: the delta has no effect.
    Published,
}

impl Stopping {
    /// Whether these validation losses end training: what was decided after each depends on nothing but them.
    pub(super) fn ends(&self, losses: impl Iterator<Item = f64>) -> bool {
        let (mut least, mut count) = (f64::INFINITY, 0);
        for loss in losses {
            match self.rule {
                Progressing::Strict if loss < least - self.min_delta => (least, count) = (loss, 0),
                Progressing::Strict => count += 1,
                Progressing::Published if loss < least => (least, count) = (loss, 0),
                Progressing::Published if loss + self.min_delta > least => count += 1,
                Progressing::Published => count = 0,
            }
        }
        count >= self.patience
    }
}

/// When training has diverged: the training loss of so many epochs in a row is above so many times that of a network
/// that knows nothing (every logit zero: `ln 2` for labels without weights, `ln` of the number for classes).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Divergence {
    /// How many times; above 1.
    pub factor: f64,
    /// Epochs in a row; at least 1.
    pub epochs: usize,
}

impl Divergence {
    /// Three epochs above ten times.
    pub fn usual() -> Option<Self> {
        Some(Self { factor: 10.0, epochs: 3 })
    }

    /// An error if the last losses say so.
    pub(super) fn check(&self, losses: &[f64], chance: f64) -> Result<()> {
        let last = &losses[losses.len().saturating_sub(self.epochs)..];
        let (limit, loss) = (self.factor * chance, last.iter().copied().fold(f64::INFINITY, f64::min));
        if last.len() < self.epochs || loss <= limit {
            return Ok(());
        }
        Err(NnError::Diverged { epoch: losses.len() - 1, epochs: self.epochs, loss, limit, chance })
    }
}

impl TrainConfig {
    /// Constant step size, random order, no augmentation, no early stopping, [`Divergence::usual`].
    pub fn new(epochs: usize, batch: usize, learning_rate: f64, optimizer: OptimizerConfig) -> Self {
        Self {
            epochs,
            batch,
            learning_rate,
            schedule: Schedule::Constant,
            warmup: Warmup::None,
            optimizer,
            clip: None,
            pos_weight: PosWeight::None,
            stopping: None,
            divergence: Divergence::usual(),
            augmentation: Augmentation::default(),
            views: 0,
            shuffle: Shuffle::Random,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
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
        if let Some(clip) = self.clip.filter(|c| !(c.is_finite() && *c > 0.0)) {
            return Err(NnError::config("clip", clip, "must be above 0"));
        }
        if let Some(d) = self.divergence.filter(|d| !(d.factor.is_finite() && d.factor > 1.0 && d.epochs > 0))
        {
            return Err(NnError::config("divergence", d, "needs a factor above 1 and at least 1 epoch"));
        }
        self.augmentation.check()
    }
}
