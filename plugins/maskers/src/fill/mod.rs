//! What hidden pixels become.
//!
//! | fill | hides | made from |
//! |---|---|---|
//! | `black` | yes | nothing |
//! | `mean`, `noise`, `average`, `donors(N)` | yes | the training part |
//! | `local-mean(R)`, `visible-mean`, `inpaint` | yes | the image's visible pixels |
//! | `blur(KX,KY)`, `gaussian(SIGMA)`, `own-noise` | no | all of the image's pixels |

mod blend;
mod border;
mod box_blur;
mod filler;
mod gaussian;
mod local_mean;
mod noise;
mod parse;
mod pictures;
mod statistics;
#[cfg(test)]
mod twins;

use std::borrow::Cow;

use eyepatch_core::{Ctx, Error, Kind, Result, TrainingPart};
use serde::{Deserialize, Serialize};

pub use filler::Filler;
use filler::Learnt;
pub use parse::FillError;

use pictures::Pictures;
use statistics::Statistics;

/// The largest window, in pixels: the side of the largest image.
const WIDEST: u32 = 4096;

/// Smallest and largest standard deviation of [`Fill::Gaussian`], in pixels. Below, the kernel is one pixel and nothing
/// changes.
const SIGMA: std::ops::RangeInclusive<f32> = 0.25..=256.0;

/// What hidden pixels become. In JSON `"black"`, `{"blur": {"kx": 51, "ky": 51}}`, or a string as on the command line:
/// `"blur:51,51"`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "kebab-case")]
pub enum Fill {
    /// 0.
    #[default]
    Black,
    /// The mean of the training part, one value a channel.
    Mean,
    /// Gaussian noise with the training part's mean and standard deviation a channel, independent between pixels,
    /// clipped to the depth. A sample's noise is the same whatever its region.
    Noise,
    /// The average image of the training part, pixel by pixel: nearer to what a model has seen than one grey level.
    Average,
    /// The mean of the same place in training images that are drawn at random, whatever their label, for each sample (out of
    /// [`Fill::DONORS`] that are kept). One donor looks like an image that the model knows; many approach
    /// [`Fill::Average`].
    Donors {
        /// Donors a sample, 1 to [`Fill::DONORS`].
        n: u32,
    },
    /// The mean of the visible pixels in the window of `2 * radius + 1` pixels a side around the pixel, one value a
    /// channel. Where the window holds none, its radius doubles until it does.
    LocalMean {
        /// Pixels, 1 to 4096.
        radius: u32,
    },
    /// The image's own mean over its visible pixels, one value a channel.
    VisibleMean,
    /// Smooth continuation of the visible pixels: the solution of the Laplace equation on the hidden ones.
    Inpaint,
    /// shap's `blur(kx,ky)`: the whole image under OpenCV's `blur`, a normalised box with a mirrored border
    /// (`BORDER_REFLECT_101`). Does not hide.
    Blur {
        /// Width of the box in pixels, 1 to 4096.
        kx: u32,
        /// Height of the box in pixels, 1 to 4096.
        ky: u32,
    },
    /// The whole image under a Gaussian, cut off at four standard deviations, with a mirrored border. Does not hide.
    Gaussian {
        /// Standard deviation in pixels, 0.25 to 256.
        sigma: f32,
    },
    /// As [`Fill::Noise`], with mean and standard deviation of all pixels of the image itself. Does not hide.
    OwnNoise,
}

impl Fill {
    /// Training images that [`Fill::Donors`] keeps.
    pub const DONORS: u32 = 32;

    /// Its name in cards and score files: `black`, `local-mean(8)`, `blur(51,51)`, `gaussian(10)`.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Black => "black".into(),
            Self::Mean => "mean".into(),
            Self::Noise => "noise".into(),
            Self::Average => "average".into(),
            Self::Donors { n } => format!("donors({n})").into(),
            Self::LocalMean { radius } => format!("local-mean({radius})").into(),
            Self::VisibleMean => "visible-mean".into(),
            Self::Inpaint => "inpaint".into(),
            Self::Blur { kx, ky } => format!("blur({kx},{ky})").into(),
            Self::Gaussian { sigma } => format!("gaussian({sigma})").into(),
            Self::OwnNoise => "own-noise".into(),
        }
    }

    /// Whether its output is independent of the pixels that it replaces.
    #[must_use]
    pub fn hides(self) -> bool {
        match self {
            Self::Black
            | Self::Mean
            | Self::Noise
            | Self::Average
            | Self::Donors { .. }
            | Self::LocalMean { .. }
            | Self::VisibleMean
            | Self::Inpaint => true,
            Self::Blur { .. } | Self::Gaussian { .. } | Self::OwnNoise => false,
        }
    }

    /// Whether it must see the training part.
    #[must_use]
    pub fn learns(self) -> bool {
        matches!(self, Self::Mean | Self::Noise | Self::Average | Self::Donors { .. })
    }

    /// What it is, as the end of a sentence: "the hidden pixels are …".
    #[must_use]
    pub fn describe(self) -> Cow<'static, str> {
        match self {
            Self::Black => "black".into(),
            Self::Mean => "the mean grey level of the training part".into(),
            Self::Noise => "Gaussian noise of the training part's mean and standard deviation".into(),
            Self::Average => "the average image of the training part".into(),
            Self::Donors { n: 1 } => "the same place of a training image drawn at random".into(),
            Self::Donors { n } => {
                format!("the mean of the same place in {n} training images drawn at random").into()
            }
            Self::LocalMean { radius } => {
                format!("the mean of the visible pixels within {radius} pixels (or of the nearest ones)")
                    .into()
            }
            Self::VisibleMean => "the mean grey level of the image's visible pixels".into(),
            Self::Inpaint => "a smooth continuation of the visible pixels (harmonic inpainting)".into(),
            Self::Blur { kx, ky } => {
                format!("the image under a box blur {kx} pixels wide and {ky} high, which does not hide")
                    .into()
            }
            Self::Gaussian { sigma } => {
                format!("the image under a Gaussian blur of {sigma} pixels, which does not hide").into()
            }
            Self::OwnNoise => {
                "Gaussian noise of the whole image's mean and standard deviation, which does not hide".into()
            }
        }
    }

    /// Checks ranges.
    ///
    /// # Errors
    /// A sentence that names the field, its value and what is allowed.
    pub fn check(self) -> Result<(), String> {
        let side = |field: &str, value: u32| match value {
            1..=WIDEST => Ok(()),
            _ => Err(format!("{field} = {value}: 1 to {WIDEST} pixels are allowed")),
        };
        match self {
            Self::LocalMean { radius } => side("local-mean: radius", radius),
            Self::Donors { n } if !(1..=Self::DONORS).contains(&n) => {
                Err(format!("donors: n = {n}: 1 to {} are allowed", Self::DONORS))
            }
            // As an accident it would pass for a masking.
            Self::Blur { kx: 1, ky: 1 } => Err("blur: kx = ky = 1 changes nothing; give a wider box".into()),
            Self::Blur { kx, ky } => side("blur: kx", kx).and_then(|()| side("blur: ky", ky)),
            Self::Gaussian { sigma } if !SIGMA.contains(&sigma) => Err(format!(
                "gaussian: sigma = {sigma}: {} to {} pixels are allowed",
                SIGMA.start(),
                SIGMA.end()
            )),
            _ => Ok(()),
        }
    }

    /// Learns what it needs from the training part.
    ///
    /// # Errors
    /// [`Error::Params`] as [`Fill::check`], what loading says, [`Error::EmptyRegion`] where there is nothing to learn
    /// from, and [`Error::Shape`] where the training images differ in channels, or for pictures in size.
    pub fn prepare(self, training: &dyn TrainingPart, ctx: &Ctx) -> Result<Filler> {
        // A literal in code may not have been checked.
        self.check().map_err(|problem| Error::Params {
            kind: Kind::Masker,
            id: "eyepatch/region".into(),
            problem,
        })?;
        let learnt = match self {
            Self::Mean | Self::Noise => Learnt::Statistics(Statistics::of(training, ctx)?),
            Self::Average => Learnt::Pictures(Pictures::average(training, ctx)?),
            Self::Donors { n } => Learnt::Pictures(Pictures::donors(n as usize, training, ctx)?),
            _ => Learnt::Nothing,
        };
        Ok(Filler::new(self, learnt))
    }
}
