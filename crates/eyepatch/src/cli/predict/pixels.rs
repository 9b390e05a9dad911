//! From a file to what the network is shown.

use std::path::Path;

use eyepatch_core::Image;
use eyepatch_data::resize::{self, ResizeMethod};

use super::args::{NormaliseArg, ResizeArg};
use crate::cli::error::CliError;
use crate::cli::files;

/// Mean and deviation of ImageNet's red, green and blue, as torchvision publishes them.
const IMAGENET: [(f32, f32); 3] = [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)];

/// What is done with every image.
#[derive(Clone, Copy)]
pub(super) struct Preparation {
    pub(super) side: usize,
    /// Channels that the network takes.
    pub(super) channels: usize,
    pub(super) resize: ResizeArg,
    pub(super) normalise: NormaliseArg,
}

impl Preparation {
    /// Refuses what cannot be done with any image.
    pub(super) fn check(&self) -> Result<(), CliError> {
        if self.normalise == NormaliseArg::Imagenet && self.channels != 3 {
            let problem =
                format!("--normalise imagenet is for 3 channels, the network takes {}", self.channels);
            return Err(CliError::usage(problem, "choose another --normalise"));
        }
        Ok(())
    }

    /// One line that says all of it.
    pub(super) fn describe(&self) -> String {
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

    /// The image's pixels, `[channels, side, side]`.
    pub(super) fn pixels(&self, path: &Path) -> Result<Vec<f32>, CliError> {
        let image = files::read_image(path)?;
        if image.is_constant() {
            return Err(CliError::file(path, "all pixels are the same", "export it again, or leave it out"));
        }
        if image.channels() != 1 && image.channels() != self.channels {
            let problem = format!("it is a colour image, the network takes {} channel(s)", self.channels);
            return Err(CliError::file(path, problem, "give grey images, or weights for three channels"));
        }
        let planes = self.planes(&image).map_err(|e| CliError::file(path, e, "export it again"))?;
        let repeats = self.channels * self.side * self.side / planes.len();
        Ok(planes.repeat(repeats))
    }

    /// The image's own channels, one plane after the other.
    fn planes(&self, image: &Image) -> Result<Vec<f32>, eyepatch_core::Error> {
        let size = (self.side, self.side);
        let interleaved = match self.resize {
            ResizeArg::Antialias => resize::image(image, size, ResizeMethod::Antialias)?.to_f32(),
            ResizeArg::Study => resize::study(image, size)?,
        };
        let share = 1.0 / image.full_scale();
        let channels = image.channels();
        let mut planes = Vec::with_capacity(interleaved.len());
        (0..channels)
            .for_each(|c| planes.extend(interleaved.iter().skip(c).step_by(channels).map(|v| v * share)));
        match self.normalise {
            NormaliseArg::FullScale => {}
            NormaliseArg::ImageMaximum => divide(&mut planes, maximum(image)),
            NormaliseArg::StudyFilm => {
                divide(&mut planes, maximum(image));
                stretch(&mut planes);
            }
            NormaliseArg::Imagenet => return Ok(standardised(&planes, channels)),
        }
        Ok(planes)
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

/// Three planes of ImageNet's scale, of a grey plane or of three.
fn standardised(planes: &[f32], channels: usize) -> Vec<f32> {
    let size = planes.len() / channels;
    let plane = |c: usize| planes[c.min(channels - 1) * size..].iter().take(size);
    (0..3).flat_map(|c| plane(c).map(move |v| (v - IMAGENET[c].0) / IMAGENET[c].1)).collect()
}
