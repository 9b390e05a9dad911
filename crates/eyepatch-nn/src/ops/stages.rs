//! The stages of a DenseNet beside its dense blocks: stem, transition, and the pooled end.

use super::chain::{Back, Dims, Output, Pool, Saved, Stage};
use super::conv::{Conv, ConvShape, Scratch};
use super::norm::{Channel, ChannelStats, GradientSums, Planes, Statistics, activate, channels, finish};
use candle_core::{Error, Result};
use eyepatch_kernels::{planes, pool as max};
use std::sync::Arc;

/// A normalisation inside a stage.
pub(super) struct StageNorm {
    pub(super) statistics: Statistics,
    pub(super) eps: f64,
}

impl StageNorm {
    /// Channels ready for use, and the statistics if they come from this batch.
    fn prepare(
        &self,
        x: &[f32],
        at: Planes,
        params: (&[f32], &[f32]),
    ) -> (Vec<Channel>, Option<Arc<ChannelStats>>) {
        match &self.statistics {
            Statistics::Frozen(stats) => (channels(params, stats, self.eps), None),
            Statistics::Batch => {
                let (mean, var) = (0..params.0.len()).map(|c| at.moments(x, c)).unzip();
                let stats = ChannelStats { mean, var, count: at.count() };
                (channels(params, &stats, self.eps), Some(Arc::new(stats)))
            }
        }
    }

    fn check(&self, c: usize) -> Result<()> {
        match &self.statistics {
            Statistics::Frozen(stats) if stats.mean.len() != c || stats.var.len() != c => {
                Err(Error::Msg(format!("statistics of {} channels for {c}", stats.mean.len())))
            }
            _ => Ok(()),
        }
    }

    /// Values behind each statistic where gradients flow through it.
    fn count(&self, at: Planes) -> Option<usize> {
        matches!(self.statistics, Statistics::Batch).then_some(at.count())
    }
}

/// Convolution, normalisation, ReLU, and maximum pooling where `pool` is set. Parameters: weight, scale, shift.
pub(super) struct Stem {
    pub(super) input: usize,
    pub(super) output: usize,
    pub(super) kernel: usize,
    pub(super) shape: ConvShape,
    pub(super) pool: bool,
    pub(super) norm: StageNorm,
    pub(super) trainable: bool,
}

impl Stem {
    fn conv(&self, [_, c, h, w]: Dims) -> Result<Conv> {
        if c != self.input {
            return Err(Error::Msg(format!("{c} channels where the stem has {}", self.input)));
        }
        Conv::new((c, h, w), (self.output, self.kernel), self.shape)
    }

    fn split<'a>(&self, params: &'a [f32]) -> (&'a [f32], (&'a [f32], &'a [f32])) {
        let (weight, rest) = params.split_at(self.output * self.input * self.kernel * self.kernel);
        (weight, rest.split_at(self.output))
    }

    fn pooled(&self, (h, w): (usize, usize)) -> (usize, usize) {
        if self.pool { (max::max_pool_len(h), max::max_pool_len(w)) } else { (h, w) }
    }
}

impl Stage for Stem {
    fn output(&self, dims: Dims) -> Result<Dims> {
        let conv = self.conv(dims)?;
        self.norm.check(self.output)?;
        let (h, w) = self.pooled((conv.oh, conv.ow));
        Ok([dims[0], self.output, h, w])
    }

    fn parameters(&self) -> usize {
        self.output * (self.input * self.kernel * self.kernel + 2)
    }

    fn trainable(&self) -> bool {
        self.trainable
    }

    fn forward(&self, dims: Dims, x: &[f32], params: &[f32], keep: bool, pool: &mut Pool) -> Result<Output> {
        let conv = self.conv(dims)?;
        let (weight, norm) = self.split(params);
        let packed = conv.pack(weight);
        let (n, plane) = (dims[0], conv.oh * conv.ow);
        let at = Planes { n, stride: self.output * plane, plane };
        let mut z = pool.take(n * at.stride);
        let mut scratch = Scratch::default();
        for (x, z) in x.chunks_exact(x.len() / n).zip(z.chunks_exact_mut(at.stride)) {
            conv.forward(x, &packed, z, &mut scratch)?;
        }
        let (channels, stats) = self.norm.prepare(&z, at, norm);
        let (oh, ow) = self.pooled((conv.oh, conv.ow));
        let mut y = pool.take(n * self.output * oh * ow);
        let mut index = vec![0u8; if self.pool { y.len() } else { 0 }];
        if self.pool {
            let mut active = pool.take(plane);
            let outs = y.chunks_exact_mut(oh * ow).zip(index.chunks_exact_mut(oh * ow));
            for (i, (z, (y, index))) in z.chunks_exact(plane).zip(outs).enumerate() {
                let k = channels[i % self.output];
                planes::affine_relu(z, k.a, k.b, &mut active);
                max::max_pool(&active, (conv.oh, conv.ow), y, index);
            }
            pool.give(active);
        } else {
            for (z, y) in z.chunks_exact(at.stride).zip(y.chunks_exact_mut(at.stride)) {
                activate(z, &channels, plane, y);
            }
        }
        let mut saved = Saved::default();
        if keep {
            saved = Saved { buffers: vec![z], index, channels: vec![channels] };
        } else {
            pool.give(z);
        }
        Ok(Output { y, saved, stats: vec![stats] })
    }

    fn backward(&self, back: Back<'_>, pool: &mut Pool) -> Result<Option<Vec<f32>>> {
        let Back { dims, x, params, mut saved, g, dw, want_dx, .. } = back;
        let conv = self.conv(dims)?;
        let packed = conv.pack(self.split(params).0);
        let (n, plane) = (dims[0], conv.oh * conv.ow);
        let at = Planes { n, stride: self.output * plane, plane };
        let channels = &saved.channels[0];
        let mut dz = if self.pool {
            let mut dz = pool.take(n * at.stride);
            let len = g.len() / (n * self.output);
            let gradients = g.chunks_exact(len).zip(saved.index.chunks_exact(len));
            for ((g, index), dz) in gradients.zip(dz.chunks_exact_mut(plane)) {
                max::max_pool_backward(g, index, (conv.oh, conv.ow), dz);
            }
            pool.give(g);
            dz
        } else {
            g
        };
        let z = &saved.buffers[0];
        let mut sums = GradientSums::new(self.output);
        for (z, dz) in z.chunks_exact(at.stride).zip(dz.chunks_exact_mut(at.stride)) {
            sums.mask(z, channels, plane, dz);
        }
        let into = sums.coefficients(channels, self.norm.count(at));
        let len = x.len() / n;
        let mut dx = if want_dx { pool.take(x.len()) } else { vec![] };
        let mut weight = dw.as_ref().map(|_| vec![0f32; conv.weight_len()]);
        let mut scratch = Scratch::default();
        let samples = z.chunks_exact(at.stride).zip(dz.chunks_exact_mut(at.stride));
        for (i, ((z, dz), x)) in samples.zip(x.chunks_exact(len)).enumerate() {
            finish(z, &into, plane, dz);
            let dx = want_dx.then(|| &mut dx[i * len..(i + 1) * len]);
            conv.backward(x, &packed, dz, dx, weight.as_deref_mut(), &mut scratch)?;
        }
        if let (Some(dw), Some(weight)) = (dw, weight) {
            let (scale, shift) = sums.parameters(channels);
            write(dw, [conv.unpack(weight), scale, shift]);
        }
        pool.give(dz);
        saved.buffers.drain(..).for_each(|b| pool.give(b));
        Ok(want_dx.then_some(dx))
    }
}

fn write<const N: usize>(dw: &mut [f32], parts: [Vec<f32>; N]) {
    for (d, part) in dw.iter_mut().zip(parts.iter().flatten()) {
        *d = *part;
    }
}

/// Normalisation, ReLU, 2 x 2 mean, 1 x 1 convolution to half the channels. Parameters: scale, shift, weight.
///
/// The mean and the convolution commute; in this order the convolution is a quarter of the work.
pub(super) struct Shrink {
    pub(super) input: usize,
    pub(super) norm: StageNorm,
    pub(super) trainable: bool,
}

impl Shrink {
    fn conv(&self, [_, c, h, w]: Dims) -> Result<Conv> {
        Conv::new((c, h / 2, w / 2), (self.input / 2, 1), ConvShape { stride: 1, padding: 0 })
    }

    fn split<'a>(&self, params: &'a [f32]) -> ((&'a [f32], &'a [f32]), &'a [f32]) {
        let (norm, weight) = params.split_at(2 * self.input);
        (norm.split_at(self.input), weight)
    }
}

impl Stage for Shrink {
    fn output(&self, dims: Dims) -> Result<Dims> {
        let [n, c, h, w] = dims;
        self.norm.check(self.input)?;
        if c != self.input || h < 2 || w < 2 {
            return Err(Error::Msg(format!("transition of {} channels on {dims:?}", self.input)));
        }
        Ok([n, c / 2, h / 2, w / 2])
    }

    fn parameters(&self) -> usize {
        2 * self.input + self.input * (self.input / 2)
    }

    fn trainable(&self) -> bool {
        self.trainable
    }

    fn forward(&self, dims: Dims, x: &[f32], params: &[f32], keep: bool, pool: &mut Pool) -> Result<Output> {
        let [n, c, h, w] = dims;
        let (plane, small) = (h * w, (h / 2) * (w / 2));
        let at = Planes { n, stride: c * plane, plane };
        let (norm, weight) = self.split(params);
        let conv = self.conv(dims)?;
        let (channels, stats) = self.norm.prepare(x, at, norm);
        let mut means = pool.take(n * c * small);
        let mut y = pool.take(n * conv.cout * small);
        let (mut active, mut scratch) = (pool.take(plane), Scratch::default());
        let outs = means.chunks_exact_mut(c * small).zip(y.chunks_exact_mut(conv.cout * small));
        for (x, (means, y)) in x.chunks_exact(at.stride).zip(outs) {
            for ((x, mean), k) in x.chunks_exact(plane).zip(means.chunks_exact_mut(small)).zip(&channels) {
                planes::affine_relu(x, k.a, k.b, &mut active);
                planes::avg_pool2(&active, w, mean);
            }
            conv.forward(means, weight, y, &mut scratch)?;
        }
        pool.give(active);
        let mut saved = Saved::default();
        if keep {
            saved = Saved { buffers: vec![means], index: vec![], channels: vec![channels] };
        } else {
            pool.give(means);
        }
        Ok(Output { y, saved, stats: vec![stats] })
    }

    fn backward(&self, back: Back<'_>, pool: &mut Pool) -> Result<Option<Vec<f32>>> {
        let Back { dims, x, params, saved, g, dw, .. } = back;
        let [n, c, h, w] = dims;
        let (plane, small) = (h * w, (h / 2) * (w / 2));
        let at = Planes { n, stride: c * plane, plane };
        let conv = self.conv(dims)?;
        let weight = self.split(params).1;
        let (channels, means) = (&saved.channels[0], &saved.buffers[0]);
        let mut dx = pool.take(n * at.stride);
        let (mut d_means, mut scratch) = (pool.take(c * small), Scratch::default());
        let mut d_weight = dw.as_ref().map(|_| vec![0f32; conv.weight_len()]);
        let mut sums = GradientSums::new(c);
        let gradients = g.chunks_exact(conv.cout * small).zip(means.chunks_exact(c * small));
        for ((g, means), (x, dx)) in
            gradients.zip(x.chunks_exact(at.stride).zip(dx.chunks_exact_mut(at.stride)))
        {
            conv.backward(means, weight, g, Some(&mut d_means), d_weight.as_deref_mut(), &mut scratch)?;
            for (d, dx) in d_means.chunks_exact(small).zip(dx.chunks_exact_mut(plane)) {
                planes::avg_pool2_backward(d, w, dx);
            }
            sums.mask(x, channels, plane, dx);
        }
        let into = sums.coefficients(channels, self.norm.count(at));
        for (x, dx) in x.chunks_exact(at.stride).zip(dx.chunks_exact_mut(at.stride)) {
            finish(x, &into, plane, dx);
        }
        if let (Some(dw), Some(weight)) = (dw, d_weight) {
            let (scale, shift) = sums.parameters(channels);
            write(dw, [scale, shift, weight]);
        }
        saved.buffers.into_iter().chain([g, d_means]).for_each(|b| pool.give(b));
        Ok(Some(dx))
    }
}

/// Normalisation, ReLU and the mean over each plane. Parameters: scale, shift.
pub(super) struct Pooled {
    pub(super) input: usize,
    pub(super) norm: StageNorm,
    pub(super) trainable: bool,
}

impl Stage for Pooled {
    fn output(&self, dims: Dims) -> Result<Dims> {
        self.norm.check(self.input)?;
        match dims {
            [n, c, _, _] if c == self.input => Ok([n, c, 1, 1]),
            _ => Err(Error::Msg(format!("last normalisation of {} channels on {dims:?}", self.input))),
        }
    }

    fn parameters(&self) -> usize {
        2 * self.input
    }

    fn trainable(&self) -> bool {
        self.trainable
    }

    fn forward(&self, dims: Dims, x: &[f32], params: &[f32], keep: bool, pool: &mut Pool) -> Result<Output> {
        let [n, c, h, w] = dims;
        let at = Planes { n, stride: c * h * w, plane: h * w };
        let (channels, stats) = self.norm.prepare(x, at, params.split_at(c));
        let (mut y, mut active) = (pool.take(n * c), pool.take(at.plane));
        for (i, (x, y)) in x.chunks_exact(at.plane).zip(&mut y).enumerate() {
            let k = channels[i % c];
            planes::affine_relu(x, k.a, k.b, &mut active);
            *y = (planes::sum(&active) / at.plane as f64) as f32;
        }
        pool.give(active);
        let channels = if keep { vec![channels] } else { vec![] };
        Ok(Output { y, saved: Saved { channels, ..Saved::default() }, stats: vec![stats] })
    }

    fn backward(&self, back: Back<'_>, pool: &mut Pool) -> Result<Option<Vec<f32>>> {
        let Back { dims, x, saved, g, dw, unread, .. } = back;
        let [n, c, h, w] = dims;
        let at = Planes { n, stride: c * h * w, plane: h * w };
        let channels = &saved.channels[0];
        // The parameters' gradients need every channel.
        let first = if dw.is_some() { 0 } else { unread.min(c) };
        let (channels, skip) = (&channels[first..], first * at.plane);
        let mut dx = pool.take(x.len());
        let mut sums = GradientSums::new(channels.len());
        for (g, (x, dx)) in
            g.chunks_exact(c).zip(x.chunks_exact(at.stride).zip(dx.chunks_exact_mut(at.stride)))
        {
            let dx = &mut dx[skip..];
            for (g, dx) in g[first..].iter().zip(dx.chunks_exact_mut(at.plane)) {
                dx.fill(g / at.plane as f32);
            }
            sums.mask(&x[skip..], channels, at.plane, dx);
        }
        let into = sums.coefficients(channels, self.norm.count(at));
        for (x, dx) in x.chunks_exact(at.stride).zip(dx.chunks_exact_mut(at.stride)) {
            finish(&x[skip..], &into, at.plane, &mut dx[skip..]);
        }
        if let Some(dw) = dw {
            let (scale, shift) = sums.parameters(channels);
            write(dw, [scale, shift]);
        }
        pool.give(g);
        Ok(Some(dx))
    }
}
