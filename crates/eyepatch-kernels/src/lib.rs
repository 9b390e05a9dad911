//! Numeric kernels: ROI distance transform and regions, masked batches, coalitions, matrix products.

pub mod coalition;
pub mod compose;
pub mod cuda;
mod dct;
mod dispatch;
mod error;
pub mod gemm;
mod inpaint;
pub mod nhwc;
pub mod planes;
pub mod pool;
pub mod roi;
pub mod shift;

pub use dct::inverse_dct;
pub use error::KernelError;
pub use inpaint::inpaint;
