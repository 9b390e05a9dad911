//! DenseNet with torchvision's structure and parameter names.

mod boundary;
mod config;
mod fit;
mod gradients;
mod graph;
mod infer;
mod layers;
mod learnt;
mod load;
mod model;
mod parts;
mod redraw;
mod scope;
#[cfg(test)]
mod tests;
mod weights;

pub use boundary::{Boundary, NoBoundary};
pub use config::{DenseNetConfig, Stem};
pub use fit::{Head, Input, Loading, Misfit, Misshaped};
pub(crate) use learnt::Learnt;
pub use load::table;
pub use model::{Backend, DenseNet};
pub use scope::{FrozenNorm, Scope};
pub use weights::Snapshot;
