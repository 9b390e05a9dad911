//! The frozen part that all trainings of an audit share.

use std::sync::OnceLock;

use eyepatch_core::{
    Batch, ContentHash, Ctx, Error as CoreError, Examples, Hasher, Result, Sharing, Trunk, View,
};
use eyepatch_nn::densenet::{Boundary, FrozenNorm, Scope};
use eyepatch_nn::estimate::flops;
use eyepatch_nn::infer::{Engine, Precision};
use eyepatch_nn::train::{Draw, Source, SourceError};
use eyepatch_nn::{DenseNet as Network, Device as NnDevice, NnError, Tensor};

use crate::error::core;
use crate::model::{device, speed};
use crate::params::{Augment, DenseNet};
use crate::start;

/// Changes when the same frozen weights give other features.
const REVISION: u32 = 1;
/// Images that go through the network at once: bounds memory, changes no result.
const AT_ONCE: usize = 32;

/// The frozen part of one set of parameters; weights are read when features are first asked for.
pub(crate) struct DenseNetTrunk {
    params: DenseNet,
    key: ContentHash,
    boundary: Boundary,
    runner: OnceLock<Runner>,
}

/// What computes features.
pub(crate) enum Runner {
    /// On the CPU.
    Engine(Engine),
    /// On another device.
    Network(Box<Network>),
}

impl Runner {
    /// Of a network with a frozen part.
    fn new(net: Network) -> eyepatch_nn::Result<Self> {
        if matches!(net.device(), NnDevice::Cpu) { Self::of(&net) } else { Ok(Self::Network(Box::new(net))) }
    }

    /// Of a network on the CPU with a frozen part.
    pub(crate) fn of(net: &Network) -> eyepatch_nn::Result<Self> {
        let boundary = net.boundary().map_err(|why| NnError::NoBoundary(why.to_string()))?;
        Ok(Self::Engine(engine(net, &[&boundary.node()])?))
    }

    /// Features of images `[n, c, side, side]`.
    pub(crate) fn features(&self, pixels: &[f32], [c, side]: [usize; 2], ctx: &Ctx) -> Result<Vec<f32>> {
        let size = c * side * side;
        let mut all = Vec::new();
        for images in pixels.chunks(size * AT_ONCE) {
            ctx.check()?;
            let n = images.len() / size;
            all.extend(self.some(images, n, c, side, ctx).map_err(core)?);
        }
        Ok(all)
    }

    fn some(
        &self,
        images: &[f32],
        n: usize,
        c: usize,
        side: usize,
        ctx: &Ctx,
    ) -> eyepatch_nn::Result<Vec<f32>> {
        match self {
            Self::Engine(engine) => {
                let outputs = ctx.install(|| engine.run(images, n, (side, side)))?;
                Ok(outputs.into_iter().flat_map(|o| o.values).collect())
            }
            Self::Network(net) => {
                let x = Tensor::from_slice(images, (n, c, side, side), net.device())?;
                Ok(net.trunk_forward(&x)?.flatten_all()?.to_vec1::<f32>()?)
            }
        }
    }
}

/// An engine for some nodes of the network.
pub(crate) fn engine(net: &Network, nodes: &[&str]) -> eyepatch_nn::Result<Engine> {
    let graph = net.graph()?;
    let find = |name: &&str| graph.find(name).ok_or_else(|| NnError::Weights(format!("no node {name}")));
    let nodes = nodes.iter().map(find).collect::<eyepatch_nn::Result<Vec<_>>>()?;
    Engine::new(&graph, &nodes, Precision::F32)
}

impl DenseNet {
    /// Whether audits may share the frozen part, and if so the part.
    pub(crate) fn sharing(&self, ctx: &Ctx) -> Result<Sharing> {
        if let Some(why) = self.refusal() {
            return Ok(Sharing::Refused(why.into()));
        }
        let trunk = self.shared(ctx)?;
        Ok(trunk.map_or(Sharing::Nothing, |trunk| Sharing::Trunk(Box::new(trunk))))
    }

    /// Why a frozen part may not be shared.
    fn refusal(&self) -> Option<&'static str> {
        if self.trainable == Scope::All {
            None
        } else if self.frozen_norm == FrozenNorm::Published {
            Some(
                "BatchNorm of frozen layers drifts (`frozen_norm` = published), so the trunk depends on the batch",
            )
        } else if self.augment != Augment::default() && self.views == 0 {
            Some("images are augmented afresh each epoch; give `views` a number to share the trunk")
        } else {
            None
        }
    }

    /// The frozen part, where there is one that may be shared.
    pub(crate) fn shared(&self, ctx: &Ctx) -> Result<Option<DenseNetTrunk>> {
        if self.trainable == Scope::All || self.refusal().is_some() {
            return Ok(None);
        }
        let net = self.network(1);
        let boundary = start::boundary(self).map_err(core)?;
        let weights = match &self.weights {
            Some(path) => start::hash(path)?.to_string(),
            None => format!("random {}", start::FROZEN_SEED),
        };
        let views =
            if self.trunk_views() > 1 { format!("{:?} {}", self.augment, self.views) } else { String::new() };
        let key = Hasher::new()
            .part("eyepatch/densenet trunk")
            .part(REVISION.to_le_bytes())
            .part(format!("{net:?} {:?} {} {:?}", self.trainable, self.size, self.order))
            .part(weights)
            .part(views)
            .part(format!("{:?}", ctx.device()))
            .finish();
        Ok(Some(DenseNetTrunk { params: self.clone(), key, boundary, runner: OnceLock::new() }))
    }

    /// Views of an image; 1 without augmentation.
    pub(crate) fn trunk_views(&self) -> usize {
        if self.augment == Augment::default() { 1 } else { self.views.max(1) }
    }
}

impl DenseNetTrunk {
    /// `(c, h, w)` of an image's features.
    pub(crate) fn feature_shape(&self) -> (usize, usize, usize) {
        let [c, h, w] = self.boundary.shape((self.params.size, self.params.size));
        (c, h, w)
    }

    fn runner(&self, ctx: &Ctx) -> Result<&Runner> {
        if let Some(runner) = self.runner.get() {
            return Ok(runner);
        }
        let net = start::network(&self.params, 1, 0, &device(ctx)?)?;
        let made = Runner::new(net).map_err(core)?;
        Ok(self.runner.get_or_init(|| made))
    }
}

impl Trunk for DenseNetTrunk {
    fn key(&self) -> ContentHash {
        self.key
    }

    fn shape(&self) -> Vec<usize> {
        let (c, h, w) = self.feature_shape();
        vec![c, h, w]
    }

    fn views(&self) -> usize {
        self.params.trunk_views()
    }

    fn features(&self, batch: &Batch, view: View<'_>, ctx: &Ctx) -> Result<Vec<f32>> {
        let (channels, side) = (self.params.channels, self.params.size);
        let (got, want) = ([batch.channels, batch.height, batch.width], [channels, side, side]);
        if got != want {
            return Err(CoreError::shape("network input", format!("{want:?}"), format!("{got:?}")));
        }
        let mut pixels = batch.host_f32()?;
        if let View::Augmented(seeds) = view {
            for (image, seed) in pixels.to_mut().chunks_exact_mut(channels * side * side).zip(seeds) {
                // The seed is the view's own; which number the view has does not matter any more.
                if let Some(mut rng) = Draw::View(1).rng(seed.to_u64(), 0) {
                    self.params.augment.apply(image, (channels, side, side), &mut rng);
                }
            }
        }
        self.runner(ctx)?.features(&pixels, [channels, side], ctx)
    }

    fn seconds(&self, images: usize) -> Option<f64> {
        let cost = flops(&self.params.network(1), (self.params.size, self.params.size));
        Some(speed()?.seconds(cost, 0, 0, images))
    }
}

/// Features of a part's examples, asked for whenever they are needed: whoever holds the examples keeps them.
pub(crate) struct Features<'a> {
    pub(crate) part: &'a dyn Examples,
    pub(crate) trunk: &'a DenseNetTrunk,
    /// Rows of the part that have a known label.
    pub(crate) rows: Vec<usize>,
    pub(crate) ctx: &'a Ctx,
}

impl Source for Features<'_> {
    fn read(&self, rows: &[usize], view: usize, into: &mut Vec<f32>) -> std::result::Result<(), SourceError> {
        let rows: Vec<usize> = rows.iter().map(|&r| self.rows[r]).collect();
        into.extend(self.part.features(self.trunk, &rows, view, self.ctx)?);
        Ok(())
    }
}
