//! DenseNet with torchvision's structure and parameter names.

mod boundary;
mod config;
mod layers;
mod learnt;
mod model;
mod parts;
mod scope;
#[cfg(test)]
mod tests;
mod weights;

pub use boundary::{Boundary, NoBoundary};
pub use config::{DenseNetConfig, Stem};
pub(crate) use learnt::Learnt;
pub use model::{Backend, DenseNet};
pub use scope::{FrozenNorm, Scope};
pub use weights::Snapshot;
