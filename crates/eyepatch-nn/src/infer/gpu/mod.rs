//! Inference on a GPU: the graph as matrix products and a few kernels between them, activations in f32 and NHWC.
//!
//! A concatenation is a wide buffer into whose columns its inputs are written, so nothing is copied. A normalisation and ReLU
//! before a convolution are done while its input is gathered for the product, those behind it are folded into its weights or
//! done where its bias is added. A transition's mean is taken before its 1 x 1 convolution, with which it commutes. A k x k
//! convolution with stride 1 multiplies every pixel with the weights of all k² places and gathers the products from its
//! neighbours (Anderson et al. 2017, "Low-memory GEMM-based convolution algorithms for deep neural networks", kn2row) where
//! it has fewer outputs than inputs, else it gathers the inputs (im2col).

#[cfg(test)]
pub(super) mod naive;
mod ops;
mod plan;
mod run;

#[cfg(feature = "cuda")]
pub use run::{GpuEngine, Images};
