//! Networks on candle: the DenseNet family, its operations, its training loop and its weight files.
//!
//! ```
//! use eyepatch_nn::{DenseNet, DenseNetConfig, Device};
//! use eyepatch_nn::train::{Examples, OptimizerConfig, Schedule, Targets, TrainConfig, train};
//! use std::ops::ControlFlow;
//!
//! # fn main() -> eyepatch_nn::Result<()> {
//! let config = DenseNetConfig { blocks: vec![2, 2], ..DenseNetConfig::small(1, 1) };
//! let mut net = DenseNet::new(config, 1907, &Device::Cpu)?;
//! let pixels = (0..8 * 32 * 32).map(|i| (i % 7) as f32 / 7.0).collect();
//! let values = vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
//! let data = Examples::new(pixels, (1, 32, 32), Targets::Labels { classes: 1, values })?;
//! let how = TrainConfig { schedule: Schedule::Cosine, ..TrainConfig::new(1, 4, 1e-3, OptimizerConfig::adam(0.0)) };
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
pub mod weights;

pub use candle_core::{Device, Tensor};
pub use densenet::{Backend, DenseNet, DenseNetConfig, Stem};
pub use error::{NnError, Result};
pub use infer::Precision;
pub use runner::{Predictions, Runner};
