//! Region, fill and normalisation of a batch of images, in one pass over the bytes.
//!
//! Pixels are read as they are stored (8 bit, 16 bit or float, 1 or 3 interleaved channels) and written as a network
//! takes them: one plane a channel (NCHW), `value * scale + offset`, as `f32` or as IEEE half bits. A hidden pixel's
//! own value is never used, not even multiplied by 0, so NaN and infinity cannot leak out of a hidden region.

mod half;
pub(crate) mod stream;
#[expect(unreachable_pub, reason = "`dispatched!` defines public functions")]
mod strips;

pub use half::f16_bits;
pub use stream::Value;

use rayon::prelude::*;
use stream::Writer;

use crate::KernelError;

/// Values of one image, interleaved (HWC), rows first, on the scale that they are stored on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pixels<'a> {
    /// 8 bit, 0 to 255.
    U8(&'a [u8]),
    /// 16 bit, 0 to 65535.
    U16(&'a [u16]),
    /// Floating point.
    F32(&'a [f32]),
}

impl Pixels<'_> {
    /// Number of values: height x width x channels.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::U8(v) => v.len(),
            Self::U16(v) => v.len(),
            Self::F32(v) => v.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a hidden pixel becomes, on the stored scale: it is normalised as a visible one is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fill<'a> {
    /// One value a channel of the image (black, a mean); what the image has no channel for is ignored.
    Constant([f32; 3]),
    /// The values of another image of the same size, channels and depth (blur, noise, an inpainting).
    Image(Pixels<'a>),
}

/// One image of a batch, what is visible of it, and what covers the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Masked<'a> {
    /// The image.
    pub pixels: Pixels<'a>,
    /// A byte a pixel, rows first; 0 is hidden.
    pub visible: &'a [u8],
    /// What hidden pixels become.
    pub fill: Fill<'a>,
}

/// The size that all images of a batch share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels of the images: 1 or 3.
    pub channels: usize,
    /// Channels written: as many, or 3 for grey images, whose one channel is then repeated.
    pub out_channels: usize,
}

impl Shape {
    /// Pixels an image.
    #[must_use]
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Values written for each image.
    #[must_use]
    pub fn out_len(&self) -> usize {
        self.pixels() * self.out_channels
    }

    /// Checks that the shape is one that [`compose`] knows and that its sizes do not overflow.
    ///
    /// # Errors
    /// [`KernelError::Channels`] for a pair of channel numbers that nothing is defined for,
    /// [`KernelError::TooLarge`] where an image has 2^31 pixels or more.
    pub fn check(&self) -> Result<(), KernelError> {
        if !matches!((self.channels, self.out_channels), (1, 1 | 3) | (3, 3)) {
            return Err(KernelError::Channels { input: self.channels, output: self.out_channels });
        }
        match self.height.checked_mul(self.width) {
            Some(pixels) if pixels < 1 << 31 => Ok(()),
            _ => Err(KernelError::TooLarge {
                what: "an image",
                found: self.height.saturating_mul(self.width),
                limit: (1 << 31) - 1,
            }),
        }
    }
}

/// The last step before a network: `value * scale + offset`, one pair for each channel that is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normalise {
    /// Factors, for values on the stored scale (1/255 brings 8 bits to 0..1).
    pub scale: [f32; 3],
    /// What is added after that.
    pub offset: [f32; 3],
}

impl Normalise {
    /// Leaves values as they are stored.
    pub const NONE: Self = Self { scale: [1.0; 3], offset: [0.0; 3] };
}

/// Where [`compose`] writes: dense NCHW, `images * out_channels * height * width` values.
#[derive(Debug)]
pub enum Out<'a> {
    /// 32-bit floats.
    F32(&'a mut [f32]),
    /// IEEE half bits, rounded to nearest, ties to even.
    F16(&'a mut [u16]),
}

/// Writes a batch of masked, normalised images. Images are shared out over rayon's threads; the result depends on
/// neither their number nor the CPU. Nothing is allocated.
///
/// # Errors
/// [`KernelError::Channels`], [`KernelError::TooLarge`]; [`KernelError::Length`] where a slice does not fit `shape`
/// (`out` must hold all images); [`KernelError::Depth`] where a fill's depth is not its image's.
pub fn compose(
    images: &[Masked<'_>],
    shape: Shape,
    normalise: &Normalise,
    out: Out<'_>,
) -> Result<(), KernelError> {
    shape.check()?;
    images.iter().try_for_each(|image| check(image, shape))?;
    match out {
        Out::F32(out) => {
            let writer = Writer::new(size_of_val(out));
            split(images, shape, out, |image, out| strips::write_f32(image, normalise, out, writer))
        }
        Out::F16(out) => {
            let writer = Writer::new(size_of_val(out));
            split(images, shape, out, |image, out| strips::write_f16(image, normalise, out, writer))
        }
    }
}

fn split<O: Send>(
    images: &[Masked<'_>],
    shape: Shape,
    out: &mut [O],
    write: impl Fn(&Masked<'_>, &mut [O]) + Sync,
) -> Result<(), KernelError> {
    KernelError::length("the output", images.len().saturating_mul(shape.out_len()), out.len())?;
    if !out.is_empty() {
        let places = out.par_chunks_exact_mut(shape.out_len());
        images.par_iter().zip(places).for_each(|(image, out)| write(image, out));
    }
    Ok(())
}

fn check(image: &Masked<'_>, shape: Shape) -> Result<(), KernelError> {
    let values = shape.pixels().saturating_mul(shape.channels);
    KernelError::length("an image", values, image.pixels.len())?;
    KernelError::length("a mask", shape.pixels(), image.visible.len())?;
    let Fill::Image(fill) = image.fill else { return Ok(()) };
    KernelError::length("a fill", values, fill.len())?;
    if std::mem::discriminant(&fill) == std::mem::discriminant(&image.pixels) {
        Ok(())
    } else {
        Err(KernelError::Depth)
    }
}

#[cfg(test)]
mod tests;
