//! Operations with their own backward passes, for f32 tensors `[n, c, h, w]` in host memory.
//!
//! candle's CPU backward costs about ten times PyTorch's; these cost about as much as PyTorch's or less. They run on
//! the calling thread, so results do not depend on the number of threads. On another device than the CPU use
//! [`crate::native`], the same operations composed from candle's own; tests hold the two together.

mod chain;
mod conv;
mod dense;
mod host;
mod network;
mod norm;
mod pool;
mod stages;
#[cfg(test)]
mod tests;

pub use chain::Workspace;
pub use conv::{ConvShape, conv2d};
pub use dense::{BlockStatistics, DenseBlockShape, LayerStats, dense_block};
pub use network::{Learning, Part, network};
pub use norm::{ChannelStats, Statistics, bn_relu, channel_stats};
pub use pool::{avg_pool2, global_avg_pool, max_pool};
