//! The parts of a DenseNet and what they hold.

use crate::error::{NnError, Result};
use crate::ops::ChannelStats;
use candle_core::{Device, Tensor, Var};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use std::sync::Arc;

/// Weight of new statistics in the running ones, as in PyTorch.
const MOMENTUM: f64 = 0.1;
/// Added to variances, as in PyTorch.
pub(super) const EPS: f64 = 1e-5;

/// A batch normalisation's parameters and running statistics.
#[derive(Debug)]
pub(super) struct Norm {
    pub(super) weight: Var,
    pub(super) bias: Var,
    pub(super) running: Arc<ChannelStats>,
    /// Batches that went into the running statistics.
    pub(super) batches: u64,
}

impl Norm {
    pub(super) fn new(channels: usize, device: &Device) -> Result<Self> {
        let weight = Var::from_tensor(&Tensor::ones(channels, candle_core::DType::F32, device)?)?;
        let bias = Var::from_tensor(&Tensor::zeros(channels, candle_core::DType::F32, device)?)?;
        let running = ChannelStats { mean: vec![0.0; channels], var: vec![1.0; channels], count: 0 };
        Ok(Self { weight, bias, running: Arc::new(running), batches: 0 })
    }

    /// Moves the running statistics towards those of a batch; the variance becomes the unbiased estimate.
    pub(super) fn update(&mut self, batch: &ChannelStats) -> Result<()> {
        if batch.count < 2 {
            let (got, expected) = (vec![batch.count], "at least two values a channel in training".into());
            return Err(NnError::Shape { what: "batch".into(), got, expected });
        }
        let unbiased = batch.count as f64 / (batch.count - 1) as f64;
        let blend = |old: &[f32], new: &[f32], scale: f64| {
            let mix = |(&o, &n): (&f32, &f32)| {
                ((1.0 - MOMENTUM) * f64::from(o) + MOMENTUM * scale * f64::from(n)) as f32
            };
            old.iter().zip(new).map(mix).collect()
        };
        self.running = Arc::new(ChannelStats {
            mean: blend(&self.running.mean, &batch.mean, 1.0),
            var: blend(&self.running.var, &batch.var, unbiased),
            count: 0,
        });
        self.batches += 1;
        Ok(())
    }
}

/// A dense layer.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) norm1: Norm,
    pub(super) conv1: Var,
    pub(super) norm2: Norm,
    pub(super) conv2: Var,
    pub(super) trainable: bool,
}

impl Layer {
    /// Parameters in the order in which [`crate::ops::dense_block`] takes them.
    pub(super) fn vars(&self) -> [&Var; 6] {
        let (a, b) = (&self.norm1, &self.norm2);
        [&a.weight, &a.bias, &self.conv1, &b.weight, &b.bias, &self.conv2]
    }
}

/// A normalisation, where it is the last one of the network, or with the 1 x 1 convolution of a transition.
#[derive(Debug)]
pub(super) struct Transition {
    pub(super) norm: Norm,
    pub(super) conv: Option<Var>,
    pub(super) trainable: bool,
}

/// A dense block and what follows it.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) layers: Vec<Layer>,
    pub(super) after: Transition,
}

/// Random numbers for the parameter of this name: a stream of its own, whatever the order of construction.
fn stream(seed: u64, name: &str) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // FNV-1a, 64 bit.
    rng.set_stream(
        name.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)),
    );
    rng
}

/// Uniform in (0, 1].
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    ((rng.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64
}

/// A convolution's weights: normal with variance `2 / fan_in` (He et al. 2015), by Box and Muller's transform.
pub(super) fn he_normal(shape: &[usize], seed: u64, name: &str, device: &Device) -> Result<Var> {
    let mut rng = stream(seed, name);
    let fan_in: usize = shape[1..].iter().product();
    let std = (2.0 / fan_in as f64).sqrt();
    let mut normal = || {
        let (u, v) = (uniform(&mut rng), uniform(&mut rng));
        ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos() * std) as f32
    };
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| normal()).collect();
    Ok(Var::from_tensor(&Tensor::from_vec(values, shape, device)?)?)
}

/// A linear layer's weights: uniform in +- 1 / sqrt(fan_in), PyTorch's default.
pub(super) fn linear_uniform(shape: (usize, usize), seed: u64, name: &str, device: &Device) -> Result<Var> {
    let mut rng = stream(seed, name);
    let bound = 1.0 / (shape.1 as f64).sqrt();
    let mut value = |_| ((2.0 * uniform(&mut rng) - 1.0) * bound) as f32;
    let values: Vec<f32> = (0..shape.0 * shape.1).map(&mut value).collect();
    Ok(Var::from_tensor(&Tensor::from_vec(values, shape, device)?)?)
}
