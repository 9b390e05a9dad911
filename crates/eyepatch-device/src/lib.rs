//! Batches on a GPU: explainers put images together there ([`Composer`]), networks that compute there read them without a
//! copy (`CudaBatch`). A build without the feature `cuda` has no GPU: then no [`Composer`] can be made.

#[cfg(feature = "cuda")]
mod cuda;
#[cfg(not(feature = "cuda"))]
#[path = "none.rs"]
mod cuda;

use eyepatch_core::{Batch, Device, Error, Result};
use eyepatch_kernels::coalition::Coalitions;
use eyepatch_kernels::cuda::Bounds;

#[cfg(feature = "cuda")]
pub use cuda::{CudaBatch, values};

/// One image and one that hides it, both as a network takes them, on a GPU; makes batches of images of which some parts are
/// shown.
pub struct Composer(cuda::Inner);

impl Composer {
    /// Brings both to `device`; `None` for the processor, and in a build without CUDA.
    ///
    /// # Errors
    /// [`Error::Shape`] where they are not one image each and of one size, [`Error::Plugin`] with the driver's words.
    pub fn new(device: Device, image: &Batch, hidden: &Batch) -> Result<Option<Self>> {
        let shape = |b: &Batch| [b.n, b.channels, b.height, b.width];
        let (of, found) = (shape(image), shape(hidden));
        if of != found || of[0] != 1 {
            let wanted = format!("one image of {of:?}");
            return Err(Error::shape("image and baseline", wanted, format!("{found:?}")));
        }
        match device {
            Device::Cpu => Ok(None),
            Device::Cuda(index) => Ok(cuda::Inner::new(index, image, hidden)?.map(Self)),
        }
    }

    /// One image a coalition, which shows what lies in its boxes (rows, columns, planes) and hides all else.
    ///
    /// # Errors
    /// [`Error::Plugin`] where a box reaches past the image, or with the driver's words.
    pub fn boxes(&self, coalitions: &[Vec<Bounds>]) -> Result<Batch> {
        self.0.boxes(coalitions)
    }

    /// One image a coalition, which shows the pixels of its players. `ids` is the player of each pixel, rows first.
    ///
    /// # Errors
    /// [`Error::Plugin`] where there is not one id a pixel, or with the driver's words.
    pub fn segments(&self, ids: &[u32], coalitions: &Coalitions) -> Result<Batch> {
        self.0.segments(ids, coalitions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_composes_nothing_here_and_sizes_must_fit() {
        let image =
            |n: usize, side: usize| Batch::nchw(n, 1, side, side, vec![0.0; n * side * side]).unwrap();
        assert!(Composer::new(Device::Cpu, &image(1, 4), &image(1, 4)).unwrap().is_none());
        assert!(Composer::new(Device::Cpu, &image(1, 4), &image(1, 5)).is_err());
        assert!(Composer::new(Device::Cpu, &image(2, 4), &image(2, 4)).is_err());
        if cfg!(not(feature = "cuda")) {
            assert!(Composer::new(Device::Cuda(0), &image(1, 4), &image(1, 4)).unwrap().is_none());
        }
    }
}
