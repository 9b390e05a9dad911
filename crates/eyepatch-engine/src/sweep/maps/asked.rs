use eyepatch_core::{Ctx, Error as CoreError, Fitted, Image, Mask, Preprocess};

use crate::Result;

/// Images that go through the model at once; bounds memory and changes no answer.
const BATCH: usize = 32;

/// One output of a model, asked about images put together from others.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) fitted: &'a dyn Fitted,
    /// Place among the model's outputs.
    pub(super) output: usize,
    pub(super) preprocess: &'a dyn Preprocess,
    pub(super) ctx: &'a Ctx,
}

impl Asked<'_> {
    /// The output on each of `n` images, made when they are asked about.
    pub(super) fn outputs(&self, n: usize, image: impl Fn(usize) -> Result<Image>) -> Result<Vec<f64>> {
        let mut outputs = Vec::with_capacity(n);
        while outputs.len() < n {
            self.ctx.check()?;
            let end = n.min(outputs.len() + BATCH);
            let images: Vec<Image> = (outputs.len()..end).map(&image).collect::<Result<_>>()?;
            let scores = self.fitted.predict(&self.preprocess.batch(&images)?, self.ctx)?;
            if scores.len() != images.len() || self.output >= scores.classes {
                let expected = format!("{} x {}", images.len(), self.fitted.classes().len());
                let found = format!("{} x {}", scores.len(), scores.classes);
                return Err(CoreError::shape("scores", expected, found).into());
            }
            outputs.extend((0..images.len()).map(|i| f64::from(scores.row(i)[self.output])));
        }
        Ok(outputs)
    }

    /// The output on `image` where the mask shows it and on `hidden` elsewhere, for each mask.
    pub(super) fn shown(&self, image: &Image, hidden: &Image, masks: &[Mask]) -> Result<Vec<f64>> {
        self.outputs(masks.len(), |i| Ok(compose(image, hidden, |pixel| masks[i].contains(pixel))))
    }
}

/// `image` where `shown` says so, `hidden`, of the same size, elsewhere.
pub(super) fn compose(image: &Image, hidden: &Image, shown: impl Fn(usize) -> bool) -> Image {
    let (mut made, channels) = (image.clone(), image.channels());
    for pixel in (0..image.width() * image.height()).filter(|&pixel| !shown(pixel)) {
        for value in pixel * channels..(pixel + 1) * channels {
            made.set(value, hidden.value(value));
        }
    }
    made
}
