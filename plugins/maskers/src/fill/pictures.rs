//! Whole pictures that a fill takes from the training part.

use eyepatch_core::{Ctx, Error, Image, Result, TrainingPart};
use rand_core::RngCore;
use rayon::prelude::*;

use super::Fill;
use crate::control::below;

/// Images held in memory at once while the average is taken.
const BLOCK: usize = 64;

/// Width, height, channels.
type Size = (usize, usize, usize);

/// Pictures of one size, in fractions of full scale.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pictures {
    shape: Size,
    each: Vec<Vec<f32>>,
    /// How many of them make a fill.
    mixed: usize,
}

impl Pictures {
    /// The average of all training images.
    ///
    /// # Errors
    /// What loading says, [`Error::EmptyRegion`] without any image, [`Error::Shape`] where they differ in size.
    pub(super) fn average(training: &dyn TrainingPart, ctx: &Ctx) -> Result<Self> {
        let mut sum: Vec<f64> = Vec::new();
        let mut shape = None;
        for start in (0..training.len()).step_by(BLOCK) {
            let block: Vec<usize> = (start..(start + BLOCK).min(training.len())).collect();
            let (found, each) = read(training, &block, shape, ctx)?;
            shape = Some(found);
            sum.resize(each[0].len(), 0.0);
            // In the order of the samples, so that the number of threads leaves no trace.
            for picture in each {
                sum.iter_mut().zip(picture).for_each(|(sum, value)| *sum += f64::from(value));
            }
        }
        let n = training.len() as f64;
        let average = sum.into_iter().map(|sum| (sum / n) as f32).collect();
        Ok(Self { shape: shape.ok_or_else(none)?, each: vec![average], mixed: 1 })
    }

    /// [`Fill::DONORS`] training images, or all where there are no more, drawn without regard to anything; `mixed` of them
    /// make a fill.
    ///
    /// # Errors
    /// As [`Pictures::average`].
    pub(super) fn donors(mixed: usize, training: &dyn TrainingPart, ctx: &Ctx) -> Result<Self> {
        let kept = drawn(Fill::DONORS as usize, training.len(), &mut ctx.rng("masker donors"));
        let (shape, each) = read(training, &kept, None, ctx)?;
        Ok(Self { shape, each, mixed })
    }

    /// A fill on the image's scale: the sample's stream of random numbers says of which pictures it is the mean.
    pub(super) fn draw(&self, image: &Image, ctx: &Ctx) -> Result<Vec<f32>> {
        let found = shape_of(image);
        if found != self.shape {
            let expected = format!("{} as in the training part", text(self.shape));
            return Err(Error::shape("image", expected, text(found)));
        }
        let drawn = drawn(self.mixed, self.each.len(), &mut ctx.rng("masker donor"));
        let scale = image.full_scale() / drawn.len() as f32;
        let mut values = vec![0.0_f32; self.each[0].len()];
        for picture in drawn {
            values.iter_mut().zip(&self.each[picture]).for_each(|(sum, value)| *sum += value);
        }
        values.iter_mut().for_each(|value| *value = (*value * scale).clamp(0.0, image.full_scale()));
        Ok(values)
    }
}

/// Training images of one size, in fractions of full scale; `shape` is that of those read before.
fn read(
    training: &dyn TrainingPart,
    rows: &[usize],
    shape: Option<Size>,
    ctx: &Ctx,
) -> Result<(Size, Vec<Vec<f32>>)> {
    let one = |&row: &usize| {
        ctx.check()?;
        let sample = training.sample(row)?;
        Ok((shape_of(&sample.image), fractions(&sample.image), sample.id))
    };
    let read: Result<Vec<_>> = ctx.install(|| rows.into_par_iter().map(one).collect());
    let read = read?;
    let shape = shape.or_else(|| read.first().map(|r| r.0)).ok_or_else(none)?;
    let mut each = Vec::with_capacity(read.len());
    for (found, picture, id) in read {
        if found != shape {
            return Err(Error::shape("training image", text(shape), text(found)).of_sample(&id));
        }
        each.push(picture);
    }
    Ok((shape, each))
}

/// `n` different numbers below `of`, or all where there are no more, in the order drawn (Fisher and Yates).
fn drawn(n: usize, of: usize, rng: &mut impl RngCore) -> Vec<usize> {
    let mut all: Vec<usize> = (0..of).collect();
    let n = n.min(of);
    for place in 0..n {
        all.swap(place, place + below(rng, of - place));
    }
    all.truncate(n);
    all
}

fn none() -> Error {
    Error::EmptyRegion { what: "the training part, from which the fill is learnt,".into() }
}

fn shape_of(image: &Image) -> Size {
    (image.width(), image.height(), image.channels())
}

fn text((width, height, channels): Size) -> String {
    format!("{height}x{width} with {channels} channels")
}

fn fractions(image: &Image) -> Vec<f32> {
    let scale = image.full_scale();
    image.to_f32().iter().map(|value| value / scale).collect()
}
