//! DenseNet with torchvision's structure and parameter names.

mod config;
mod fit;
mod graph;
mod infer;
mod layers;
mod load;
mod model;
#[cfg(test)]
mod tests;
mod weights;

pub use config::{DenseNetConfig, Stem};
pub use fit::{Head, Input, Loading, Misfit, Misshaped};
pub use load::table;
pub use model::{Backend, DenseNet};
pub use weights::Snapshot;
