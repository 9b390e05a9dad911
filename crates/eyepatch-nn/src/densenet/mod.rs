//! DenseNet with torchvision's structure and parameter names.

mod config;
mod graph;
mod layers;
mod model;
#[cfg(test)]
mod tests;
mod weights;

pub use config::{DenseNetConfig, Stem};
pub use model::{Backend, DenseNet};
pub use weights::Snapshot;
