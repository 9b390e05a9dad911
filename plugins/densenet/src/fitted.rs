use std::path::Path;

use eyepatch_core::{
    Activations, Batch, Ctx, Embed, Epoch, Error as CoreError, Fitted, Gradients, OutputSpace, Result, Scores,
};
use eyepatch_nn::{DenseNet as Network, Device, NnError, Tensor};
use serde::{Deserialize, Serialize};

use crate::error::{Error, core};
use crate::params::DenseNet;

/// Weights, with torchvision's names.
const WEIGHTS: &str = "weights.safetensors";
/// Everything else.
const ABOUT: &str = "model.json";
/// Images that go through the network at once: bounds memory, changes no result.
const AT_ONCE: usize = 32;

/// What [`ABOUT`] holds.
#[derive(Serialize, Deserialize)]
struct About {
    classes: Vec<String>,
    size: usize,
    history: Vec<Epoch>,
}

/// A trained DenseNet.
pub(crate) struct FittedDenseNet {
    net: Network,
    about: About,
}

impl FittedDenseNet {
    pub(crate) fn new(net: Network, classes: Vec<String>, size: usize, history: Vec<Epoch>) -> Self {
        Self { net, about: About { classes, size, history } }
    }

    /// Reads a saved model back; it must be one of these parameters.
    pub(crate) fn open(params: &DenseNet, folder: &Path, device: &Device) -> Result<Self> {
        let other = |problem: String| Error::Saved { folder: folder.display().to_string(), problem };
        let path = folder.join(ABOUT);
        let text = std::fs::read_to_string(&path).map_err(|e| CoreError::io(&path, e))?;
        let about: About = serde_json::from_str(&text).map_err(|e| other(format!("{ABOUT}: {e}")))?;
        let net = Network::open(&folder.join(WEIGHTS), device).map_err(|e| match e {
            NnError::Weights(_) | NnError::Refused(_) | NnError::Misfit(_) => other(e.to_string()).into(),
            e => core(e),
        })?;
        if *net.config() != params.network(about.classes.len()) || about.size != params.size {
            return Err(other(format!("{:?} for {} pixels", net.config(), about.size)).into());
        }
        Ok(Self { net, about })
    }

    /// Runs `f` on the batch, some images at a time, and appends what it returns.
    fn each(
        &self,
        batch: &Batch,
        ctx: &Ctx,
        mut f: impl FnMut(&Tensor) -> eyepatch_nn::Result<Tensor>,
    ) -> Result<Vec<f32>> {
        let side = self.about.size;
        let (got, want) =
            ([batch.channels, batch.height, batch.width], [self.net.config().in_channels, side, side]);
        if got != want {
            return Err(CoreError::shape("network input", format!("{want:?}"), format!("{got:?}")));
        }
        let values = batch.host_f32()?;
        let size = want.iter().product::<usize>();
        let mut out = Vec::new();
        for images in values.chunks(size * AT_ONCE) {
            ctx.check()?;
            let shape = (images.len() / size, want[0], side, side);
            let mut run = || -> eyepatch_nn::Result<Vec<f32>> {
                let y = f(&Tensor::from_slice(images, shape, self.net.device())?)?;
                Ok(y.flatten_all()?.to_vec1::<f32>()?)
            };
            out.extend(run().map_err(core)?);
        }
        Ok(out)
    }
}

impl Fitted for FittedDenseNet {
    fn classes(&self) -> &[String] {
        &self.about.classes
    }

    fn predict(&self, batch: &Batch, ctx: &Ctx) -> Result<Scores> {
        let logits = self.each(batch, ctx, |x| self.net.forward(x))?;
        Scores::new(self.about.classes.len(), OutputSpace::Logits, logits)
    }

    fn save(&self, folder: &Path) -> Result<()> {
        self.net.save(&folder.join(WEIGHTS)).map_err(core)?;
        let path = folder.join(ABOUT);
        let text = serde_json::to_string(&self.about).map_err(|e| CoreError::io(&path, e.into()))?;
        std::fs::write(&path, text).map_err(|e| CoreError::io(path, e))
    }

    fn history(&self) -> &[Epoch] {
        &self.about.history
    }

    fn embed(&self) -> Option<&dyn Embed> {
        Some(self)
    }

    fn activations(&self) -> Option<&dyn Activations> {
        Some(self)
    }

    fn gradients(&self) -> Option<&dyn Gradients> {
        Some(self)
    }
}

impl Embed for FittedDenseNet {
    fn dim(&self) -> usize {
        self.net.config().features()
    }

    fn embed(&self, batch: &Batch, ctx: &Ctx) -> Result<Vec<f32>> {
        self.each(batch, ctx, |x| self.net.features(x))
    }
}

impl Activations for FittedDenseNet {
    fn layers(&self) -> Vec<String> {
        self.net.activation_names()
    }

    fn activations(&self, layer: &str, batch: &Batch, ctx: &Ctx) -> Result<([usize; 4], Vec<f32>)> {
        if !self.net.activation_names().iter().any(|name| name == layer) {
            let capability = format!("layer `{layer}`; it has: {}", self.net.activation_names().join(", "));
            return Err(CoreError::Unsupported { what: "DenseNet".into(), capability });
        }
        let mut shape = [batch.n, 1, 1, 1];
        let values = self.each(batch, ctx, |x| {
            let y = self.net.activations(x, layer)?;
            // The pooled embedding and the logits have no rows and columns.
            shape[1..].iter_mut().zip(&y.dims()[1..]).for_each(|(s, &d)| *s = d);
            Ok(y)
        })?;
        Ok((shape, values))
    }
}

impl Gradients for FittedDenseNet {
    fn input_gradient(&self, batch: &Batch, class: usize, ctx: &Ctx) -> Result<Vec<f32>> {
        self.each(batch, ctx, |x| self.net.input_gradients(x, class))
    }
}
