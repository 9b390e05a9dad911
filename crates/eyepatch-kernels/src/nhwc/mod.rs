//! Kernels of convolutional inference on images in NHWC order (Chetlur et al. 2014 call it so): pixels row after row,
//! each with its channels side by side.
//!
//! A convolution becomes a product of a short, wide matrix of pixels with a matrix of weights that was packed once.
//! Everything runs on the calling thread; each result is summed in one order whatever the number of rows given at once,
//! so images may be split over threads anywhere. `unsafe` is confined to `lanes` and to the two kernels over it.

mod buffer;
mod gather;
pub mod half;
mod isa;
mod lanes;
mod panels;
mod pool;
mod product;
mod winograd;

pub use buffer::Buffer;
pub use gather::{add_rows, copy_rows, norm_relu_mean_rows, norm_relu_rows, norm_relu_sums};
pub use isa::Isa;
pub use panels::Panels;
pub use pool::{Window, average_pool_row, max_pool_row};
pub use product::{Rows, product};
pub use winograd::{Tile, Winograd, WinogradScratch};

/// What tests go up to: Miri, which follows every access, is a thousand times slower.
#[cfg(test)]
mod limits {
    use proptest::prelude::ProptestConfig;

    /// `most`, or as much of it as Miri can take.
    pub(super) const fn up_to(most: usize) -> usize {
        if cfg!(miri) && most > 10 { 10 } else { most }
    }

    /// So many cases, few under Miri.
    pub(super) fn cases(n: u32) -> ProptestConfig {
        ProptestConfig {
            cases: if cfg!(miri) { 2 } else { n },
            failure_persistence: None,
            ..ProptestConfig::default()
        }
    }
}
