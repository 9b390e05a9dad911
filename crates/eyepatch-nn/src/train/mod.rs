//! Training: losses, optimisers, batches, early stopping.

mod augment;
mod data;
mod fit;
mod loss;
mod optimizer;
#[cfg(test)]
mod tests;

pub use augment::Augmentation;
pub use data::{Examples, Targets};
pub use fit::{EpochRecord, History, Progress, Schedule, Stopping, TrainConfig, predict, train};
pub use loss::{Loss, bce_with_logits, cross_entropy};
pub use optimizer::{Optimizer, OptimizerConfig};
