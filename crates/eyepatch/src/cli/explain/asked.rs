//! The network as explainers ask it.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use eyepatch_core::{
    Activations, Batch, Ctx, Error, Fitted, Gradients, Image, LayerGradients, OutputSpace, Preprocess,
    Result, Scores,
};
use eyepatch_nn::device::cuda_index;
use eyepatch_nn::{DenseNet, Device, NnError, Runner, Tensor};

use crate::cli::network::Preparation;

/// A network that answers through the runner of `eyepatch predict`, and whose gradients are candle's.
pub(super) struct Asked {
    net: DenseNet,
    runner: Runner,
    classes: Vec<String>,
    /// Spent in the network so far.
    nanoseconds: AtomicU64,
}

fn network(error: NnError) -> Error {
    Error::plugin("the network", error)
}

impl Asked {
    /// `device` is where gradients are computed.
    pub(super) fn new(
        net: DenseNet,
        runner: Runner,
        classes: Vec<String>,
        device: &Device,
    ) -> eyepatch_nn::Result<Self> {
        let net = match device {
            Device::Cpu => net,
            device => DenseNet::from_bytes(&net.to_bytes()?, device)?,
        };
        Ok(Self { net, runner, classes, nanoseconds: AtomicU64::new(0) })
    }

    /// Seconds that passed in the network; the rest is the explainer's own.
    pub(super) fn seconds(&self) -> f64 {
        self.nanoseconds.load(Ordering::Relaxed) as f64 / 1e9
    }

    /// Runs the network on the context's threads, by the clock.
    fn timed<T: Send>(&self, ctx: &Ctx, work: impl FnOnce() -> eyepatch_nn::Result<T> + Send) -> Result<T> {
        ctx.check()?;
        let start = Instant::now();
        // A GPU's work belongs to the thread that asks for it.
        let found = if self.net.device().is_cpu() { ctx.install(work) } else { work() }.map_err(network);
        let spent = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(spent, Ordering::Relaxed);
        found
    }

    fn tensor(&self, batch: &Batch) -> Result<Tensor> {
        let shape = (batch.n, batch.channels, batch.height, batch.width);
        let values = batch.host_f32()?;
        Tensor::from_slice(&values, shape, self.net.device()).map_err(|e| network(e.into()))
    }
}

fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).map_err(|e| network(e.into()))
}

/// Images, channels, rows and columns; what is pooled has one row and column.
fn shape(tensor: &Tensor) -> [usize; 4] {
    let mut shape = [1; 4];
    shape.iter_mut().zip(tensor.dims()).for_each(|(side, found)| *side = *found);
    shape
}

impl Fitted for Asked {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn predict(&self, batch: &Batch, ctx: &Ctx) -> Result<Scores> {
        let size = (batch.height, batch.width);
        #[cfg(feature = "cuda")]
        if let Some(there) = eyepatch_device::values(batch) {
            let run = || self.runner.run_there(there, batch.n, size).transpose();
            if let Some(found) = self.timed(ctx, run)? {
                return Scores::new(self.classes.len(), OutputSpace::Logits, found.logits);
            }
        }
        let values = batch.host_f32()?;
        let found = self.timed(ctx, || self.runner.run(&values, batch.n, size))?;
        Scores::new(self.classes.len(), OutputSpace::Logits, found.logits)
    }

    fn device(&self) -> eyepatch_core::Device {
        cuda_index(self.net.device()).map_or(eyepatch_core::Device::Cpu, eyepatch_core::Device::Cuda)
    }

    fn save(&self, folder: &Path) -> Result<()> {
        self.net.save(&folder.join("weights.safetensors")).map_err(network)
    }

    fn activations(&self) -> Option<&dyn Activations> {
        Some(self)
    }

    fn gradients(&self) -> Option<&dyn Gradients> {
        Some(self)
    }
}

impl Activations for Asked {
    fn layers(&self) -> Vec<String> {
        self.net.activation_names()
    }

    fn activations(&self, layer: &str, batch: &Batch, ctx: &Ctx) -> Result<([usize; 4], Vec<f32>)> {
        let x = self.tensor(batch)?;
        let y = self.timed(ctx, || self.net.activations(&x, layer))?;
        Ok((shape(&y), values(&y)?))
    }

    fn activation_gradients(
        &self,
        layer: &str,
        batch: &Batch,
        class: usize,
        ctx: &Ctx,
    ) -> Result<LayerGradients> {
        let known = self.layers();
        if !known.iter().any(|name| name == layer) {
            let capability = format!("layer `{layer}`; it has: {}", known.join(", "));
            return Err(Error::Unsupported { what: "the network".into(), capability });
        }
        let x = self.tensor(batch)?;
        let found = self.timed(ctx, || self.net.activation_gradients(&x, layer, class))?;
        Ok(LayerGradients {
            shape: shape(&found.0),
            activations: values(&found.0)?,
            gradients: values(&found.1)?,
        })
    }
}

impl Gradients for Asked {
    fn input_gradient(&self, batch: &Batch, class: usize, ctx: &Ctx) -> Result<Vec<f32>> {
        let x = self.tensor(batch)?;
        values(&self.timed(ctx, || self.net.input_gradients(&x, class))?)
    }
}

impl Preprocess for Preparation {
    /// Of images with values from 0 to 1, as [`Preparation::levels`] makes them.
    fn batch(&self, images: &[Image]) -> Result<Batch> {
        let planes = images.iter().flat_map(|image| self.input(image)).collect();
        Batch::nchw(images.len(), self.channels, self.side, self.side, planes)
    }

    fn is_pointwise(&self) -> bool {
        true
    }
}
