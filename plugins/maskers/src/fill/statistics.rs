use eyepatch_core::{Ctx, Error, Image, Result, TrainingPart};
use rayon::prelude::*;

/// Mean and standard deviation of each channel, in fractions of full scale.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Statistics(Vec<Channel>);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Channel {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

/// Number of values, their sum and the sum of their squares.
type Sums = (f64, f64, f64);

impl Statistics {
    /// Over all pixels of the training part.
    pub(super) fn of(training: &dyn TrainingPart, ctx: &Ctx) -> Result<Self> {
        let one = |index| {
            ctx.check()?;
            let sample = training.sample(index)?;
            Ok((sums(&sample.image, |_| true), sample.id))
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

    /// Over the pixels of one image that `counts` accepts; zeros where it accepts none.
    pub(super) fn of_image(image: &Image, counts: impl Fn(usize) -> bool) -> Self {
        Self(sums(image, counts).into_iter().map(channel).collect())
    }

    /// The channels, which must be as many as the image's.
    pub(super) fn for_image(&self, image: &Image) -> Result<&[Channel]> {
        if self.0.len() != image.channels() {
            let expected = format!("{} channels as in the training part", self.0.len());
            return Err(Error::shape("image", expected, image.channels().to_string()));
        }
        Ok(&self.0)
    }
}

/// The sums of each channel over the pixels that `counts` accepts.
fn sums(image: &Image, counts: impl Fn(usize) -> bool) -> Vec<Sums> {
    let (channels, scale) = (image.channels(), f64::from(image.full_scale()));
    let mut sums = vec![(0.0, 0.0, 0.0); channels];
    for (pixel, values) in image.to_f32().chunks_exact(channels).enumerate() {
        if counts(pixel) {
            for (sum, &value) in sums.iter_mut().zip(values) {
                let value = f64::from(value) / scale;
                *sum = (sum.0 + 1.0, sum.1 + value, sum.2 + value * value);
            }
        }
    }
    sums
}

fn channel((n, sum, squares): Sums) -> Channel {
    let mean = if n > 0.0 { sum / n } else { 0.0 };
    let variance = if n > 0.0 { squares / n - mean * mean } else { 0.0 };
    Channel { mean, deviation: variance.max(0.0).sqrt() }
}
