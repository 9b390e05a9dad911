use serde::{Deserialize, Serialize};

use crate::{Attribution, Batch, Ctx, Explained, Fitted, Image, Result, Sample};

/// What an explainer does, for reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainerCard {
    /// Its name.
    pub name: String,
    /// Method, baseline and source, in a sentence or two.
    pub description: String,
    /// Whether its values should add up to output minus base.
    pub additive: bool,
}

/// What an explanation may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Largest number of model evaluations.
    pub evaluations: usize,
    /// Largest number of images a batch; with the image's size it bounds memory.
    pub batch: usize,
}

/// The rest of the way from masked images to network input.
pub trait Preprocess: Sync {
    /// A batch from images of the working size.
    ///
    /// # Errors
    /// [`crate::Error::Shape`].
    fn batch(&self, images: &[Image]) -> Result<Batch>;

    /// Whether each value of a batch depends on nothing but the same pixel of its image (no resizing, no scaling by the image's
    /// own maximum). Then an image that is put together of two is, preprocessed, put together of those two preprocessed.
    fn is_pointwise(&self) -> bool {
        false
    }
}

/// What is explained: one output of a model on one image.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The sample at the working size, masked as the model shall see it.
    pub sample: &'a Sample,
    /// Index of the class.
    pub class: usize,
    /// From images to network input.
    pub preprocess: &'a dyn Preprocess,
    /// Images of other patients, of the sample's size and depth, that may take the place of what an explainer hides; none where
    /// nobody has any.
    pub others: &'a [Image],
}

/// What is explained together: several outputs of a model on one image.
#[derive(Clone, Copy)]
pub struct Subjects<'a> {
    /// As [`Subject::sample`].
    pub sample: &'a Sample,
    /// Indices of the classes.
    pub classes: &'a [usize],
    /// From images to network input.
    pub preprocess: &'a dyn Preprocess,
    /// As [`Subject::others`].
    pub others: &'a [Image],
}

impl<'a> Subjects<'a> {
    /// One class of them.
    #[must_use]
    pub fn of(self, class: usize) -> Subject<'a> {
        Subject { sample: self.sample, class, preprocess: self.preprocess, others: self.others }
    }
}

/// Explains one output. Perturbations are batched inside, within the budget's memory.
pub trait Explainer: Send + Sync {
    /// What it does.
    fn card(&self) -> ExplainerCard;

    /// The attribution of the subject's output.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] where the model lacks a capability, [`crate::Error::Cancelled`], or what the
    /// model says.
    fn explain(
        &self,
        fitted: &dyn Fitted,
        subject: Subject<'_>,
        budget: Budget,
        ctx: &Ctx,
    ) -> Result<Attribution>;

    /// The attributions of several outputs, for methods that can ask about all of them at once; a single class gets what
    /// [`Explainer::explain`] gives it. Unless a method says otherwise it explains one class after the other, each with
    /// the whole budget and the same random numbers.
    ///
    /// # Errors
    /// As [`Explainer::explain`].
    fn explain_classes(
        &self,
        fitted: &dyn Fitted,
        subjects: Subjects<'_>,
        budget: Budget,
        ctx: &Ctx,
    ) -> Result<Explained> {
        let one = |&class: &usize| self.explain(fitted, subjects.of(class), budget, ctx);
        Ok(Explained::of(subjects.classes.iter().map(one).collect::<Result<_>>()?))
    }
}
