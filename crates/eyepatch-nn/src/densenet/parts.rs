//! A network as a list of parts, and running it.

use super::Backend;
use super::config::Stem;
use super::layers::{EPS, Layer, Norm};
use super::model::DenseNet;
use super::scope::FrozenNorm;
use crate::native;
use crate::ops::{self, ChannelStats, ConvShape, DenseBlockShape, Learning, Part};
use candle_core::{Tensor, TensorId, Var};
use std::collections::HashMap;
use std::sync::Arc;

/// What a forward pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Running statistics; the parameters get no gradients (the input does, where candle tracks it).
    Eval,
    /// Batch statistics and gradients in trainable parts; frozen parts as [`FrozenNorm`] says.
    Train,
}

/// A part of the network, the name of its result (empty inside a block), how it runs, its parameters, each flat.
pub(super) struct NamedPart {
    name: String,
    part: Part,
    learning: Learning,
    params: Vec<Tensor>,
}

/// A part of the network with what it holds.
pub(super) struct Slot<'a> {
    pub(super) name: String,
    pub(super) part: Part,
    pub(super) trainable: bool,
    pub(super) norms: Vec<&'a Norm>,
    pub(super) vars: Vec<&'a Var>,
}

/// Statistics of the batch for normalisations in the order of [`DenseNet::norms_mut`]; `None` where they are frozen.
pub(super) type BatchStats = Vec<Option<Arc<ChannelStats>>>;

/// Hears every named activation.
pub(super) type Tap<'a> = &'a mut dyn FnMut(&str, &Tensor);

impl DenseNet {
    /// A parameter as a pass sees it: tracked only where it learns.
    pub(super) fn seen(var: &Var, mode: Mode, trainable: bool) -> Tensor {
        if mode == Mode::Train && trainable { var.as_tensor().clone() } else { var.as_detached_tensor() }
    }

    /// Parts up to the pooled embedding from part `skip` on, ready to run.
    pub(super) fn parts(&self, mode: Mode, skip: usize) -> candle_core::Result<Vec<NamedPart>> {
        let slots = self.slots().into_iter().skip(skip);
        slots.map(|slot| self.ready(slot, mode)).collect()
    }

    fn ready(&self, slot: Slot<'_>, mode: Mode) -> candle_core::Result<NamedPart> {
        let Slot { name, part, trainable, norms, vars } = slot;
        let params: candle_core::Result<Vec<_>> =
            vars.iter().map(|var| Self::seen(var, mode, trainable).flatten_all()).collect();
        let learning = match (mode, trainable, self.frozen_norm) {
            (Mode::Train, true, _) => Learning::Learns,
            (Mode::Train, false, FrozenNorm::Published) => Learning::Drifts,
            _ => Learning::Frozen(norms.iter().map(|n| n.running.clone()).collect()),
        };
        Ok(NamedPart { name, part, learning, params: params? })
    }

    /// The parts in order, up to the pooled embedding. A block's layers are one part unless some learn and some do not.
    pub(super) fn slots(&self) -> Vec<Slot<'_>> {
        let c = &self.config;
        let (kernel, shape, pool) = match c.stem {
            Stem::Large => (7, ConvShape { stride: 2, padding: 3 }, true),
            Stem::Small => (3, ConvShape { stride: 1, padding: 1 }, false),
        };
        let mut slots = vec![Slot {
            name: if pool { "features.pool0" } else { "features.relu0" }.to_owned(),
            part: Part::Stem { input: c.in_channels, output: c.init_features, kernel, shape, pool },
            trainable: self.stem_trainable,
            norms: vec![&self.norm0],
            vars: vec![&self.conv0, &self.norm0.weight, &self.norm0.bias],
        }];
        for (i, (block, shape)) in self.blocks.iter().zip(c.block_shapes()).enumerate() {
            let mut done = 0;
            for run in block.layers.chunk_by(|a, b| a.trainable == b.trainable) {
                let input = shape.channels(done);
                done += run.len();
                let whole = done == shape.layers;
                slots.push(Slot {
                    name: if whole { format!("features.denseblock{}", i + 1) } else { String::new() },
                    part: Part::Dense(DenseBlockShape { input, layers: run.len(), ..shape }),
                    trainable: run[0].trainable,
                    norms: run.iter().flat_map(|l| [&l.norm1, &l.norm2]).collect(),
                    vars: run.iter().flat_map(Layer::vars).collect(),
                });
            }
            let (after, input) = (&block.after, shape.output());
            let mut vars = vec![&after.norm.weight, &after.norm.bias];
            vars.extend(&after.conv);
            let (part, name) = match after.conv {
                Some(_) => (Part::Shrink { input }, format!("features.transition{}", i + 1)),
                None => (Part::Pooled { input }, "features.pool".to_owned()),
            };
            slots.push(Slot { name, part, trainable: after.trainable, norms: vec![&after.norm], vars });
        }
        slots
    }

    /// Gradients of the last backward pass by parameter, where they go past candle.
    pub(crate) fn take_direct(&self) -> HashMap<TensorId, Vec<f32>> {
        let mut all = HashMap::new();
        let Some(mut flat) = self.workspace.take_gradients() else { return all };
        // The pass may have begun behind the first parts; it ended with the last.
        let vars: Vec<&Var> = self.slots().iter().flat_map(|slot| slot.vars.clone()).collect();
        for var in vars.into_iter().rev() {
            let Some(start) = flat.len().checked_sub(var.elem_count()) else { break };
            all.insert(var.id(), flat.split_off(start));
        }
        all
    }

    /// Runs parts one after the other; `tap` sees every named activation, unless gradients flow through our own
    /// operations, which then are one.
    pub(super) fn run(
        &self,
        x: &Tensor,
        parts: &[NamedPart],
        tap: Tap<'_>,
    ) -> candle_core::Result<(Tensor, BatchStats)> {
        match self.backend {
            Backend::Own => self.run_own(x, parts, tap),
            Backend::Candle => run_candle(x, parts, tap),
        }
    }

    fn run_own(
        &self,
        x: &Tensor,
        parts: &[NamedPart],
        tap: Tap<'_>,
    ) -> candle_core::Result<(Tensor, BatchStats)> {
        let run = |x: &Tensor, parts: &[NamedPart]| {
            let params: Vec<&Tensor> = parts.iter().flat_map(|p| &p.params).collect();
            let specs: Vec<(Part, Learning)> =
                parts.iter().map(|p| (p.part.clone(), p.learning.clone())).collect();
            let mut params = Tensor::cat(&params, 0)?;
            if self.workspace.is_direct() && params.track_op() {
                // A leaf of its own: its gradient goes past candle.
                params = Var::from_tensor(&params.detach())?.into_inner();
            }
            ops::network(x, &params, &specs, EPS, &self.workspace)
        };
        if !parts.is_empty() && (x.track_op() || parts.iter().any(|p| p.params.iter().any(Tensor::track_op)))
        {
            return run(x, parts);
        }
        let (mut y, mut all) = (x.clone(), vec![]);
        for part in parts.chunk_by(|a, _| a.name.is_empty()) {
            let (next, stats) = run(&y, part)?;
            y = next;
            all.extend(stats);
            if let Some(last) = part.last().filter(|p| !p.name.is_empty()) {
                tap(&last.name, &y);
            }
        }
        Ok((y, all))
    }
}

fn run_candle(x: &Tensor, parts: &[NamedPart], tap: Tap<'_>) -> candle_core::Result<(Tensor, BatchStats)> {
    let (mut y, mut all) = (x.clone(), vec![]);
    for p in parts {
        let (next, stats) = native::part(&y, &p.params, &p.part, &p.learning, EPS)?;
        y = next;
        all.extend(stats);
        if !p.name.is_empty() {
            tap(&p.name, &y);
        }
    }
    Ok((y, all))
}
