//! Batch normalisation fused with the ReLU that follows it (Ioffe and Szegedy 2015, algorithms 1 and 2).
//!
//! Forward: `y = max(a x + b, 0)` with `a = gamma / sqrt(var + eps)`, `b = beta - a mean`. With batch statistics the
//! backward takes into account that mean and variance depend on the batch; with frozen ones they are constants.

use super::host;
use candle_core::{CpuStorage, CustomOp3, Error, Layout, Result, Shape, Tensor};
use eyepatch_kernels::planes;
use std::sync::Arc;

/// Mean and variance of each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelStats {
    /// Means, one a channel.
    pub mean: Vec<f32>,
    /// Variances, one a channel: the biased estimate, divided by the number of values.
    pub var: Vec<f32>,
    /// Values behind each channel; 0 for statistics that do not come from a batch.
    pub count: usize,
}

impl ChannelStats {
    /// `1 / sqrt(var + eps)` of each channel.
    pub(super) fn inv_std(&self, eps: f64) -> Vec<f32> {
        self.var.iter().map(|&v| (1.0 / (f64::from(v) + eps).sqrt()) as f32).collect()
    }
}

/// Where normalisation takes its statistics from.
#[derive(Debug, Clone)]
pub enum Statistics {
    /// The batch at hand; gradients flow through mean and variance.
    Batch,
    /// Given, and held constant.
    Frozen(Arc<ChannelStats>),
}

/// A batch of planes: `n` samples `stride` elements apart, channels of `plane` elements one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planes {
    pub(super) n: usize,
    pub(super) stride: usize,
    pub(super) plane: usize,
}

impl Planes {
    pub(super) fn of<'a>(&self, x: &'a [f32], sample: usize, channel: usize) -> &'a [f32] {
        let at = sample * self.stride + channel * self.plane;
        &x[at..at + self.plane]
    }

    /// Values in a channel over the whole batch.
    pub(super) fn count(&self) -> usize {
        self.n * self.plane
    }

    /// Mean and biased variance of one channel, combined from exact per-plane moments (Chan et al. 1983).
    pub(super) fn moments(&self, x: &[f32], channel: usize) -> (f32, f32) {
        let parts: Vec<(f64, f64)> = (0..self.n).map(|i| planes::moments(self.of(x, i, channel))).collect();
        let (count, each) = (self.count() as f64, self.plane as f64);
        let mean = parts.iter().map(|p| p.0).sum::<f64>() / count;
        let between: f64 = parts.iter().map(|p| (p.0 / each - mean).powi(2) * each).sum();
        let within: f64 = parts.iter().map(|p| p.1).sum();
        (mean as f32, ((within + between) / count) as f32)
    }
}

/// Mean and biased variance of every channel of `[n, c, h, w]`.
///
/// # Errors
/// When `x` is not a four-dimensional f32 tensor in host memory, or has no values.
pub fn channel_stats(x: &Tensor) -> Result<ChannelStats> {
    let (n, c, h, w) = x.dims4()?;
    if n * h * w == 0 {
        return Err(Error::Msg(format!("no values to take statistics of in {:?}", x.dims())));
    }
    let planes = Planes { n, stride: c * h * w, plane: h * w };
    host::read(x, "channel-stats", |x| {
        let (mean, var) = (0..c).map(|channel| planes.moments(x, channel)).unzip();
        Ok(ChannelStats { mean, var, count: n * h * w })
    })
}

/// One channel's normalisation, ready for use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channel {
    pub(super) a: f32,
    pub(super) b: f32,
    pub(super) mean: f32,
    pub(super) inv_std: f32,
}

impl Channel {
    pub(super) fn new(gamma: f32, beta: f32, mean: f32, inv_std: f32) -> Self {
        let a = gamma * inv_std;
        Self { a, b: beta - mean * a, mean, inv_std }
    }

    /// `dx = cg g + cx x + c0`, from the sums over the batch of `g` and of `g (x - mean)`. `count` is `None` where the
    /// statistics are constants.
    pub(super) fn input_gradient(&self, sum: f64, moment: f64, count: Option<usize>) -> (f32, f32, f32) {
        let Some(count) = count else { return (self.a, 0.0, 0.0) };
        let (a, inv_std) = (f64::from(self.a), f64::from(self.inv_std));
        let cx = -a * inv_std * inv_std * moment / count as f64;
        let c0 = -a * sum / count as f64 - cx * f64::from(self.mean);
        (self.a, cx as f32, c0 as f32)
    }
}

/// The channels of a normalisation: scales and shifts with statistics.
pub(super) fn channels((gamma, beta): (&[f32], &[f32]), stats: &ChannelStats, eps: f64) -> Vec<Channel> {
    let inv_std = stats.inv_std(eps);
    let params = gamma.iter().zip(beta);
    params.zip(stats.mean.iter().zip(inv_std)).map(|((&g, &b), (&m, i))| Channel::new(g, b, m, i)).collect()
}

/// `out = relu(bn(x))` for the planes of one sample.
pub(super) fn activate(x: &[f32], channels: &[Channel], plane: usize, out: &mut [f32]) {
    for ((x, out), k) in x.chunks_exact(plane).zip(out.chunks_exact_mut(plane)).zip(channels) {
        planes::affine_relu(x, k.a, k.b, out);
    }
}

/// Sums over the batch that a normalisation's gradients are made of, for each channel: of `g`, and of `g (x - mean)`.
pub(super) struct GradientSums(Vec<(f64, f64)>);

impl GradientSums {
    pub(super) fn new(channels: usize) -> Self {
        Self(vec![(0.0, 0.0); channels])
    }

    /// Backward of [`activate`] as far as the ReLU, in place on one sample's `g`; adds to the sums.
    pub(super) fn mask(&mut self, x: &[f32], channels: &[Channel], plane: usize, g: &mut [f32]) {
        for (((x, g), k), s) in
            x.chunks_exact(plane).zip(g.chunks_exact_mut(plane)).zip(channels).zip(&mut self.0)
        {
            let (sum, moment) = planes::relu_backward(x, k.a, k.b, k.mean, g);
            s.0 += sum;
            s.1 += moment;
        }
    }

    /// Coefficients of the input's gradient, [`Channel::input_gradient`], for each channel.
    pub(super) fn coefficients(&self, channels: &[Channel], count: Option<usize>) -> Vec<(f32, f32, f32)> {
        channels.iter().zip(&self.0).map(|(k, s)| k.input_gradient(s.0, s.1, count)).collect()
    }

    /// Gradients of scale and shift.
    pub(super) fn parameters(&self, channels: &[Channel]) -> (Vec<f32>, Vec<f32>) {
        channels.iter().zip(&self.0).map(|(k, s)| ((s.1 * f64::from(k.inv_std)) as f32, s.0 as f32)).unzip()
    }
}

/// `g = cg g + cx x + c0` in place for the planes of one sample.
pub(super) fn finish(x: &[f32], coefficients: &[(f32, f32, f32)], plane: usize, g: &mut [f32]) {
    for ((x, g), &(cg, cx, c0)) in x.chunks_exact(plane).zip(g.chunks_exact_mut(plane)).zip(coefficients) {
        planes::combine_in_place(g, x, cg, cx, c0);
    }
}

struct BnRelu {
    stats: Arc<ChannelStats>,
    batch: bool,
    eps: f64,
}

impl BnRelu {
    fn channels(&self, gamma: &[f32], beta: &[f32]) -> Result<Vec<Channel>> {
        let sizes = [gamma.len(), beta.len(), self.stats.mean.len(), self.stats.var.len()];
        if sizes.iter().any(|&len| len != sizes[0]) {
            return Err(Error::Msg(format!(
                "bn_relu: lengths of scale, shift, mean, variance are {sizes:?}"
            )));
        }
        Ok(channels((gamma, beta), &self.stats, self.eps))
    }

    fn planes(&self, shape: &Shape) -> Result<(usize, Planes)> {
        let (n, c, h, w) = shape.dims4()?;
        if c != self.stats.mean.len() {
            return Err(Error::Msg(format!(
                "bn_relu: statistics of {} channels, {c} given",
                self.stats.mean.len()
            )));
        }
        Ok((c, Planes { n, stride: c * h * w, plane: h * w }))
    }
}

impl CustomOp3 for BnRelu {
    fn name(&self) -> &'static str {
        "eyepatch-bn-relu"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        gamma: &CpuStorage,
        gamma_layout: &Layout,
        beta: &CpuStorage,
        beta_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (c, planes) = self.planes(x_layout.shape())?;
        let x = host::slice(x, x_layout, self.name())?;
        let gamma = host::slice(gamma, gamma_layout, self.name())?;
        let channels = self.channels(gamma, host::slice(beta, beta_layout, self.name())?)?;
        let mut out = vec![0f32; x.len()];
        let sample = (c * planes.plane).max(1);
        for (x, out) in x.chunks_exact(sample).zip(out.chunks_exact_mut(sample)) {
            activate(x, &channels, planes.plane, out);
        }
        host::output(out, x_layout.shape().clone())
    }

    fn bwd(
        &self,
        x: &Tensor,
        gamma: &Tensor,
        beta: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (c, planes) = self.planes(x.shape())?;
        let channels =
            host::read(gamma, self.name(), |g| host::read(beta, self.name(), |b| self.channels(g, b)))?;
        let mut g = host::read(dy, self.name(), |dy| Ok(dy.to_vec()))?;
        let mut sums = GradientSums::new(c);
        host::read(x, self.name(), |x| {
            let sample = (c * planes.plane).max(1);
            for (x, g) in x.chunks_exact(sample).zip(g.chunks_exact_mut(sample)) {
                sums.mask(x, &channels, planes.plane, g);
            }
            let into = sums.coefficients(&channels, self.batch.then_some(planes.count()));
            for (x, g) in x.chunks_exact(sample).zip(g.chunks_exact_mut(sample)) {
                finish(x, &into, planes.plane, g);
            }
            Ok(())
        })?;
        let (scale, shift) = sums.parameters(&channels);
        let dx = x.track_op().then(|| host::tensor(g, x.shape())).transpose()?;
        Ok((dx, Some(host::tensor(scale, c)?), Some(host::tensor(shift, c)?)))
    }
}

/// `max(batch_norm(x), 0)` of `x` `[n, c, h, w]` with scale `gamma` `[c]` and shift `beta` `[c]`. CPU, f32.
///
/// Returns the result and, with [`Statistics::Batch`], the statistics of the batch. Running averages are the caller's
/// to keep: nothing is updated here, so a frozen layer stays frozen.
///
/// # Errors
/// Shapes that do not fit, a tensor outside host memory, or another dtype.
pub fn bn_relu(
    x: &Tensor,
    gamma: &Tensor,
    beta: &Tensor,
    statistics: &Statistics,
    eps: f64,
) -> Result<(Tensor, Option<Arc<ChannelStats>>)> {
    let x = x.contiguous()?;
    let (stats, batch) = match statistics {
        Statistics::Batch => (Arc::new(channel_stats(&x)?), true),
        Statistics::Frozen(stats) => (stats.clone(), false),
    };
    let op = BnRelu { stats: stats.clone(), batch, eps };
    let y = x.apply_op3(&gamma.contiguous()?, &beta.contiguous()?, op)?;
    Ok((y, batch.then_some(stats)))
}
