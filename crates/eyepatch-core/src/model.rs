use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::trunk::run_trunk;
use crate::{Batch, ContentHash, Ctx, Fitted, Handle, Result, ScoreSource, Seed, Sharing, Trunk};

/// What a model's outputs mean together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// One independent yes/no a class.
    MultiLabel,
    /// Exactly one class is true.
    Softmax,
    /// One yes/no.
    SingleLogit,
}

/// The scale of a model's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OutputSpace {
    /// Log odds.
    Logits,
    /// 0 to 1.
    Probabilities,
    /// Any scale on which larger means more likely.
    Scores,
}

/// How pixel values are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Normalise {
    /// Divided by the depth's full scale (255, 65535): no pixel depends on another.
    FullScale,
    /// Divided by the image's own maximum. Before masking (as published) hidden pixels set the brightness of
    /// visible ones; after masking they do not.
    ImageMaximum,
    /// Full scale, then `(x - mean) / std`.
    Standardise {
        /// Subtracted.
        mean: f32,
        /// Divided by; larger than 0.
        std: f32,
    },
}

/// One step of a model's preprocessing, in the order in which they are done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Read the file; values keep their depth.
    Decode,
    /// Resize to the working size.
    Resize,
    /// Apply the masking.
    Mask,
    /// Scale values.
    Normalise(Normalise),
    /// Random changes during training only, described in words; done by the model.
    Augment(String),
}

impl Step {
    /// Decode, resize, mask, then full scale: no hidden pixel reaches a visible one.
    #[must_use]
    pub fn strict() -> Vec<Self> {
        vec![Self::Decode, Self::Resize, Self::Mask, Self::Normalise(Normalise::FullScale)]
    }

    /// The study's order: decode, resize, divide by the image's maximum, then mask. Hidden pixels set the brightness of
    /// visible ones, so no masking hides and nothing is concluded.
    #[must_use]
    pub fn published() -> Vec<Self> {
        vec![Self::Decode, Self::Resize, Self::Normalise(Normalise::ImageMaximum), Self::Mask]
    }
}

/// What a reader must know about a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelCard {
    /// Its name.
    pub name: String,
    /// What its outputs mean together.
    pub task: Task,
    /// The scale of its outputs.
    pub output: OutputSpace,
    /// What is done to an image, in order. [`Step::Mask`] appears exactly once.
    pub preprocessing: Vec<Step>,
    /// Whether it is trained by this run or arrives trained.
    pub trained_here: bool,
    /// Number of trainable parameters, where it is known.
    pub parameters: Option<u64>,
    /// Architecture and training in a few sentences.
    pub description: String,
}

/// The input a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSpec {
    /// 1 or 3; grey images are repeated to 3, colour images are refused by a 1-channel model.
    pub channels: usize,
    /// Working height and width in pixels.
    pub size: (usize, usize),
}

/// A masked, preprocessed part of a data set, as a model sees it.
pub trait Examples: Sync {
    /// Number of samples.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Class names, one a label.
    fn classes(&self) -> &[String];
    /// Whose sample `index` is; `None` where nobody knows.
    fn patient(&self, index: usize) -> Option<&str> {
        let _ = index;
        None
    }
    /// The samples at `indices` (0 to `len`), in that order.
    ///
    /// # Errors
    /// What loading and masking say.
    fn batch(&self, indices: &[usize]) -> Result<Batch>;
    /// Labels of sample `index`, in the order of the classes.
    fn labels(&self, index: usize) -> &[Option<bool>];
    /// Where the random numbers of sample `index` start: its own, whatever the part, its order and who asks.
    fn seed(&self, index: usize) -> Seed {
        Seed::root(0).child(&format!("sample {index}"))
    }
    /// The trunk's features of the samples at `indices` in view `view` (0 to [`Trunk::views`]), in that order: `n` x product
    /// of the trunk's shape. Whoever holds the examples may have computed them before, so ask every time they are needed
    /// rather than keep them all in memory.
    ///
    /// # Errors
    /// As [`Examples::batch`] and [`Trunk::features`].
    fn features(&self, trunk: &dyn Trunk, indices: &[usize], view: usize, ctx: &Ctx) -> Result<Vec<f32>> {
        run_trunk(self, trunk, indices, view, ctx)
    }
}

/// The size of a piece of work, for estimates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    /// Training images a fit.
    pub train_images: usize,
    /// Images to predict with the fitted model.
    pub predict_images: usize,
    /// Number of classes.
    pub classes: usize,
}

/// What a piece of work will cost. Of a model that shares its trunk: without the trunk's passes, which
/// [`Trunk::seconds`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Estimate {
    /// CPU seconds to fit.
    pub fit_seconds: f64,
    /// CPU seconds to predict all images of the workload.
    pub predict_seconds: f64,
    /// Bytes that the saved model takes.
    pub disk_bytes: u64,
}

/// A classifier: trained here, or arriving trained.
pub trait Model: Send + Sync {
    /// What a reader must know about it.
    fn card(&self) -> ModelCard;

    /// The input it takes.
    fn input(&self) -> InputSpec;

    /// Trains on `train`, watching `validation`. A model that arrives trained returns itself. All randomness comes
    /// from `ctx`; the same bits come out at any number of threads.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`], or the model's own (diverged loss, one class only).
    fn fit(&self, train: &dyn Examples, validation: &dyn Examples, ctx: &Ctx) -> Result<Box<dyn Fitted>>;

    /// Reads back what [`Fitted::save`] wrote.
    ///
    /// # Errors
    /// [`crate::Error::Io`], or the model's own where the files do not fit.
    fn restore(&self, folder: &Path, ctx: &Ctx) -> Result<Box<dyn Fitted>>;

    /// What a workload costs on this machine; `None` where the model cannot tell.
    fn estimate(&self, work: &Workload, ctx: &Ctx) -> Option<Estimate> {
        let _ = (work, ctx);
        None
    }

    /// A hash over the files it reads (weights, score files), which enters the key of its cells.
    ///
    /// # Errors
    /// [`crate::Error::Io`].
    fn content(&self, ctx: &Ctx) -> Result<Option<ContentHash>> {
        let _ = ctx;
        Ok(None)
    }

    /// The frozen part that it shares with all models of an audit, whatever they are trained on. A model that offers one
    /// trains on [`Examples::features`], and what it fits has a [`Fitted::head`]. Called when an audit is planned, so
    /// weights are better loaded when features are first asked for.
    ///
    /// # Errors
    /// [`crate::Error::Io`], or the model's own where the frozen weights cannot be read.
    fn trunk(&self, ctx: &Ctx) -> Result<Sharing> {
        let _ = ctx;
        Ok(Sharing::Nothing)
    }

    /// A cheaper variant for trying an audit out (`--quick`); `None` where there is none.
    fn quick(&self) -> Option<Handle<dyn Model>> {
        None
    }

    /// The scores it carries, where the model itself lives elsewhere; then it is neither fitted nor fed images.
    fn scores(&self) -> Option<&dyn ScoreSource> {
        None
    }
}
