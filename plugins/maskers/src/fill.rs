use std::f64::consts::TAU;

use eyepatch_core::{Ctx, Error, Image, Mask, Result, Sample, TrainingPart};
use rand_core::RngCore;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// What hidden pixels become. Every fill here hides: its output does not depend on the pixels it replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// 0.
    #[default]
    Black,
    /// The mean of the training part, one value a channel.
    Mean,
    /// Gaussian noise with the training part's mean and standard deviation a channel, independent between pixels,
    /// clipped to the depth. A sample's noise is the same whatever its region.
    Noise,
}

impl Fill {
    /// Its name in cards and score files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Black => "black",
            Self::Mean => "mean",
            Self::Noise => "noise",
        }
    }

    /// Whether its output is independent of the pixels that it replaces.
    #[must_use]
    pub fn hides(self) -> bool {
        match self {
            Self::Black | Self::Mean | Self::Noise => true,
        }
    }

    /// Whether it must see the training part.
    pub(crate) fn learns(self) -> bool {
        self != Self::Black
    }

    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Black => "black",
            Self::Mean => "the mean grey level of the training part",
            Self::Noise => "Gaussian noise of the training part's mean and standard deviation",
        }
    }

    pub(crate) fn prepare(self, training: &dyn TrainingPart, ctx: &Ctx) -> Result<Filler> {
        Ok(match self {
            Self::Black => Filler::Black,
            Self::Mean => Filler::Mean(Statistics::of(training, ctx)?),
            Self::Noise => Filler::Noise(Statistics::of(training, ctx)?),
        })
    }
}

/// A fill that has seen its training part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filler {
    Black,
    Mean(Statistics),
    Noise(Statistics),
}

impl Filler {
    /// Fills every pixel of `image` that is not `visible`. Sizes have been compared.
    pub(crate) fn fill(&self, image: &mut Image, visible: &Mask, ctx: &Ctx) -> Result<()> {
        match self {
            Self::Black => replace(image, visible, |_| 0.0),
            Self::Mean(statistics) => {
                let channels = statistics.for_image(image)?;
                replace(image, visible, |channel| channels[channel].mean);
            }
            Self::Noise(statistics) => {
                let channels = statistics.for_image(image)?;
                let mut rng = ctx.rng("masker noise");
                // One draw a value, visible or not, so that a pixel's noise does not depend on the region.
                replace(image, visible, |channel| {
                    channels[channel].mean + channels[channel].deviation * normal(&mut rng)
                });
            }
        }
        Ok(())
    }
}

/// Sets hidden values to `value(channel)`, a fraction of full scale; `value` is called for visible ones too.
fn replace(image: &mut Image, visible: &Mask, mut value: impl FnMut(usize) -> f64) {
    let (channels, scale) = (image.channels(), f64::from(image.full_scale()));
    for pixel in 0..visible.bits().len() {
        for channel in 0..channels {
            let value = value(channel).clamp(0.0, 1.0) * scale;
            if !visible.contains(pixel) {
                #[expect(clippy::cast_possible_truncation, reason = "image values are 32-bit")]
                image.set(pixel * channels + channel, value as f32);
            }
        }
    }
}

/// A standard normal number from two uniform ones (Box and Muller 1958).
fn normal(rng: &mut impl RngCore) -> f64 {
    let mut uniform = || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let radius = (-2.0 * (1.0 - uniform()).ln()).sqrt();
    radius * (TAU * uniform()).cos()
}

/// Mean and standard deviation of each channel over all pixels of the training part, in fractions of full scale.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statistics(Vec<Channel>);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Channel {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
}

/// Number of values, their sum and the sum of their squares.
type Sums = (f64, f64, f64);

impl Statistics {
    fn of(training: &dyn TrainingPart, ctx: &Ctx) -> Result<Self> {
        let one = |index| {
            ctx.check()?;
            let sample = training.sample(index)?;
            Ok((sums(&sample), sample.id))
        };
        // Added up in the order of the samples, so that the number of threads leaves no trace.
        let each: Result<Vec<(Vec<Sums>, String)>> =
            ctx.install(|| (0..training.len()).into_par_iter().map(one).collect());
        let mut total: Vec<Sums> = Vec::new();
        for (sums, id) in each? {
            if total.is_empty() {
                total = vec![(0.0, 0.0, 0.0); sums.len()];
            }
            if total.len() != sums.len() {
                let (expected, found) = (format!("{} channels", total.len()), format!("{}", sums.len()));
                return Err(Error::shape("training image", expected, found).of_sample(&id));
            }
            for (t, s) in total.iter_mut().zip(&sums) {
                *t = (t.0 + s.0, t.1 + s.1, t.2 + s.2);
            }
        }
        if total.is_empty() {
            return Err(Error::EmptyRegion {
                what: "the training part, from which the fill is learnt,".into(),
            });
        }
        Ok(Self(total.into_iter().map(channel).collect()))
    }

    fn for_image(&self, image: &Image) -> Result<&[Channel]> {
        if self.0.len() != image.channels() {
            let expected = format!("{} channels as in the training part", self.0.len());
            return Err(Error::shape("image", expected, image.channels().to_string()));
        }
        Ok(&self.0)
    }
}

fn sums(sample: &Sample) -> Vec<Sums> {
    let image = &sample.image;
    let (channels, scale) = (image.channels(), f64::from(image.full_scale()));
    let mut sums = vec![(0.0, 0.0, 0.0); channels];
    for (i, value) in image.to_f32().into_iter().enumerate() {
        let value = f64::from(value) / scale;
        let sum = &mut sums[i % channels];
        *sum = (sum.0 + 1.0, sum.1 + value, sum.2 + value * value);
    }
    sums
}

fn channel((n, sum, squares): Sums) -> Channel {
    let mean = sum / n;
    Channel { mean, deviation: (squares / n - mean * mean).max(0.0).sqrt() }
}
