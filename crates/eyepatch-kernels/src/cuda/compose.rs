use super::{Call, Depth, Gpu, Kernels, Launch, Output, Source, THREADS, count};
use crate::{
    KernelError,
    compose::{Normalise, Shape},
};

/// What hidden pixels of a batch become, on the stored scale.
pub enum DeviceFill<'a, G: Gpu, T: Depth> {
    /// One value a channel for each image: `images x channels`.
    Constants(&'a G::Buffer<f32>),
    /// An image for each image: as long as the pixels.
    Images(&'a G::Buffer<T>),
}

impl<G: Gpu> Kernels<G> {
    /// Writes a batch of masked, normalised images, as [`crate::compose::compose`] does. `pixels` holds `images` images,
    /// interleaved, `visible` a byte a pixel (0 is hidden), `out` takes dense NCHW.
    ///
    /// # Errors
    /// [`KernelError::Channels`], [`KernelError::TooLarge`], [`KernelError::Length`], [`KernelError::Gpu`].
    #[expect(unsafe_code, reason = "launches a kernel")]
    #[expect(clippy::too_many_arguments, reason = "what a batch is made of")]
    pub fn compose_into<T: Depth, O: Output>(
        &self,
        pixels: &G::Buffer<T>,
        visible: &G::Buffer<u8>,
        fill: &DeviceFill<'_, G, T>,
        images: usize,
        shape: Shape,
        normalise: &Normalise,
        out: &mut G::Buffer<O>,
    ) -> Result<(), KernelError> {
        shape.check()?;
        let size = shape.pixels();
        let values = images.saturating_mul(size).saturating_mul(shape.channels);
        self.holds("the images", values, pixels)?;
        self.holds("the masks", images.saturating_mul(size), visible)?;
        match *fill {
            DeviceFill::Constants(fill) => {
                self.holds("the fill", images.saturating_mul(shape.channels), fill)?
            }
            DeviceFill::Images(fill) => self.holds("the fill", values, fill)?,
        }
        self.holds("the output", images.saturating_mul(shape.out_len()), out)?;
        if values == 0 {
            return Ok(());
        }
        let per_image = size.div_ceil(4 * THREADS as usize);
        let grid = count("a batch of images", per_image.saturating_mul(images))?;
        let name = format!("compose_{}_{}_{}", T::NAME, O::NAME, shape.channels);
        let call = self.gpu().call(Source::Compose, &name)?.input(pixels).input(visible);
        let call = match *fill {
            DeviceFill::Constants(fill) => call.input(fill).null(),
            DeviceFill::Images(fill) => call.null().input(fill),
        };
        let mut call = call.output(out).value(count("an image", size)?).value(count("an image", per_image)?);
        call = call.value(count("the channels", shape.out_channels)?);
        for number in normalise.scale.into_iter().chain(normalise.offset) {
            call = call.value(number);
        }
        // SAFETY: all buffers were found to have the lengths that these sizes ask for, the kernel's name says their
        // types, and it leaves the null one of the fills alone.
        unsafe { call.launch(Launch::blocks(grid, 1)) }
    }

    /// As [`Kernels::compose_into`], into a new buffer.
    ///
    /// # Errors
    /// As [`Kernels::compose_into`].
    pub fn compose<T: Depth, O: Output>(
        &self,
        pixels: &G::Buffer<T>,
        visible: &G::Buffer<u8>,
        fill: &DeviceFill<'_, G, T>,
        images: usize,
        shape: Shape,
        normalise: &Normalise,
    ) -> Result<G::Buffer<O>, KernelError> {
        shape.check()?;
        let mut out = self.gpu().alloc(images.saturating_mul(shape.out_len()))?;
        self.compose_into(pixels, visible, fill, images, shape, normalise, &mut out)?;
        Ok(out)
    }
}
