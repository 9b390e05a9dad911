//! Numeric kernels: ROI distance transform and regions, masked batches, coalitions, matrix products.

pub mod coalition;
pub mod compose;
pub mod cuda;
mod dispatch;
mod error;
pub mod gemm;
pub mod nhwc;
pub mod planes;
pub mod pool;
pub mod roi;
pub mod shift;

pub use error::KernelError;
