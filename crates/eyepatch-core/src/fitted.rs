use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Batch, Ctx, Device, Error, Head, Result, Scores};

/// One epoch of training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Epoch {
    /// 1 for the first.
    pub epoch: usize,
    /// Mean training loss over samples.
    pub train_loss: f64,
    /// Mean validation loss over samples; `None` without a validation part.
    pub validation_loss: Option<f64>,
    /// Step size of its last step, where the model says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
}

/// A model that can predict. Optional capabilities sit behind accessors.
pub trait Fitted: Send + Sync {
    /// Class names, one an output.
    fn classes(&self) -> &[String];

    /// Scores of a batch, `n` x classes, in the card's output space. Independent of how images are batched.
    ///
    /// # Errors
    /// [`Error::Shape`] where the batch does not fit the input.
    fn predict(&self, batch: &Batch, ctx: &Ctx) -> Result<Scores>;

    /// Writes all that [`crate::Model::restore`] needs into an existing, empty folder.
    ///
    /// # Errors
    /// [`Error::Io`].
    fn save(&self, folder: &Path) -> Result<()>;

    /// Where [`Fitted::predict`] computes: whoever makes batches there spares them the way through the host's memory.
    fn device(&self) -> Device {
        Device::Cpu
    }

    /// How training went; empty for a model that arrived trained.
    fn history(&self) -> &[Epoch] {
        &[]
    }

    /// Embeddings, where it has them.
    fn embed(&self) -> Option<&dyn Embed> {
        None
    }

    /// Activations of named layers, where it has them.
    fn activations(&self) -> Option<&dyn Activations> {
        None
    }

    /// Gradients with respect to the input, where it has them.
    fn gradients(&self) -> Option<&dyn Gradients> {
        None
    }

    /// Itself with weights drawn anew, where it can.
    fn randomise(&self) -> Option<&dyn Randomise> {
        None
    }

    /// The part behind the trunk, where its model shares one.
    fn head(&self) -> Option<&dyn Head> {
        None
    }
}

/// Gives embeddings.
pub trait Embed {
    /// Length of one embedding.
    fn dim(&self) -> usize;
    /// Embeddings of a batch, `n` x `dim`, rows first.
    ///
    /// # Errors
    /// As [`Fitted::predict`].
    fn embed(&self, batch: &Batch, ctx: &Ctx) -> Result<Vec<f32>>;
}

/// Gives activations of named layers, and gradients with respect to them.
pub trait Activations {
    /// Names of the layers, input side first.
    fn layers(&self) -> Vec<String>;

    /// Those of them that mark how deep one is in the network, for profiles over depth: the ends of its blocks, for instance.
    fn milestones(&self) -> Vec<String> {
        self.layers()
    }
    /// Activations of one layer: shape `[n, channels, height, width]` and values in that order.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an unknown layer; else as [`Fitted::predict`].
    fn activations(&self, layer: &str, batch: &Batch, ctx: &Ctx) -> Result<([usize; 4], Vec<f32>)>;

    /// Activations of one layer, and the gradient of each image's output `class` (an index into the classes, in the space
    /// of [`Fitted::predict`]) with respect to them. Images of a batch know nothing of each other.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the model has activations but not these gradients, which is the default, and
    /// for an unknown layer; [`Error::Shape`] for an unknown class; else as [`Fitted::predict`].
    fn activation_gradients(
        &self,
        layer: &str,
        batch: &Batch,
        class: usize,
        ctx: &Ctx,
    ) -> Result<LayerGradients> {
        let _ = (batch, class, ctx);
        let capability = format!("gradients with respect to the activations of `{layer}`");
        Err(Error::Unsupported { what: "the model".into(), capability })
    }
}

/// A layer's activations and an output's gradient with respect to them.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerGradients {
    /// Images, channels, rows, columns of both.
    pub shape: [usize; 4],
    /// The activations, in the order of the shape.
    pub activations: Vec<f32>,
    /// By how much the output grows with each.
    pub gradients: Vec<f32>,
}

/// Gives gradients with respect to the input.
pub trait Gradients {
    /// Gradient of each image's output `class` (an index into the classes), NCHW as the batch.
    ///
    /// # Errors
    /// As [`Fitted::predict`].
    fn input_gradient(&self, batch: &Batch, class: usize, ctx: &Ctx) -> Result<Vec<f32>>;
}

/// Gives itself with weights drawn anew. A map that survives this says nothing of what was learnt (Adebayo et al. 2018).
pub trait Randomise {
    /// Names of the stages, output side first.
    fn stages(&self) -> Vec<String>;

    /// The model with the first `stages` of them drawn anew, as if training had not begun, and the others as learnt. Weights
    /// come from `ctx`'s seed.
    ///
    /// # Errors
    /// [`Error::Shape`] for more stages than there are; else the model's own.
    fn randomised(&self, stages: usize, ctx: &Ctx) -> Result<Box<dyn Fitted>>;
}
