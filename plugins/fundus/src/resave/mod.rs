//! The images as the study stored them: made smaller, stretched to 8 bit and saved again, the images of two cameras as JPEG
//! and those of the third as PNG. So one camera lacks the marks of a second compression, and a model can tell it by them.
//!
//! The study saved through Keras and Pillow with defaults: quality 75 and colour at half the resolution (4:2:0). Only the
//! loss is made here, not the file: entropy coding changes no pixel.

mod dct;
mod jpeg;

use eyepatch_core::{Image, Pixels, Result};
use eyepatch_data::decode::Levels;
use eyepatch_data::resize;

/// How the study stored an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resave {
    /// Width and height.
    pub(crate) side: usize,
    /// As JPEG; as PNG otherwise.
    pub(crate) jpeg: bool,
}

impl Resave {
    /// In words, for hashes.
    pub(crate) fn describe(self) -> String {
        format!("{} {}", self.side, if self.jpeg { "jpeg 75" } else { "png" })
    }

    /// The image as it was read back, 8 bit, `side` x `side`.
    ///
    /// # Errors
    /// [`eyepatch_core::Error::Shape`] where `side` is 0.
    pub(crate) fn image(self, source: &Image) -> Result<Image> {
        let channels = source.channels();
        let most = (0..source.pixels().len()).map(|i| source.value(i)).fold(0.0, f32::max);
        let values = stretched(resize::study(source, (self.side, self.side))?, most);
        let stored =
            if self.jpeg { jpeg::round_trip(&values, self.side, self.side, channels) } else { values };
        Image::new(self.side, self.side, channels, Pixels::U8(stored))
    }

    /// A mask at the same size. The study took any pixel above 0 for inside, so levels are rounded up.
    ///
    /// # Errors
    /// As [`Self::image`].
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between two levels of 8 bit"
    )]
    pub(crate) fn mask(self, levels: Levels) -> Result<Levels> {
        let image = Image::new(levels.width, levels.height, 1, Pixels::U8(levels.values))?;
        let values = resize::study(&image, (self.side, self.side))?;
        let values = values.iter().map(|v| v.ceil() as u8).collect();
        Ok(Levels { width: self.side, height: self.side, values })
    }
}

/// Keras' `array_to_img`: the least value becomes 0, the largest 255, and fractions are cut off. `most` is the largest
/// value of the stored image, by which the study divided before.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "cut off on purpose, from 0 to 255"
)]
fn stretched(mut values: Vec<f32>, most: f32) -> Vec<u8> {
    values.iter_mut().for_each(|v| *v /= most);
    let least = values.iter().copied().fold(f32::INFINITY, f32::min);
    values.iter_mut().for_each(|v| *v -= least);
    let most = values.iter().copied().fold(0.0, f32::max);
    let scaled = |v: f32| if most == 0.0 { v } else { v / most * 255.0 };
    values.into_iter().map(|v| scaled(v) as u8).collect()
}

#[cfg(test)]
#[path = "../resave_tests.rs"]
mod tests;
