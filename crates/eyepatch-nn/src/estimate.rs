//! What a network costs before it runs.

use crate::densenet::{DenseNet, DenseNetConfig, Stem};
use crate::error::{NnError, Result};
use crate::infer::{Engine, Precision};
use candle_core::{Device, Tensor};
use std::time::{Duration, Instant};

/// Floating-point operations of a network; a multiplication with its addition counts as two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flops {
    /// Of one image's forward pass: convolutions and classifier.
    pub forward: f64,
    /// Of one image's part in a training step: forward, weight gradients, and data gradients except the image's own.
    pub train: f64,
}

/// Operations of a DenseNet on images of `h` x `w` pixels. Normalisation, ReLU and pooling are not counted.
pub fn flops(config: &DenseNetConfig, (h, w): (usize, usize)) -> Flops {
    let halved = |(h, w): (usize, usize)| (h.div_ceil(2), w.div_ceil(2));
    let pixels = |(h, w): (usize, usize)| (h * w) as f64;
    let (kernel, conv_size, mut size) = match config.stem {
        Stem::Large => (7, halved((h, w)), halved(halved((h, w)))),
        Stem::Small => (3, (h, w), (h, w)),
    };
    let stem = pixels(conv_size) * (config.in_channels * config.init_features * kernel * kernel) as f64;
    let mut rest = 0.0;
    let shapes = config.block_shapes();
    for (i, shape) in shapes.iter().enumerate() {
        for layer in 0..shape.layers {
            let weights = shape.bottleneck * (shape.channels(layer) + 9 * shape.growth);
            rest += pixels(size) * weights as f64;
        }
        if i + 1 < shapes.len() {
            size = (size.0 / 2, size.1 / 2);
            rest += pixels(size) * (shape.output() * (shape.output() / 2)) as f64;
        }
    }
    rest += (config.features() * config.classes) as f64;
    Flops { forward: 2.0 * (stem + rest), train: 2.0 * (2.0 * stem + 3.0 * rest) }
}

/// Parameters of a network: what [`DenseNet::parameter_count`] says, without making one.
pub fn parameters(config: &DenseNetConfig) -> usize {
    let kernel = if config.stem == Stem::Large { 49 } else { 9 };
    let shapes = config.block_shapes();
    let blocks = shapes.iter().enumerate().map(|(i, shape)| {
        let out = shape.output();
        let conv = if i + 1 < shapes.len() { out * (out / 2) } else { 0 };
        shape.parameters() + 2 * out + conv
    });
    let stem = config.init_features * (config.in_channels * kernel + 2);
    stem + blocks.sum::<usize>() + config.classes * (config.features() + 1)
}

/// Speed of this machine on small DenseNets, one thread, in floating-point operations ([`Flops`]) a second.
///
/// It is measured on real passes, so the uncounted work is inside. Times are wall time: another program on the same
/// core makes the machine look slower.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed {
    /// Of forward passes of the inference engine.
    pub forward: f64,
    /// Of training steps.
    pub train: f64,
}

impl Speed {
    /// Measures for about 50 ms.
    ///
    /// # Errors
    /// When the small network it runs cannot be built; not expected.
    pub fn measure() -> Result<Self> {
        let config = DenseNetConfig { blocks: vec![2, 2], ..DenseNetConfig::small(1, 1) };
        let (batch, side) = (8, 64);
        let cost = flops(&config, (side, side));
        let mut net = DenseNet::new(config, 0, &Device::Cpu)?;
        let pixels = (0..batch * side * side).map(|i| (i % 251) as f32 / 251.0).collect::<Vec<_>>();
        let x = Tensor::from_vec(pixels, (batch, 1, side, side), &Device::Cpu)?;
        let train = median(Duration::from_millis(30), || {
            net.forward_train(&x)?.sum_all()?.backward()?;
            Ok(())
        })?;
        let speed = |flops: f64, seconds: f64| flops * batch as f64 / seconds;
        Ok(Self { forward: Self::of_engine()?, train: speed(cost.train, train) })
    }

    /// Operations a second of the engine that predicts, on a network of DenseNet-121's width.
    fn of_engine() -> Result<f64> {
        let config = DenseNetConfig { blocks: vec![2, 2], ..DenseNetConfig::densenet121(3, 1) };
        let side = 96;
        let cost = flops(&config, (side, side)).forward;
        let graph = DenseNet::new(config, 0, &Device::Cpu)?.graph()?;
        let output = graph.find("classifier").unwrap_or(graph.input());
        let engine = Engine::new(&graph, &[output], Precision::F32)?;
        let pixels: Vec<f32> = (0..3 * side * side).map(|i| (i % 251) as f32 / 251.0).collect();
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let alone = alone.map_err(|e| NnError::Weights(format!("no thread: {e}")))?;
        let run = || alone.install(|| engine.run(&pixels, 1, (side, side)).map(drop));
        Ok(cost / median(Duration::from_millis(15), run)?)
    }

    /// Seconds on one thread to train on `images` images for `epochs` epochs and predict `predictions` images.
    pub fn seconds(&self, cost: Flops, images: usize, epochs: usize, predictions: usize) -> f64 {
        cost.train * images as f64 * epochs as f64 / self.train
            + cost.forward * predictions as f64 / self.forward
    }
}

/// Median seconds of a call; calls go on for this long, after one to warm up.
fn median(budget: Duration, mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    call()?;
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.is_empty() || start.elapsed() < budget {
        let before = Instant::now();
        call()?;
        times.push(before.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2].max(1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_agree_with_hand_and_literature() {
        // torchvision gives 2.834 G multiply-adds for DenseNet-121 at 224 pixels, with each transition's convolution
        // before its mean; ours comes after it, at a quarter of the cost.
        let net = DenseNetConfig::densenet121(3, 1000);
        let moved: f64 =
            [(256, 56), (512, 28), (1024, 14)].map(|(c, s)| 0.75 * (c * c / 2 * s * s) as f64).iter().sum();
        let torchvision = flops(&net, (224, 224)).forward / 2.0 + moved;
        assert!((torchvision / 2.834e9 - 1.0).abs() < 0.01, "{torchvision}");
        let tiny = DenseNetConfig {
            blocks: vec![1],
            growth: 1,
            bn_size: 1,
            init_features: 1,
            ..DenseNetConfig::small(1, 1)
        };
        // 4 x 4: stem 2 x 2 x 49, block on 1 pixel 1 * (1 + 9), classifier 2.
        let cost = flops(&tiny, (4, 4));
        assert_eq!(cost.forward, 2.0 * (4.0 * 49.0 + 10.0 + 2.0));
        assert_eq!(cost.train, 2.0 * (2.0 * 4.0 * 49.0 + 3.0 * 12.0));
    }

    #[test]
    fn parameters_are_counted_without_a_network() {
        for config in
            [DenseNetConfig::small(1, 1), DenseNetConfig { stem: Stem::Small, ..DenseNetConfig::small(3, 4) }]
        {
            let net = DenseNet::new(config.clone(), 0, &Device::Cpu).unwrap();
            assert_eq!(parameters(&config), net.parameter_count());
        }
        assert_eq!(parameters(&DenseNetConfig::densenet121(3, 1000)), 7_978_856);
    }

    #[test]
    fn a_measured_speed_gives_a_time() {
        let speed = Speed::measure().unwrap();
        let cost = flops(&DenseNetConfig::small(1, 1), (64, 64));
        let seconds = speed.seconds(cost, 32, 1, 0);
        assert!(seconds > 1e-4 && seconds < 60.0, "{seconds}");
        assert!(speed.seconds(cost, 32, 2, 10) > 2.0 * seconds);
    }
}
