//! The network itself.

use super::config::{DenseNetConfig, Stem};
use super::layers::{Block, EPS, Layer, Norm, Transition, he_normal, linear_uniform};
use crate::error::{NnError, Result};
use crate::native;
use crate::ops::{self, ChannelStats, ConvShape, DenseBlockShape, Learning, Part, Statistics, Workspace};
use candle_core::{Device, Tensor, Var};
use std::sync::Arc;

/// Which operations run a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// [`crate::ops`]: CPU only, fast.
    Own,
    /// [`crate::native`]: candle's own operations, any device.
    Candle,
}

/// What a forward pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Running statistics; the parameters get no gradients (the input does, where candle tracks it).
    Eval,
    /// Batch statistics and gradients in trainable parts; frozen parts as in [`Mode::Eval`].
    Train,
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
    /// Memory of passes, used again.
    workspace: Workspace,
}

/// A part of the network, the name of its result (empty inside a block), how it runs and its parameters.
struct NamedPart {
    name: String,
    part: Part,
    learning: Learning,
    params: Vec<Tensor>,
}

/// Statistics of the batch for every normalisation in the order of [`DenseNet::norms_mut`]; `None` where frozen.
type BatchStats = Vec<Option<Arc<ChannelStats>>>;

/// One forward pass: what it is for, what it has seen.
struct Pass<'a> {
    train: bool,
    stats: BatchStats,
    tap: &'a mut dyn FnMut(&str, &Tensor),
}

impl Pass<'_> {
    fn param(&self, var: &Var, trainable: bool) -> Tensor {
        if self.train && trainable { var.as_tensor().clone() } else { var.as_detached_tensor() }
    }

    fn conv(
        &self,
        x: &Tensor,
        weight: &Var,
        trainable: bool,
        shape: ConvShape,
    ) -> candle_core::Result<Tensor> {
        native::conv2d(x, &self.param(weight, trainable), shape)
    }

    fn norm_relu(&mut self, x: &Tensor, norm: &Norm, trainable: bool) -> candle_core::Result<Tensor> {
        let batch = self.train && trainable;
        let statistics = if batch { Statistics::Batch } else { Statistics::Frozen(norm.running.clone()) };
        let (weight, bias) = (self.param(&norm.weight, trainable), self.param(&norm.bias, trainable));
        let (y, stats) = native::bn_relu(x, &weight, &bias, &statistics, EPS)?;
        self.stats.push(stats);
        Ok(y)
    }

    /// What a part needs to run: its learning and its parameters, appended to `params`.
    fn part(
        &self,
        trainable: bool,
        norms: &[&Norm],
        vars: &[&Var],
        params: &mut Vec<Tensor>,
    ) -> candle_core::Result<Learning> {
        for var in vars {
            params.push(self.param(var, trainable).flatten_all()?);
        }
        let frozen = || Learning::Frozen(norms.iter().map(|n| n.running.clone()).collect());
        Ok(if self.train && trainable { Learning::Learns } else { frozen() })
    }
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
        config.check()?;
        let kernel = if config.stem == Stem::Large { 7 } else { 3 };
        let conv = |name: &str, shape: &[usize]| he_normal(shape, seed, &format!("{name}.weight"), device);
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
        let head = linear_uniform((config.classes, config.features()), seed, "classifier.weight", device)?;
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
            workspace: Workspace::default(),
            config,
        })
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
    /// that does not learn keeps its weights and its running statistics, and uses these also in training.
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

    /// Logits and what candle needs for a backward pass; running statistics of trainable parts are updated.
    ///
    /// # Errors
    /// [`NnError::Shape`] as for [`DenseNet::forward`], or when a channel has a single value.
    pub fn forward_train(&mut self, x: &Tensor) -> Result<Tensor> {
        let (_, logits, stats) = self.pass(x, Mode::Train, &mut |_, _| {})?;
        for (norm, stats) in self.norms_mut().into_iter().zip(stats) {
            if let Some(stats) = stats {
                norm.update(&stats)?;
            }
        }
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

    /// Gradient of the sum of one class's logits by the input, with running statistics: saliency, shaped like `x`.
    ///
    /// # Errors
    /// [`NnError::Config`] when there is no such class; otherwise as [`DenseNet::forward`].
    pub fn input_gradients(&self, x: &Tensor, class: usize) -> Result<Tensor> {
        if class >= self.config.classes {
            return Err(NnError::config("class", class, "must be below the number of classes"));
        }
        let x = Var::from_tensor(&x.contiguous()?.copy()?)?;
        let logits = self.forward(&x)?;
        let grads = logits.narrow(1, class, 1)?.sum_all()?.backward()?;
        let grad = grads.get(&x).cloned();
        grad.ok_or_else(|| NnError::Weights("the input does not reach the logits".into()))
    }

    fn check_input(&self, x: &Tensor) -> Result<()> {
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
    fn pass(
        &self,
        x: &Tensor,
        mode: Mode,
        tap: &mut dyn FnMut(&str, &Tensor),
    ) -> Result<(Tensor, Tensor, BatchStats)> {
        self.check_input(x)?;
        let mut pass = Pass { train: mode == Mode::Train, stats: vec![], tap };
        let pooled = match self.backend {
            Backend::Own => self.pass_own(x, &mut pass)?,
            Backend::Candle => self.pass_candle(x, &mut pass)?,
        };
        (pass.tap)("features.pool", &pooled);
        let weight = pass.param(&self.classifier.0, self.head_trainable);
        let bias = pass.param(&self.classifier.1, self.head_trainable);
        let logits = pooled.matmul(&weight.t()?)?.broadcast_add(&bias)?;
        (pass.tap)("classifier", &logits);
        Ok((pooled, logits, pass.stats))
    }

    /// Everything before the classifier as one operation where gradients flow; else part by part for the tap.
    fn pass_own(&self, x: &Tensor, pass: &mut Pass<'_>) -> candle_core::Result<Tensor> {
        let parts = self.parts(pass)?;
        let tracked = x.track_op() || parts.iter().any(|p| p.params.iter().any(Tensor::track_op));
        let run = |x: &Tensor, parts: &[NamedPart]| {
            let params: Vec<&Tensor> = parts.iter().flat_map(|p| &p.params).collect();
            let specs: Vec<(Part, Learning)> =
                parts.iter().map(|p| (p.part.clone(), p.learning.clone())).collect();
            ops::network(x, &Tensor::cat(&params, 0)?, &specs, EPS, &self.workspace)
        };
        if tracked {
            let (y, stats) = run(x, &parts)?;
            pass.stats = stats;
            return y.flatten_from(1);
        }
        let mut y = x.clone();
        for part in parts.chunk_by(|a, _| a.name.is_empty()) {
            let (next, stats) = run(&y, part)?;
            y = next;
            pass.stats.extend(stats);
            if let Some(last) = part.last().filter(|p| p.name != "features.pool") {
                (pass.tap)(&last.name, &y);
            }
        }
        y.flatten_from(1)
    }

    /// The parts in order, each with the name of its result.
    fn parts(&self, pass: &Pass<'_>) -> candle_core::Result<Vec<NamedPart>> {
        let mut parts = Vec::new();
        let c = &self.config;
        let (kernel, shape, pool) = match c.stem {
            Stem::Large => (7, ConvShape { stride: 2, padding: 3 }, true),
            Stem::Small => (3, ConvShape { stride: 1, padding: 1 }, false),
        };
        let vars = [&self.conv0, &self.norm0.weight, &self.norm0.bias];
        let mut params = vec![];
        let learning = pass.part(self.stem_trainable, &[&self.norm0], &vars, &mut params)?;
        let part = Part::Stem { input: c.in_channels, output: c.init_features, kernel, shape, pool };
        let name = if pool { "features.pool0" } else { "features.relu0" };
        parts.push(NamedPart { name: name.to_owned(), part, learning, params });
        for (i, (block, shape)) in self.blocks.iter().zip(c.block_shapes()).enumerate() {
            let mut done = 0;
            for run in block.layers.chunk_by(|a, b| a.trainable == b.trainable) {
                let norms: Vec<&Norm> = run.iter().flat_map(|l| [&l.norm1, &l.norm2]).collect();
                let of = |l: &'_ Layer| {
                    [&l.norm1.weight, &l.norm1.bias, &l.conv1, &l.norm2.weight, &l.norm2.bias, &l.conv2]
                        .map(Var::clone)
                };
                let vars: Vec<Var> = run.iter().flat_map(of).collect();
                let mut params = vec![];
                let learning =
                    pass.part(run[0].trainable, &norms, &vars.iter().collect::<Vec<_>>(), &mut params)?;
                let input = shape.channels(done);
                done += run.len();
                let whole = done == shape.layers;
                let name = if whole { format!("features.denseblock{}", i + 1) } else { String::new() };
                let part = Part::Dense(DenseBlockShape { input, layers: run.len(), ..shape });
                parts.push(NamedPart { name, part, learning, params });
            }
            let (after, input) = (&block.after, shape.output());
            let mut vars = vec![&after.norm.weight, &after.norm.bias];
            vars.extend(&after.conv);
            let mut params = vec![];
            let learning = pass.part(after.trainable, &[&after.norm], &vars, &mut params)?;
            let (part, name) = match after.conv {
                Some(_) => (Part::Shrink { input }, format!("features.transition{}", i + 1)),
                None => (Part::Pooled { input }, "features.pool".to_owned()),
            };
            parts.push(NamedPart { name, part, learning, params });
        }
        Ok(parts)
    }

    fn pass_candle(&self, x: &Tensor, pass: &mut Pass<'_>) -> candle_core::Result<Tensor> {
        let large = self.config.stem == Stem::Large;
        let shape =
            if large { ConvShape { stride: 2, padding: 3 } } else { ConvShape { stride: 1, padding: 1 } };
        let point = ConvShape { stride: 1, padding: 0 };
        let y = pass.conv(x, &self.conv0, self.stem_trainable, shape)?;
        let mut y = pass.norm_relu(&y, &self.norm0, self.stem_trainable)?;
        if large {
            y = native::max_pool(&y)?;
        }
        (pass.tap)(if large { "features.pool0" } else { "features.relu0" }, &y);
        for (i, block) in self.blocks.iter().enumerate() {
            for layer in &block.layers {
                let z = pass.norm_relu(&y, &layer.norm1, layer.trainable)?;
                let z = pass.conv(&z, &layer.conv1, layer.trainable, point)?;
                let z = pass.norm_relu(&z, &layer.norm2, layer.trainable)?;
                let z = pass.conv(&z, &layer.conv2, layer.trainable, ConvShape { stride: 1, padding: 1 })?;
                y = Tensor::cat(&[&y, &z], 1)?;
            }
            (pass.tap)(&format!("features.denseblock{}", i + 1), &y);
            let after = &block.after;
            y = pass.norm_relu(&y, &after.norm, after.trainable)?;
            if let Some(conv) = &after.conv {
                // The mean and the 1 x 1 convolution commute; this order is a quarter of the work.
                y = pass.conv(&native::avg_pool2(&y)?, conv, after.trainable, point)?;
                (pass.tap)(&format!("features.transition{}", i + 1), &y);
            }
        }
        native::global_avg_pool(&y)
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
