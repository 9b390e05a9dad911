//! Training: losses, optimisers, batches, augmentation, early stopping, checkpoints.

mod augment;
mod checkpoint;
mod config;
mod data;
mod fit;
mod gradients;
mod loss;
#[cfg(test)]
mod more_tests;
mod optimizer;
mod order;
mod rotate;
#[cfg(test)]
mod tests;

pub use augment::{Augmentation, Draw};
pub use config::{Divergence, PosWeight, Progressing, Schedule, Stopping, TrainConfig, Warmup};
pub use data::{Examples, Kind, Source, SourceError, Targets};
pub use fit::{EpochRecord, History, Progress, predict, train, train_resumable};
pub use gradients::Gradients;
pub use loss::{Loss, bce_with_logits, cross_entropy, weighted_bce_with_logits};
pub use optimizer::{Optimizer, OptimizerConfig};
pub use order::Shuffle;
pub use rotate::rotate;
