//! Partition SHAP: Owen values over a hierarchy of boxes.

mod block;
mod canvas;
mod owen;
mod queue;
mod shown;
mod tree;

pub use block::Block;
pub use canvas::Canvas;
pub use owen::{Owen, PartitionSettings, partition};
pub use shown::Shown;
