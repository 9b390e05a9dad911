//! The network itself.

use super::config::{DenseNetConfig, Stem};
use super::layers::{Block, Layer, Norm, Transition, he_normal, linear_uniform};
use super::parts::{BatchStats, Mode, Tap};
use super::scope::FrozenNorm;
use crate::error::{NnError, Result};
use crate::ops::Workspace;
use candle_core::{Device, Tensor, Var};

/// Which operations run a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// [`crate::ops`]: CPU only, fast.
    Own,
    /// [`crate::native`]: candle's own operations, any device.
    Candle,
}

/// A DenseNet (Huang et al. 2017). Inputs are `[n, in_channels, h, w]`, outputs logits `[n, classes]`.
#[derive(Debug)]
pub struct DenseNet {
    pub(super) config: DenseNetConfig,
    pub(super) device: Device,
    pub(super) backend: Backend,
    pub(super) conv0: Var,
    pub(super) norm0: Norm,
    pub(super) stem_trainable: bool,
    pub(super) blocks: Vec<Block>,
    pub(super) classifier: (Var, Var),
    pub(super) head_trainable: bool,
    pub(super) frozen_norm: FrozenNorm,
    /// Memory of passes, used again.
    pub(super) workspace: Workspace,
}

impl DenseNet {
    /// A network with random weights, the same for the same seed, on `device`.
    ///
    /// Convolutions are normal after He et al. 2015, normalisations 1 and 0, the classifier PyTorch's default with
    /// bias 0: torchvision's initialisation with our own random numbers.
    ///
    /// # Errors
    /// [`NnError::Config`] for sizes that make no network.
    pub fn new(config: DenseNetConfig, seed: u64, device: &Device) -> Result<Self> {
        let mut net = Self::with(config, device, |name, shape| {
            he_normal(shape, seed, &format!("{name}.weight"), device)
        })?;
        net.draw_classifier(seed)?;
        Ok(net)
    }

    /// A network whose weights are zero: cheaper where they are about to be loaded.
    ///
    /// # Errors
    /// As [`DenseNet::new`].
    pub fn blank(config: DenseNetConfig, device: &Device) -> Result<Self> {
        let zero = |shape: &[usize]| Tensor::zeros(shape, candle_core::DType::F32, device);
        Self::with(config, device, |_, shape| Ok(Var::from_tensor(&zero(shape)?)?))
    }

    /// Draws the classifier's weights afresh, the same for the same seed as in [`DenseNet::new`]; its bias becomes 0.
    ///
    /// # Errors
    /// When they cannot be written to the device.
    pub fn draw_classifier(&mut self, seed: u64) -> Result<()> {
        let size = (self.config.classes, self.config.features());
        let weight = linear_uniform(size, seed, "classifier.weight", &self.device)?;
        let bias = Tensor::zeros(self.config.classes, candle_core::DType::F32, &self.device)?;
        self.classifier = (weight, Var::from_tensor(&bias)?);
        Ok(())
    }

    fn with(
        config: DenseNetConfig,
        device: &Device,
        conv: impl Fn(&str, &[usize]) -> Result<Var>,
    ) -> Result<Self> {
        config.check()?;
        let kernel = if config.stem == Stem::Large { 7 } else { 3 };
        let conv0 = conv("features.conv0", &[config.init_features, config.in_channels, kernel, kernel])?;
        let norm0 = Norm::new(config.init_features, device)?;
        let shapes = config.block_shapes();
        let mut blocks = Vec::with_capacity(shapes.len());
        for (i, shape) in shapes.iter().enumerate() {
            let mut layers = Vec::with_capacity(shape.layers);
            for j in 0..shape.layers {
                let name = format!("features.denseblock{}.denselayer{}", i + 1, j + 1);
                let (c, b) = (shape.channels(j), shape.bottleneck);
                layers.push(Layer {
                    norm1: Norm::new(c, device)?,
                    conv1: conv(&format!("{name}.conv1"), &[b, c, 1, 1])?,
                    norm2: Norm::new(b, device)?,
                    conv2: conv(&format!("{name}.conv2"), &[shape.growth, b, 3, 3])?,
                    trainable: true,
                });
            }
            let (norm, out) = (Norm::new(shape.output(), device)?, shape.output());
            let name = format!("features.transition{}.conv", i + 1);
            let last = i + 1 == shapes.len();
            let conv = if last { None } else { Some(conv(&name, &[out / 2, out, 1, 1])?) };
            blocks.push(Block { layers, after: Transition { norm, conv, trainable: true } });
        }
        let head = Tensor::zeros((config.classes, config.features()), candle_core::DType::F32, device)?;
        let head = Var::from_tensor(&head)?;
        let bias = Var::from_tensor(&Tensor::zeros(config.classes, candle_core::DType::F32, device)?)?;
        Ok(Self {
            backend: if device.is_cpu() { Backend::Own } else { Backend::Candle },
            device: device.clone(),
            conv0,
            norm0,
            stem_trainable: true,
            blocks,
            classifier: (head, bias),
            head_trainable: true,
            frozen_norm: FrozenNorm::Strict,
            workspace: Workspace::default(),
            config,
        })
    }

    /// Memory of its passes.
    pub(crate) fn workspace(&self) -> Workspace {
        self.workspace.clone()
    }

    /// The shape of this network.
    pub fn config(&self) -> &DenseNetConfig {
        &self.config
    }

    /// The device its parameters live on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Chooses the operations. [`Backend::Own`] needs the CPU; elsewhere the call has no effect.
    pub fn set_backend(&mut self, backend: Backend) {
        if self.device.is_cpu() {
            self.backend = backend;
        }
    }

    /// Says which parts learn; all do in a new network. The predicate gets `features.conv0` (with its norm),
    /// `features.denseblock1.denselayer1`, ..., `features.transition1`, ..., `features.norm5`, `classifier`. A part
    /// that does not learn keeps its weights; its running statistics are up to [`DenseNet::set_frozen_norm`].
    pub fn set_trainable(&mut self, part: impl Fn(&str) -> bool) {
        self.stem_trainable = part("features.conv0");
        let blocks = self.blocks.len();
        for (i, block) in self.blocks.iter_mut().enumerate() {
            for (j, layer) in block.layers.iter_mut().enumerate() {
                layer.trainable = part(&format!("features.denseblock{}.denselayer{}", i + 1, j + 1));
            }
            block.after.trainable = part(&Self::after_name(i, blocks));
        }
        self.head_trainable = part("classifier");
    }

    /// Name of what follows block `i` of `blocks`. torchvision calls the last norm `norm5` for any number of blocks.
    pub(super) fn after_name(i: usize, blocks: usize) -> String {
        if i + 1 == blocks { "features.norm5".to_owned() } else { format!("features.transition{}", i + 1) }
    }

    /// Logits `[n, classes]` with running statistics, without gradients for the parameters.
    ///
    /// # Errors
    /// [`NnError::Shape`] when `x` is not `[n, in_channels, h, w]` or is too small.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (_, logits, _) = self.pass(x, Mode::Eval, &mut |_, _| {})?;
        Ok(logits)
    }

    /// Logits and what candle needs for a backward pass; running statistics of trainable parts are updated, and of all
    /// parts with [`FrozenNorm::Published`].
    ///
    /// # Errors
    /// [`NnError::Shape`] as for [`DenseNet::forward`], or when a channel has a single value.
    pub fn forward_train(&mut self, x: &Tensor) -> Result<Tensor> {
        let (_, logits, stats) = self.pass(x, Mode::Train, &mut |_, _| {})?;
        self.update_norms(0, stats)?;
        Ok(logits)
    }

    /// Embeddings `[n, features]`: the last activations, averaged over the plane.
    ///
    /// # Errors
    /// As [`DenseNet::forward`].
    pub fn features(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.pass(x, Mode::Eval, &mut |_, _| {})?.0)
    }

    /// Names that [`DenseNet::activations`] knows, from the input to the output.
    pub fn activation_names(&self) -> Vec<String> {
        let stem = if self.config.stem == Stem::Large { "features.pool0" } else { "features.relu0" };
        let mut names = vec![stem.to_owned()];
        for i in 0..self.blocks.len() {
            names.push(format!("features.denseblock{}", i + 1));
            if i + 1 < self.blocks.len() {
                names.push(format!("features.transition{}", i + 1));
            }
        }
        names.extend(["features.pool".to_owned(), "classifier".to_owned()]);
        names
    }

    /// Activations of this name, one of [`DenseNet::activation_names`]: `[n, c, h, w]`, or `[n, c]` for
    /// `features.pool` and `classifier`.
    ///
    /// # Errors
    /// [`NnError::Config`] for a name that is not known; otherwise as [`DenseNet::forward`].
    pub fn activations(&self, x: &Tensor, name: &str) -> Result<Tensor> {
        let mut found = None;
        self.pass(x, Mode::Eval, &mut |at, y| {
            if at == name {
                found = Some(y.clone());
            }
        })?;
        found.ok_or_else(|| NnError::config("activation", name, "is not a layer of this network"))
    }

    pub(super) fn check_input(&self, x: &Tensor) -> Result<()> {
        let side = self.config.min_side();
        match x.dims() {
            &[_, c, h, w] if c == self.config.in_channels && h >= side && w >= side => Ok(()),
            got => Err(NnError::Shape {
                what: "network input".into(),
                got: got.to_vec(),
                expected: format!("[n, {}, h, w] with h and w at least {side}", self.config.in_channels),
            }),
        }
    }

    /// Embeddings, logits and batch statistics; `tap` sees every named activation.
    fn pass(&self, x: &Tensor, mode: Mode, tap: Tap<'_>) -> Result<(Tensor, Tensor, BatchStats)> {
        self.check_input(x)?;
        let mut inner = |name: &str, y: &Tensor| {
            // The embedding is told of flat, below.
            if name != "features.pool" {
                tap(name, y);
            }
        };
        let (pooled, stats) = self.run(x, &self.parts(mode, 0)?, &mut inner)?;
        let pooled = pooled.flatten_from(1)?;
        tap("features.pool", &pooled);
        let logits = self.classify(&pooled, mode)?;
        tap("classifier", &logits);
        Ok((pooled, logits, stats))
    }

    /// Logits of embeddings `[n, features]`.
    pub(super) fn classify(&self, pooled: &Tensor, mode: Mode) -> candle_core::Result<Tensor> {
        let [weight, bias] =
            [&self.classifier.0, &self.classifier.1].map(|v| Self::seen(v, mode, self.head_trainable));
        pooled.matmul(&weight.t()?)?.broadcast_add(&bias)
    }

    /// Moves running statistics, beginning after the first `skipped` normalisations.
    pub(super) fn update_norms(&mut self, skipped: usize, stats: BatchStats) -> Result<()> {
        for (norm, stats) in self.norms_mut().into_iter().skip(skipped).zip(stats) {
            if let Some(stats) = stats {
                norm.update(&stats)?;
            }
        }
        Ok(())
    }

    /// Normalisations in the order in which a pass meets them.
    pub(super) fn norms_mut(&mut self) -> Vec<&mut Norm> {
        let mut norms = vec![&mut self.norm0];
        for block in &mut self.blocks {
            for layer in &mut block.layers {
                norms.extend([&mut layer.norm1, &mut layer.norm2]);
            }
            norms.push(&mut block.after.norm);
        }
        norms
    }
}
