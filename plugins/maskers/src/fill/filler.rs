use eyepatch_core::{Ctx, Error, Image, Mask, Result};
use eyepatch_kernels::{KernelError, inpaint};

use super::blend::{Blend, Values};
use super::pictures::Pictures;
use super::statistics::Statistics;
use super::{Fill, box_blur, gaussian, local_mean, noise};

/// A [`Fill`] that has seen its training part.
#[derive(Debug, Clone, PartialEq)]
pub struct Filler {
    fill: Fill,
    learnt: Learnt,
}

/// What a fill keeps of the training part.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Learnt {
    Nothing,
    Statistics(Statistics),
    Pictures(Pictures),
}

impl Default for Filler {
    /// Black.
    fn default() -> Self {
        Self::new(Fill::Black, Learnt::Nothing)
    }
}

impl Filler {
    pub(super) fn new(fill: Fill, learnt: Learnt) -> Self {
        Self { fill, learnt }
    }

    /// Fills every pixel of `image` that is not `visible`.
    ///
    /// With a `feather` of f pixels, visible pixels at city-block distance d = 1 to f of a hidden one are mixed with
    /// the fill, whose weight there is (f + 1 - d) / (f + 1). Hidden pixels are always filled wholly, and visible ones
    /// further than f keep their value to the bit. At visible pixels the fill is what it would be at a hidden one;
    /// [`Fill::Inpaint`] continues the pixels beyond the feather (or, where there are none, those furthest from a
    /// hidden pixel) into feather and hidden pixels alike.
    ///
    /// # Errors
    /// [`Error::Shape`] where sizes differ, or the image has other channels than the training part.
    pub fn fill(&self, image: &mut Image, visible: &Mask, feather: u32, ctx: &Ctx) -> Result<()> {
        let (size, found) = ((image.width(), image.height()), (visible.width(), visible.height()));
        if size != found {
            let text = |(w, h): (usize, usize)| format!("{h}x{w}");
            return Err(Error::shape(
                "visible part",
                format!("{}, the image's size", text(size)),
                text(found),
            ));
        }
        let Some(blend) = Blend::new(visible, feather)? else { return Ok(()) };
        let values = self.values(image, &blend, ctx)?;
        blend.paint(image, &values);
        Ok(())
    }

    fn values(&self, image: &Image, blend: &Blend<'_>, ctx: &Ctx) -> Result<Values> {
        Ok(match &self.learnt {
            Learnt::Statistics(of) if self.fill == Fill::Noise => {
                Values::Each(noise::noise(image, of.for_image(image)?, blend, ctx))
            }
            Learnt::Statistics(of) => flat(of, image)?,
            Learnt::Pictures(of) => Values::Each(of.draw(image, ctx)?),
            Learnt::Nothing => self.of_image(image, blend, ctx)?,
        })
    }

    /// Made from the image alone, or from nothing.
    fn of_image(&self, image: &Image, blend: &Blend<'_>, ctx: &Ctx) -> Result<Values> {
        let all = |_| true;
        Ok(match self.fill {
            Fill::OwnNoise => {
                let own = Statistics::of_image(image, all);
                Values::Each(noise::noise(image, own.for_image(image)?, blend, ctx))
            }
            // What is made from visible pixels is black where there are none.
            _ if self.fill.hides() && blend.hides_all() => Values::BLACK,
            Fill::VisibleMean => flat(&Statistics::of_image(image, |pixel| blend.visible(pixel)), image)?,
            Fill::LocalMean { radius } => Values::Each(local_mean::local_mean(image, blend, radius)),
            Fill::Inpaint => Values::Each(inpainted(image, &blend.beyond())?),
            Fill::Blur { kx, ky } => Values::Each(box_blur::box_blur(image, kx, ky)),
            Fill::Gaussian { sigma } => Values::Each(gaussian::gaussian(image, sigma)),
            // The others have learnt something.
            Fill::Black | Fill::Mean | Fill::Noise | Fill::Average | Fill::Donors { .. } => Values::BLACK,
        })
    }
}

/// The image continued from the pixels that are known, on its own scale.
pub(super) fn inpainted(image: &Image, known: &[u8]) -> Result<Vec<f32>> {
    let mut values = image.to_f32();
    let shape = [image.height(), image.width(), image.channels()];
    let unfit = |e: KernelError| Error::shape("inpainting", "a known pixel", e.to_string());
    inpaint(&mut values, shape, known).map_err(unfit)?;
    Ok(values)
}

/// The mean of each channel.
fn flat(statistics: &Statistics, image: &Image) -> Result<Values> {
    let scale = f64::from(image.full_scale());
    let mut fill = [0.0; 3];
    for (fill, channel) in fill.iter_mut().zip(statistics.for_image(image)?) {
        *fill = (channel.mean.clamp(0.0, 1.0) * scale) as f32;
    }
    Ok(Values::Flat(fill))
}
