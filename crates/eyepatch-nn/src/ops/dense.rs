//! A whole dense block as one operation (Huang et al. 2017, "Densely connected convolutional networks").
//!
//! Layer `i` computes `conv3x3(relu(bn(conv1x1(relu(bn(x_i))))))` and appends the result to its input. Here all
//! channels live in one buffer that layers append to, so nothing is concatenated, and the statistics of a channel,
//! which are the same for every layer that reads it, are taken once.

use super::chain::{Back, Dims, Output, Pool, Saved, Stage, Workspace, chain};
use super::conv::{Conv, ConvShape, Scratch};
use super::norm::{ChannelStats, GradientSums, Planes, activate, channels};
use candle_core::{Error, Result, Tensor};
use eyepatch_kernels::planes;
use std::sync::Arc;

/// What a dense block is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DenseBlockShape {
    /// Channels that enter the block.
    pub input: usize,
    /// Channels that each layer appends.
    pub growth: usize,
    /// Number of layers.
    pub layers: usize,
    /// Channels between the two convolutions of a layer.
    pub bottleneck: usize,
}

impl DenseBlockShape {
    /// Channels that leave the block.
    pub fn output(&self) -> usize {
        self.channels(self.layers)
    }

    /// Channels that layer `layer` reads.
    pub fn channels(&self, layer: usize) -> usize {
        self.input + layer * self.growth
    }

    /// Lengths of a layer's parameters: norm1 scale and shift, conv1, norm2 scale and shift, conv2.
    fn parts(&self, layer: usize) -> [usize; 6] {
        let (c, b) = (self.channels(layer), self.bottleneck);
        [c, c, b * c, b, b, self.growth * b * 9]
    }

    /// Number of parameters of all layers.
    pub fn parameters(&self) -> usize {
        (0..self.layers).map(|i| self.parts(i).iter().sum::<usize>()).sum()
    }
}

/// Statistics of a dense layer's two normalisations.
pub type LayerStats = [Arc<ChannelStats>; 2];

/// Where a dense block's normalisations take their statistics from.
#[derive(Debug, Clone)]
pub enum BlockStatistics {
    /// The batch at hand.
    Batch,
    /// Given for each layer, and held constant.
    Frozen(Vec<LayerStats>),
}

/// A dense block as a stage.
pub(super) struct Dense {
    pub(super) shape: DenseBlockShape,
    pub(super) statistics: BlockStatistics,
    pub(super) trainable: bool,
    pub(super) eps: f64,
}

/// Borrowed parameters of a layer, in the order of [`DenseBlockShape::parts`].
struct LayerParams<'a> {
    norm1: (&'a [f32], &'a [f32]),
    conv1: &'a [f32],
    norm2: (&'a [f32], &'a [f32]),
    conv2: Vec<f32>,
}

impl Dense {
    fn convs(&self, layer: usize, [_, _, h, w]: Dims) -> Result<[Conv; 2]> {
        let (c, b) = (self.shape.channels(layer), self.shape.bottleneck);
        let first = Conv::new((c, h, w), (b, 1), ConvShape { stride: 1, padding: 0 })?;
        let second = Conv::new((b, h, w), (self.shape.growth, 3), ConvShape { stride: 1, padding: 1 })?;
        Ok([first, second])
    }

    /// Where a layer's parameters begin.
    fn start(&self, layer: usize) -> usize {
        (0..layer).map(|i| self.shape.parts(i).iter().sum::<usize>()).sum()
    }

    fn layer_params<'a>(&self, layer: usize, second: &Conv, params: &'a [f32]) -> LayerParams<'a> {
        let mut rest = &params[self.start(layer)..];
        let [a, b, c, d, e, f] = self.shape.parts(layer).map(|len| {
            let (part, after) = rest.split_at(len);
            rest = after;
            part
        });
        LayerParams { norm1: (a, b), conv1: c, norm2: (d, e), conv2: second.pack(f) }
    }

    /// Layer by layer over the whole batch, because each layer needs the batch statistics of the one before.
    fn forward_batch(
        &self,
        dims: Dims,
        params: &[f32],
        mut y: Vec<f32>,
        keep: bool,
        pool: &mut Pool,
    ) -> Result<Output> {
        let [n, _, h, w] = dims;
        let (plane, b, total) = (h * w, self.shape.bottleneck, self.shape.output() * h * w);
        let all = Planes { n, stride: total, plane };
        let inner = Planes { n, stride: b * plane, plane };
        let (mut mean, mut var): (Vec<f32>, Vec<f32>) =
            (0..self.shape.input).map(|c| all.moments(&y, c)).unzip();
        let (mut saved, mut stats) = (Saved::default(), vec![]);
        let (mut work, mut scratch) = (pool.take(self.shape.output().max(b) * plane), Scratch::default());
        for layer in 0..self.shape.layers {
            let [first, second] = self.convs(layer, dims)?;
            let p = self.layer_params(layer, &second, params);
            let c = self.shape.channels(layer);
            let stats1 = ChannelStats { mean: mean.clone(), var: var.clone(), count: all.count() };
            let channels1 = channels(p.norm1, &stats1, self.eps);
            let mut middle = pool.take(n * b * plane);
            for (y, middle) in y.chunks_exact(total).zip(middle.chunks_exact_mut(b * plane)) {
                activate(y, &channels1, plane, &mut work);
                first.forward(&work[..c * plane], p.conv1, middle, &mut scratch)?;
            }
            let (mean2, var2) = (0..b).map(|i| inner.moments(&middle, i)).unzip();
            let stats2 = ChannelStats { mean: mean2, var: var2, count: all.count() };
            let channels2 = channels(p.norm2, &stats2, self.eps);
            for (y, middle) in y.chunks_exact_mut(total).zip(middle.chunks_exact(b * plane)) {
                activate(middle, &channels2, plane, &mut work);
                let new = &mut y[c * plane..(c + self.shape.growth) * plane];
                second.forward(&work[..b * plane], &p.conv2, new, &mut scratch)?;
            }
            for new in c..c + self.shape.growth {
                let (m, v) = all.moments(&y, new);
                mean.push(m);
                var.push(v);
            }
            stats.extend([Some(Arc::new(stats1)), Some(Arc::new(stats2))]);
            if keep {
                saved.buffers.push(middle);
                saved.channels.extend([channels1, channels2]);
            } else {
                pool.give(middle);
            }
        }
        pool.give(work);
        Ok(Output { y, saved, stats })
    }

    /// Sample by sample, so that everything stays in the cache.
    fn forward_frozen(
        &self,
        dims: Dims,
        params: &[f32],
        given: &[LayerStats],
        mut y: Vec<f32>,
        keep: bool,
        pool: &mut Pool,
    ) -> Result<Output> {
        let [n, _, h, w] = dims;
        let (plane, b, total) = (h * w, self.shape.bottleneck, self.shape.output() * h * w);
        let (mut layers, mut saved) = (Vec::with_capacity(given.len()), Saved::default());
        for (layer, [stats1, stats2]) in given.iter().enumerate() {
            let convs = self.convs(layer, dims)?;
            let p = self.layer_params(layer, &convs[1], params);
            let both = [channels(p.norm1, stats1, self.eps), channels(p.norm2, stats2, self.eps)];
            layers.push((convs, p, both));
            if keep {
                saved.buffers.push(pool.take(n * b * plane));
            }
        }
        let (mut work, mut scratch) = (pool.take(self.shape.output().max(b) * plane), Scratch::default());
        let mut passing = pool.take(b * plane);
        for (sample, y) in y.chunks_exact_mut(total).enumerate() {
            for (layer, ([first, second], p, [channels1, channels2])) in layers.iter().enumerate() {
                let (c, at) = (channels1.len(), sample * b * plane);
                let middle =
                    saved.buffers.get_mut(layer).map_or(&mut passing[..], |m| &mut m[at..at + b * plane]);
                activate(y, channels1, plane, &mut work);
                first.forward(&work[..c * plane], p.conv1, middle, &mut scratch)?;
                activate(middle, channels2, plane, &mut work);
                let new = &mut y[c * plane..(c + self.shape.growth) * plane];
                second.forward(&work[..b * plane], &p.conv2, new, &mut scratch)?;
            }
        }
        pool.give(work);
        pool.give(passing);
        saved.channels = layers.into_iter().flat_map(|(_, _, both)| both).collect();
        Ok(Output { y, saved, stats: vec![None; 2 * given.len()] })
    }
}

impl Stage for Dense {
    fn output(&self, dims: Dims) -> Result<Dims> {
        let [n, c, h, w] = dims;
        let stats_fit = match &self.statistics {
            BlockStatistics::Batch => true,
            BlockStatistics::Frozen(layers) => {
                let sizes = |[a, b]: &LayerStats| [a.mean.len(), a.var.len(), b.mean.len(), b.var.len()];
                let b = self.shape.bottleneck;
                let wanted =
                    (0..self.shape.layers).map(|i| [self.shape.channels(i), self.shape.channels(i), b, b]);
                layers.iter().map(sizes).eq(wanted)
            }
        };
        if c != self.shape.input || !stats_fit {
            return Err(Error::Msg(format!(
                "{:?} does not fit input {dims:?} or its statistics",
                self.shape
            )));
        }
        Ok([n, self.shape.output(), h, w])
    }

    fn parameters(&self) -> usize {
        self.shape.parameters()
    }

    fn trainable(&self) -> bool {
        self.trainable
    }

    fn unread(&self, want_dx: bool) -> usize {
        if want_dx { 0 } else { self.shape.input }
    }

    fn forward(&self, dims: Dims, x: &[f32], params: &[f32], keep: bool, pool: &mut Pool) -> Result<Output> {
        let [n, c, h, w] = dims;
        let total = self.shape.output() * h * w;
        let mut y = pool.take(n * total);
        for (x, y) in x.chunks_exact(c * h * w).zip(y.chunks_exact_mut(total)) {
            y[..x.len()].copy_from_slice(x);
        }
        match &self.statistics {
            BlockStatistics::Batch => self.forward_batch(dims, params, y, keep, pool),
            BlockStatistics::Frozen(stats) => self.forward_frozen(dims, params, stats, y, keep, pool),
        }
    }

    fn backward(&self, back: Back<'_>, pool: &mut Pool) -> Result<Option<Vec<f32>>> {
        let Back { dims, y, params, saved, mut g, mut dw, want_dx, .. } = back;
        let [n, _, h, w] = dims;
        let (plane, b, total) = (h * w, self.shape.bottleneck, self.shape.output() * h * w);
        let count = matches!(self.statistics, BlockStatistics::Batch).then_some(n * plane);
        let mut g_middle = pool.take(n * b * plane);
        let mut g_inputs = pool.take(n * total);
        let mut work = pool.take(self.shape.output().max(b) * plane);
        let (mut dz, mut scratch) = (pool.take(b * plane), Scratch::default());
        for layer in (0..self.shape.layers).rev() {
            let convs @ [first, second] = self.convs(layer, dims)?;
            let p = self.layer_params(layer, &second, params);
            let (channels1, channels2) = (&saved.channels[2 * layer], &saved.channels[2 * layer + 1]);
            let (c, middle) = (channels1.len(), &saved.buffers[layer]);
            let g_input = &mut g_inputs[..n * c * plane];
            let mut weights = dw.as_ref().map(|_| convs.map(|conv| vec![0f32; conv.weight_len()]));
            let (mut sums1, mut sums2) = (GradientSums::new(c), GradientSums::new(b));

            let samples = middle.chunks_exact(b * plane).zip(g_middle.chunks_exact_mut(b * plane));
            for ((middle, g_middle), g) in samples.zip(g.chunks_exact(total)) {
                let x = &mut work[..b * plane];
                activate(middle, channels2, plane, x);
                let dy = &g[c * plane..(c + self.shape.growth) * plane];
                let dw = weights.as_mut().map(|w| w[1].as_mut_slice());
                second.backward(x, &p.conv2, dy, Some(g_middle), dw, &mut scratch)?;
                sums2.mask(middle, channels2, plane, g_middle);
            }

            let into = sums2.coefficients(channels2, count);
            let samples = middle.chunks_exact(b * plane).zip(g_middle.chunks_exact(b * plane));
            let inputs = g_input.chunks_exact_mut(c * plane).zip(y.chunks_exact(total));
            for ((middle, g_middle), (g_input, y)) in samples.zip(inputs) {
                let pairs = middle.chunks_exact(plane).zip(g_middle.chunks_exact(plane));
                for (((x, g), dz), &(cg, cx, c0)) in pairs.zip(dz.chunks_exact_mut(plane)).zip(&into) {
                    planes::combine(g, x, cg, cx, c0, dz);
                }
                let x = &mut work[..c * plane];
                activate(y, channels1, plane, x);
                let dw = weights.as_mut().map(|w| w[0].as_mut_slice());
                first.backward(x, p.conv1, &dz, Some(g_input), dw, &mut scratch)?;
                sums1.mask(y, channels1, plane, g_input);
            }

            let into = sums1.coefficients(channels1, count);
            // Nobody asks for the gradient of the block's own input channels unless `want_dx`.
            let skip = self.unread(want_dx);
            let samples = g.chunks_exact_mut(total).zip(y.chunks_exact(total));
            for ((g, y), g_input) in samples.zip(g_input.chunks_exact(c * plane)) {
                let pairs =
                    g.chunks_exact_mut(plane).zip(y.chunks_exact(plane)).zip(g_input.chunks_exact(plane));
                for (((g, x), g_input), &(cg, cx, c0)) in pairs.zip(&into).skip(skip) {
                    planes::combine_add(g_input, x, cg, cx, c0, g);
                }
            }
            if let (Some(dw), Some([w1, w2])) = (dw.as_deref_mut(), weights) {
                let ((s1, t1), (s2, t2)) = (sums1.parameters(channels1), sums2.parameters(channels2));
                let parts = [s1, t1, first.unpack(w1), s2, t2, second.unpack(w2)];
                for (d, part) in dw[self.start(layer)..].iter_mut().zip(parts.iter().flatten()) {
                    *d = *part;
                }
            }
        }
        let dx = want_dx.then(|| {
            let input = self.shape.input * plane;
            let mut dx = pool.take(n * input);
            for (dx, g) in dx.chunks_exact_mut(input).zip(g.chunks_exact(total)) {
                dx.copy_from_slice(&g[..input]);
            }
            dx
        });
        for buffer in saved.buffers.into_iter().chain([g, g_middle, g_inputs, work, dz]) {
            pool.give(buffer);
        }
        Ok(dx)
    }
}

/// A dense block: `x` `[n, input, h, w]` to `[n, output, h, w]`, whose first channels are `x` itself. CPU, f32.
///
/// `params` is one vector: for each layer norm1 scale and shift, conv1, norm2 scale and shift, conv2, each flattened.
/// Returns the result and, with [`BlockStatistics::Batch`], the batch statistics of each layer's two normalisations.
/// Running averages are the caller's to keep.
///
/// # Errors
/// Shapes that do not fit, a tensor outside host memory, or another dtype.
pub fn dense_block(
    x: &Tensor,
    params: &Tensor,
    shape: DenseBlockShape,
    statistics: BlockStatistics,
    eps: f64,
) -> Result<(Tensor, Vec<Option<Arc<ChannelStats>>>)> {
    let stage = Dense { shape, statistics, trainable: params.track_op(), eps };
    chain(x, params, vec![Box::new(stage)], &Workspace::default())
}
