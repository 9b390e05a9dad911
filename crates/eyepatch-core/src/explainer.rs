use serde::{Deserialize, Serialize};

use crate::{Attribution, Batch, Ctx, Fitted, Image, Result, Sample};

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
}
