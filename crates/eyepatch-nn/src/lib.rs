//! Networks on candle: the DenseNet family, its operations and its training loop.
//!
//! ```
//! use eyepatch_nn::{DenseNet, DenseNetConfig, Device};
//! use eyepatch_nn::train::{Augmentation, Examples, OptimizerConfig, Schedule, Targets, TrainConfig, train};
//! use std::ops::ControlFlow;
//!
//! # fn main() -> eyepatch_nn::Result<()> {
//! let config = DenseNetConfig { blocks: vec![2, 2], ..DenseNetConfig::small(1, 1) };
//! let mut net = DenseNet::new(config, 1907, &Device::Cpu)?;
//! let pixels = (0..8 * 32 * 32).map(|i| (i % 7) as f32 / 7.0).collect();
//! let values = vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
//! let data = Examples::new(pixels, (1, 32, 32), Targets::Labels { classes: 1, values })?;
//! let how = TrainConfig {
//!     epochs: 1,
//!     batch: 4,
//!     learning_rate: 1e-3,
//!     optimizer: OptimizerConfig::adam(0.0),
//!     schedule: Schedule::Cosine,
//!     stopping: None,
//!     augmentation: Augmentation::default(),
//! };
//! let history = train(&mut net, &data, None, &how, 1907, &mut |_| ControlFlow::Continue(()))?;
//! assert!(history.epochs[0].train_loss.is_finite());
//! # Ok(())
//! # }
//! ```

pub mod densenet;
pub mod device;
mod error;
pub mod estimate;
mod given;
pub mod infer;
pub mod native;
pub mod ops;
mod runner;
pub mod train;

pub use candle_core::{Device, Tensor};
pub use densenet::{Backend, DenseNet, DenseNetConfig, Stem};
pub use error::{NnError, Result};
pub use runner::{Precision, Predictions, Runner};
