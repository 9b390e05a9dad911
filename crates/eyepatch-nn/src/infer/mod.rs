//! Inference: a network as a graph of layers, compiled to a few fused steps over NHWC kernels on the processor, or (with feature
//! `cuda`) to matrix products and kernels on an NVIDIA GPU.
//!
//! ```
//! use eyepatch_nn::infer::{Engine, Graph, Layer, Precision};
//! # fn main() -> eyepatch_nn::Result<()> {
//! let mut graph = Graph::new(2);
//! let image = graph.input();
//! let pooled = graph.add("pooled", Layer::GlobalAverage, &[image])?;
//! let logits = graph.add("logits", Layer::Linear { weights: vec![1.0, -1.0], bias: vec![0.5] }, &[pooled])?;
//! let engine = Engine::new(&graph, &[logits], Precision::F32)?;
//! let out = engine.run(&[1.0, 3.0, 5.0, 5.0], 1, (1, 2))?;
//! assert_eq!(out[0].values, [1.0 * 2.0 - 5.0 + 0.5]);
//! # Ok(())
//! # }
//! ```
//!
//! What makes the processor's fast: batch normalisation folded into the convolution before it, or into the reading of the one after
//! it; concatenation without a copy (a value is a list of buffers); a transition's mean taken before its 1 x 1
//! convolution, with which it commutes; 3 x 3 convolutions by Winograd's filtering, strip by strip behind the 1 x 1
//! convolution that feeds them, so that what lies between stays in the core's cache.
//!
//! An image's results are the same bits whatever the batch, its order and the number of threads.

mod arena;
mod compile;
mod engine;
mod fold;
#[cfg(any(feature = "cuda", test))]
mod gpu;
mod graph;
mod pointwise;
mod precision;
mod step;
mod strips;
#[cfg(test)]
mod tests;

pub use engine::{Engine, Output, Profile};
pub use eyepatch_kernels::nhwc::{Isa, Window};
#[cfg(feature = "cuda")]
pub use gpu::{GpuEngine, Images};
pub use graph::{Graph, Layer, NodeId};
pub use precision::Precision;
