//! The kernels for NVIDIA GPUs: distance transform and thresholds, masked batches, coalitions.
//!
//! [`Kernels`] mirrors [`crate::roi`], [`crate::compose`] and [`crate::coalition`], and has what a network does between its matrix
//! products (those are cuBLAS's, `Candle::product`), on buffers that stay on the device, so
//! that one result is the next one's input without a copy. Integers equal the CPU's bit for bit, and so do floats (but
//! for the bits of a NaN): the order of every sum is fixed and multiply and add are not fused.
//!
//! The sources (`cuda/*.cu`) are compiled when a device first needs them. What is launched, how and with which arguments
//! is decided here, against the small trait [`Gpu`]; with feature `cuda`, `Candle` implements it on candle's device and
//! its buffers are candle's own. The tests implement it on the CPU, with the same sources.

#[cfg(feature = "cuda")]
mod candle;
#[cfg(feature = "cuda")]
mod card;
mod coalition;
mod compose;
mod element;
mod gpu;
mod network;
mod roi;
mod source;

#[cfg(feature = "cuda")]
pub use candle::{Candle, CandleCall, compile};
#[cfg(feature = "cuda")]
pub use card::{Card, Versions, cards, versions};
pub use coalition::{Bounds, DeviceBoxes, DeviceCoalitions, DevicePairs};
pub use compose::DeviceFill;
pub use element::{Depth, Element, Id, Output};
pub use gpu::{Call, Gpu, Launch, Scalar, THREADS};
pub use network::{Change, Columns, Place, PlaceMut, Slide};
pub use roi::{DeviceRadii, Masks};
pub use source::Source;

use crate::KernelError;

/// The kernels of one device.
#[derive(Debug)]
pub struct Kernels<G> {
    gpu: G,
}

impl<G: Gpu> Kernels<G> {
    /// The kernels on `gpu`. Nothing is compiled yet.
    pub fn new(gpu: G) -> Self {
        Self { gpu }
    }

    /// The device, for buffers: [`Gpu::alloc`], [`Gpu::upload`], [`Gpu::download`].
    pub fn gpu(&self) -> &G {
        &self.gpu
    }

    /// [`KernelError::Length`] where a buffer is not `expected` long.
    fn holds<T: Element>(
        &self,
        what: &'static str,
        expected: usize,
        buffer: &G::Buffer<T>,
    ) -> Result<(), KernelError> {
        KernelError::length(what, expected, self.gpu.len(buffer))
    }
}

/// A number that kernels count with in 32 bits.
fn count(what: &'static str, value: usize) -> Result<u32, KernelError> {
    let limit = (1 << 31) - 1;
    u32::try_from(value).ok().filter(|_| value <= limit).ok_or(KernelError::TooLarge {
        what,
        found: value,
        limit,
    })
}

/// Blocks of [`THREADS`] threads that make at least `threads`.
fn blocks(what: &'static str, threads: usize) -> Result<u32, KernelError> {
    count(what, threads.div_ceil(THREADS as usize))
}
