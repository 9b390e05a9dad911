//! From a file to what the network is shown.

use std::path::Path;

use eyepatch_core::{Image, Pixels};
use eyepatch_data::resize::{self, ResizeMethod};

use super::args::{NormaliseArg, ResizeArg};
use crate::cli::error::CliError;
use crate::cli::files;

/// Mean and deviation of ImageNet's red, green and blue, as torchvision publishes them.
const IMAGENET: [(f32, f32); 3] = [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)];

/// What is done with every image.
#[derive(Clone, Copy)]
pub(crate) struct Preparation {
    pub(crate) side: usize,
    /// Channels that the network takes.
    pub(crate) channels: usize,
    pub(crate) resize: ResizeArg,
    pub(crate) normalise: NormaliseArg,
}

impl Preparation {
    /// Refuses what cannot be done with any image.
    pub(crate) fn check(&self) -> Result<(), CliError> {
        if self.normalise == NormaliseArg::Imagenet && self.channels != 3 {
            let problem =
                format!("--normalise imagenet is for 3 channels, the network takes {}", self.channels);
            return Err(CliError::usage(problem, "choose another --normalise"));
        }
        Ok(())
    }

    /// One line that says all of it.
    pub(crate) fn describe(&self) -> String {
        let resize = match self.resize {
            ResizeArg::Study => "bilinear (half-pixel centres, not antialiased)",
            ResizeArg::Antialias => "antialiased",
        };
        let normalise = match self.normalise {
            NormaliseArg::FullScale => "divided by the depth's full scale",
            NormaliseArg::ImageMaximum => "divided by the original image's maximum",
            NormaliseArg::StudyFilm => {
                "divided by the original image's maximum, stretched to 0..255, cut to 8 bit, divided by 255"
            }
            NormaliseArg::Imagenet => {
                "divided by the depth's full scale, standardised by ImageNet's mean and deviation"
            }
        };
        let side = self.side;
        format!(
            "resized to {side} x {side}, {resize}, aspect kept, zeros around; {normalise}; grey repeated to {} channel(s)",
            self.channels
        )
    }

    /// What the network is shown of a file, `[channels, side, side]`.
    pub(crate) fn pixels(&self, path: &Path) -> Result<Vec<f32>, CliError> {
        let image = self.read(path)?;
        let levels = self.levels(&image).map_err(|e| CliError::file(path, e, "export it again"))?;
        Ok(self.input(&levels))
    }

    /// An image that can be shown to the network, as it is in its file.
    pub(crate) fn read(&self, path: &Path) -> Result<Image, CliError> {
        let image = files::read_image(path)?;
        if image.is_constant() {
            return Err(CliError::file(path, "all pixels are the same", "export it again, or leave it out"));
        }
        if image.channels() != 1 && image.channels() != self.channels {
            let problem = format!("it is a colour image, the network takes {} channel(s)", self.channels);
            return Err(CliError::file(path, problem, "give grey images, or weights for three channels"));
        }
        Ok(image)
    }

    /// The image at its size with values from 0 to 1, all but standardised. Hide parts of it here: 0 is black, and the scale
    /// is that of the whole image, whatever is hidden.
    pub(crate) fn levels(&self, image: &Image) -> Result<Image, eyepatch_core::Error> {
        let size = (self.side, self.side);
        let mut values = match self.resize {
            ResizeArg::Antialias => resize::image(image, size, ResizeMethod::Antialias)?.to_f32(),
            ResizeArg::Study => resize::study(image, size)?,
        };
        let share = 1.0 / image.full_scale();
        values.iter_mut().for_each(|v| *v *= share);
        match self.normalise {
            NormaliseArg::FullScale | NormaliseArg::Imagenet => {}
            NormaliseArg::ImageMaximum => divide(&mut values, maximum(image)),
            NormaliseArg::StudyFilm => {
                divide(&mut values, maximum(image));
                stretch(&mut values);
            }
        }
        Image::new(self.side, self.side, image.channels(), Pixels::F32(values))
    }

    /// The planes of [`Preparation::levels`] as the network takes them: a grey one repeated, standardised where that was
    /// asked for.
    pub(crate) fn input(&self, levels: &Image) -> Vec<f32> {
        let (values, own) = (levels.to_f32(), levels.channels());
        let mut planes = Vec::with_capacity(self.channels * values.len() / own);
        for channel in 0..self.channels {
            let (mean, deviation) = self.standard(channel);
            let plane = values.iter().skip(channel.min(own - 1)).step_by(own);
            planes.extend(plane.map(|v| (v - mean) / deviation));
        }
        planes
    }

    /// Mean and deviation that a channel's values are standardised by.
    fn standard(&self, channel: usize) -> (f32, f32) {
        if self.normalise == NormaliseArg::Imagenet { IMAGENET[channel] } else { (0.0, 1.0) }
    }

    /// How sizes change.
    pub(crate) fn method(&self) -> ResizeMethod {
        match self.resize {
            ResizeArg::Study => ResizeMethod::Study,
            ResizeArg::Antialias => ResizeMethod::Antialias,
        }
    }
}

/// The largest value, as a share of the depth's full scale.
fn maximum(image: &Image) -> f32 {
    image.to_f32().into_iter().fold(f32::MIN_POSITIVE, f32::max) / image.full_scale()
}

fn divide(values: &mut [f32], by: f32) {
    values.iter_mut().for_each(|v| *v /= by);
}

/// What rounding may have taken from a whole number, so that it does not fall to the one below when it is cut.
const ROUNDING: f32 = 1e-3;

/// Least to 0, largest to 255, cut to whole numbers, then divided by 255, the largest.
fn stretch(values: &mut [f32]) {
    let (least, most) =
        values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
    let span = (most - least).max(f32::MIN_POSITIVE);
    values.iter_mut().for_each(|v| *v = ((*v - least) / span * 255.0 + ROUNDING).trunc() / 255.0);
}
