//! Numeric kernels: ROI distance transform and regions, matrix products.

mod dispatch;
mod error;
pub mod gemm;
pub mod planes;
pub mod pool;
pub mod roi;
pub mod shift;

pub use error::KernelError;
