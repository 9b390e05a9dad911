use std::path::Path;

use std::sync::OnceLock;

use eyepatch_core::{
    Activations, Batch, ContentHash, Ctx, Embed, Epoch, Error as CoreError, Fitted, Gradients, Head,
    LayerGradients, OutputSpace, Randomise, Result, Scores, Trunk,
};
use eyepatch_nn::device::cuda_index;
use eyepatch_nn::{DenseNet as Network, Device, NnError, Precision, Predictions, Runner as Whole, Tensor};
use serde::{Deserialize, Serialize};

use crate::error::{Error, core};
use crate::params::DenseNet;
use crate::start;
use crate::trunk::Runner;

/// Weights, with torchvision's names.
const WEIGHTS: &str = "weights.safetensors";
/// Everything else.
const ABOUT: &str = "model.json";
/// Images that go through the network at once: bounds memory, changes no result.
const AT_ONCE: usize = 32;

/// What [`ABOUT`] holds.
#[derive(Clone, Serialize, Deserialize)]
struct About {
    classes: Vec<String>,
    size: usize,
    history: Vec<Epoch>,
}

/// A trained DenseNet.
pub(crate) struct FittedDenseNet {
    net: Network,
    about: About,
    /// Key of the frozen part that it shares, where it shares one.
    trunk: Option<ContentHash>,
    /// What computes features, where a frozen part is shared, and else the whole network; made when asked for.
    runner: OnceLock<Runner>,
    whole: OnceLock<Whole>,
}

impl FittedDenseNet {
    pub(crate) fn new(
        params: &DenseNet,
        net: Network,
        classes: Vec<String>,
        history: Vec<Epoch>,
        ctx: &Ctx,
    ) -> Result<Self> {
        let about = About { classes, size: params.size, history };
        let trunk = params.shared(ctx)?.map(|trunk| trunk.key());
        Ok(Self { net, about, trunk, runner: OnceLock::new(), whole: OnceLock::new() })
    }

    /// Reads a saved model back; it must be one of these parameters.
    pub(crate) fn open(params: &DenseNet, folder: &Path, device: &Device, ctx: &Ctx) -> Result<Self> {
        let other = |problem: String| Error::Saved { folder: folder.display().to_string(), problem };
        let path = folder.join(ABOUT);
        let text = std::fs::read_to_string(&path).map_err(|e| CoreError::io(&path, e))?;
        let about: About = serde_json::from_str(&text).map_err(|e| other(format!("{ABOUT}: {e}")))?;
        let mut net = Network::open(&folder.join(WEIGHTS), device).map_err(|e| match e {
            NnError::Weights(_) | NnError::Refused(_) | NnError::Misfit(_) => other(e.to_string()).into(),
            e => core(e),
        })?;
        if *net.config() != params.network(about.classes.len()) || about.size != params.size {
            return Err(other(format!("{:?} for {} pixels", net.config(), about.size)).into());
        }
        start::prepare(params, &mut net);
        Self::new(params, net, about.classes, about.history, ctx)
    }

    /// Embeddings and logits of a batch.
    fn run(&self, batch: &Batch, ctx: &Ctx) -> Result<Predictions> {
        let whole = match self.whole.get() {
            Some(runner) => runner,
            None => {
                let made = Whole::of(&self.net, self.net.device(), Precision::F32).map_err(core)?;
                self.whole.get_or_init(|| made)
            }
        };
        self.fits(batch)?;
        let (side, size) = (self.about.size, batch.channels * self.about.size * self.about.size);
        #[cfg(feature = "cuda")]
        if let Some(there) = eyepatch_device::values(batch)
            && let Some(found) = whole.run_there(there, batch.n, (side, side))
        {
            return found.map_err(core);
        }
        let mut all = Predictions { features: Vec::new(), logits: Vec::new() };
        for images in batch.host_f32()?.chunks(size * AT_ONCE) {
            ctx.check()?;
            let run = || whole.run(images, images.len() / size, (side, side));
            // A GPU's work belongs to the thread that asks for it.
            let found = if self.net.device().is_cpu() { ctx.install(run) } else { run() }.map_err(core)?;
            all.features.extend(found.features);
            all.logits.extend(found.logits);
        }
        Ok(all)
    }

    /// Features of a batch from the shared trunk.
    fn features(&self, batch: &Batch, ctx: &Ctx) -> Result<Vec<f32>> {
        if !matches!(self.net.device(), Device::Cpu) {
            return self.each(batch, ctx, |x| self.net.trunk_forward(x));
        }
        let runner = match self.runner.get() {
            Some(runner) => runner,
            None => {
                let made = Runner::of(&self.net).map_err(core)?;
                self.runner.get_or_init(|| made)
            }
        };
        runner.features(&self.values(batch)?, [batch.channels, self.about.size], ctx)
    }

    /// That the batch is of the network's size.
    fn fits(&self, batch: &Batch) -> Result<()> {
        let side = self.about.size;
        let (got, want) =
            ([batch.channels, batch.height, batch.width], [self.net.config().in_channels, side, side]);
        if got != want {
            return Err(CoreError::shape("network input", format!("{want:?}"), format!("{got:?}")));
        }
        Ok(())
    }

    /// The batch's pixels, if it fits the network.
    fn values<'a>(&self, batch: &'a Batch) -> Result<std::borrow::Cow<'a, [f32]>> {
        self.fits(batch)?;
        batch.host_f32()
    }

    /// That the network has this layer.
    fn known(&self, layer: &str) -> Result<()> {
        let names = self.net.activation_names();
        if names.iter().any(|name| name == layer) {
            return Ok(());
        }
        let capability = format!("layer `{layer}`; it has: {}", names.join(", "));
        Err(CoreError::Unsupported { what: "DenseNet".into(), capability })
    }

    /// Runs `f` on the batch, some images at a time, and appends what it returns.
    fn each(
        &self,
        batch: &Batch,
        ctx: &Ctx,
        mut f: impl FnMut(&Tensor) -> eyepatch_nn::Result<Tensor>,
    ) -> Result<Vec<f32>> {
        let (side, channels) = (self.about.size, self.net.config().in_channels);
        let values = self.values(batch)?;
        let size = channels * side * side;
        let mut out = Vec::new();
        for images in values.chunks(size * AT_ONCE) {
            ctx.check()?;
            let shape = (images.len() / size, channels, side, side);
            let mut run = || -> eyepatch_nn::Result<Vec<f32>> {
                let y = f(&Tensor::from_slice(images, shape, self.net.device())?)?;
                Ok(y.flatten_all()?.to_vec1::<f32>()?)
            };
            out.extend(run().map_err(core)?);
        }
        Ok(out)
    }
}

/// Writes channels, rows and columns; the pooled embedding and the logits have one row and column.
fn planes(shape: &mut [usize; 4], y: &Tensor) {
    shape[1..].iter_mut().zip(&y.dims()[1..]).for_each(|(s, &d)| *s = d);
}

impl Fitted for FittedDenseNet {
    fn classes(&self) -> &[String] {
        &self.about.classes
    }

    fn predict(&self, batch: &Batch, ctx: &Ctx) -> Result<Scores> {
        if self.trunk.is_some() {
            // The same way as from kept features, so that both give the same bits.
            return self.scores(&self.features(batch, ctx)?, ctx);
        }
        let logits = self.run(batch, ctx)?.logits;
        Scores::new(self.about.classes.len(), OutputSpace::Logits, logits)
    }

    fn save(&self, folder: &Path) -> Result<()> {
        self.net.save(&folder.join(WEIGHTS)).map_err(core)?;
        let path = folder.join(ABOUT);
        let text = serde_json::to_string(&self.about).map_err(|e| CoreError::io(&path, e.into()))?;
        std::fs::write(&path, text).map_err(|e| CoreError::io(path, e))
    }

    fn device(&self) -> eyepatch_core::Device {
        cuda_index(self.net.device()).map_or(eyepatch_core::Device::Cpu, eyepatch_core::Device::Cuda)
    }

    fn history(&self) -> &[Epoch] {
        &self.about.history
    }

    fn head(&self) -> Option<&dyn Head> {
        self.trunk.is_some().then_some(self)
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

    fn randomise(&self) -> Option<&dyn Randomise> {
        Some(self)
    }
}

impl Randomise for FittedDenseNet {
    fn stages(&self) -> Vec<String> {
        self.net.stages()
    }

    fn randomised(&self, stages: usize, ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        let count = self.net.stages().len();
        if stages > count {
            return Err(CoreError::shape("stages", format!("at most {count}"), stages.to_string()));
        }
        let net = self.net.redrawn(stages, ctx.seed().child("densenet weights").to_u64()).map_err(core)?;
        // Whole and on its own: it shares no trunk with anybody.
        let (about, runner, whole) = (self.about.clone(), OnceLock::new(), OnceLock::new());
        Ok(Box::new(Self { net, about, trunk: None, runner, whole }))
    }
}

impl Embed for FittedDenseNet {
    fn dim(&self) -> usize {
        self.net.config().features()
    }

    fn embed(&self, batch: &Batch, ctx: &Ctx) -> Result<Vec<f32>> {
        Ok(self.run(batch, ctx)?.features)
    }
}

impl Activations for FittedDenseNet {
    fn layers(&self) -> Vec<String> {
        self.net.activation_names()
    }

    /// The dense blocks.
    fn milestones(&self) -> Vec<String> {
        self.layers().into_iter().filter(|name| name.contains("denseblock")).collect()
    }

    fn activations(&self, layer: &str, batch: &Batch, ctx: &Ctx) -> Result<([usize; 4], Vec<f32>)> {
        self.known(layer)?;
        let mut shape = [batch.n, 1, 1, 1];
        let values = self.each(batch, ctx, |x| {
            let y = self.net.activations(x, layer)?;
            planes(&mut shape, &y);
            Ok(y)
        })?;
        Ok((shape, values))
    }

    fn activation_gradients(
        &self,
        layer: &str,
        batch: &Batch,
        class: usize,
        ctx: &Ctx,
    ) -> Result<LayerGradients> {
        self.known(layer)?;
        let classes = self.about.classes.len();
        if class >= classes {
            return Err(CoreError::shape("class", format!("below {classes}"), class.to_string()));
        }
        let (mut shape, mut gradients) = ([batch.n, 1, 1, 1], vec![]);
        let activations = self.each(batch, ctx, |x| {
            let (y, gradient) = self.net.activation_gradients(x, layer, class)?;
            planes(&mut shape, &y);
            gradients.extend(gradient.flatten_all()?.to_vec1::<f32>()?);
            Ok(y)
        })?;
        Ok(LayerGradients { shape, activations, gradients })
    }
}

impl Gradients for FittedDenseNet {
    fn input_gradient(&self, batch: &Batch, class: usize, ctx: &Ctx) -> Result<Vec<f32>> {
        self.each(batch, ctx, |x| self.net.input_gradients(x, class))
    }
}

impl Head for FittedDenseNet {
    fn trunk(&self) -> ContentHash {
        self.trunk.unwrap_or(ContentHash([0; 32]))
    }

    fn scores(&self, features: &[f32], ctx: &Ctx) -> Result<Scores> {
        let side = self.about.size;
        let boundary = self.net.boundary().map_err(|why| core(NnError::NoBoundary(why.to_string())))?;
        let [c, h, w] = boundary.shape((side, side));
        if !features.len().is_multiple_of(c * h * w) {
            let found = features.len().to_string();
            return Err(CoreError::shape("features", format!("n x {c} x {h} x {w}"), found));
        }
        let mut logits = Vec::new();
        for some in features.chunks(c * h * w * AT_ONCE) {
            ctx.check()?;
            let run = || -> eyepatch_nn::Result<Vec<f32>> {
                let x = Tensor::from_slice(some, (some.len() / (c * h * w), c, h, w), self.net.device())?;
                Ok(self.net.tail_forward(&x)?.flatten_all()?.to_vec1::<f32>()?)
            };
            logits.extend(run().map_err(core)?);
        }
        Scores::new(self.about.classes.len(), OutputSpace::Logits, logits)
    }
}
