//! Every operation against the same thing composed from candle's own operations.

use super::*;
use crate::native;
use candle_core::{Device, Result, Tensor, Var};
use proptest::prelude::*;
use std::sync::Arc;

fn values(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..n).map(next).collect()
}

fn var(shape: &[usize], seed: u64) -> Var {
    let n = shape.iter().product();
    Var::from_tensor(&Tensor::from_vec(values(n, seed), shape, &Device::Cpu).unwrap()).unwrap()
}

/// Largest difference, relative to the largest value.
fn far(a: &Tensor, b: &Tensor) -> f32 {
    assert_eq!(a.dims(), b.dims());
    let (a, b) = (
        a.flatten_all().unwrap().to_vec1::<f32>().unwrap(),
        b.flatten_all().unwrap().to_vec1::<f32>().unwrap(),
    );
    let scale = b.iter().fold(1f32, |m, v| m.max(v.abs()));
    assert!(a.iter().chain(&b).all(|v| v.is_finite()));
    a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / scale
}

/// Runs both, weighs the outputs with fixed numbers, and compares outputs and gradients.
fn compare(vars: &[&Var], ours: impl Fn() -> Result<Tensor>, twin: impl Fn() -> Result<Tensor>) {
    let (a, b) = (ours().unwrap(), twin().unwrap());
    assert!(far(&a, &b) < 1e-5, "outputs differ by {}", far(&a, &b));
    let weights = var(a.dims(), 99);
    let grads =
        |y: &Tensor| (y * weights.as_detached_tensor()).unwrap().sum_all().unwrap().backward().unwrap();
    let (ga, gb) = (grads(&a), grads(&b));
    for (i, v) in vars.iter().enumerate() {
        let d = far(ga.get(v).unwrap(), gb.get(v).unwrap());
        assert!(d < 2e-5, "gradient {i} differs by {d}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn conv2d_matches_candle(
        n in 1usize..3, cin in 1usize..6, cout in 1usize..6, k in prop_oneof![Just(1usize), Just(2), Just(3), Just(5), Just(7)],
        stride in 1usize..4, padding in 0usize..4, extra in (0usize..9, 0usize..9), seed in any::<u64>(),
    ) {
        let (h, w) = (k + extra.0, k + extra.1);
        let (x, weight) = (var(&[n, cin, h, w], seed), var(&[cout, cin, k, k], seed ^ 7));
        let shape = ConvShape { stride, padding };
        compare(&[&x, &weight], || conv2d(&x, &weight, shape), || native::conv2d(&x, &weight, shape));
        // Pixels are not tracked: then the twin takes another way.
        let x = x.as_detached_tensor();
        compare(&[&weight], || conv2d(&x, &weight, shape), || native::conv2d(&x, &weight, shape));
    }

    #[test]
    fn bn_relu_matches_candle(
        n in 1usize..4, c in 1usize..4, h in 1usize..9, w in 2usize..9, batch in any::<bool>(), shift in -3f32..3.0, seed in any::<u64>(),
    ) {
        let x = Var::from_tensor(&(var(&[n, c, h, w], seed).as_tensor() + f64::from(shift)).unwrap()).unwrap();
        let (gamma, beta) = (var(&[c], seed ^ 1), var(&[c], seed ^ 2));
        let frozen = ChannelStats { mean: values(c, 5), var: values(c, 6).iter().map(|v| v.abs() + 0.1).collect(), count: 0 };
        let stats = if batch { Statistics::Batch } else { Statistics::Frozen(Arc::new(frozen)) };
        let eps = 1e-3;
        compare(
            &[&x, &gamma, &beta],
            || Ok(bn_relu(&x, &gamma, &beta, &stats, eps)?.0),
            || Ok(native::bn_relu(&x, &gamma, &beta, &stats, eps)?.0),
        );
        if batch {
            let ours = bn_relu(&x, &gamma, &beta, &stats, eps).unwrap().1.unwrap();
            let twin = native::bn_relu(&x, &gamma, &beta, &stats, eps).unwrap().1.unwrap();
            for (a, b) in ours.mean.iter().chain(&ours.var).zip(twin.mean.iter().chain(&twin.var)) {
                prop_assert!((a - b).abs() < 1e-5 * (1.0 + b.abs()));
            }
        }
    }

    #[test]
    fn pools_match_candle(n in 1usize..3, c in 1usize..4, h in 1usize..12, w in 1usize..12, seed in any::<u64>()) {
        let x = Var::from_tensor(&var(&[n, c, h, w], seed).abs().unwrap()).unwrap();
        compare(&[&x], || max_pool(&x), || native::max_pool(&x));
        compare(&[&x], || global_avg_pool(&x), || native::global_avg_pool(&x));
        if h > 1 && w > 1 {
            compare(&[&x], || avg_pool2(&x), || native::avg_pool2(&x));
        }
    }

    #[test]
    fn dense_block_matches_candle(
        n in 1usize..4, input in 1usize..5, growth in 1usize..4, layers in 1usize..4, bottleneck in 1usize..6,
        h in 2usize..7, w in 2usize..7, batch in any::<bool>(), seed in any::<u64>(),
    ) {
        let shape = DenseBlockShape { input, growth, layers, bottleneck };
        let (x, params) = (var(&[n, input, h, w], seed), var(&[shape.parameters()], seed ^ 3));
        let frozen = |c: usize| {
            let var = values(c, 6).iter().map(|v| v.abs() + 0.1).collect();
            Arc::new(ChannelStats { mean: values(c, 5), var, count: 0 })
        };
        let given: Vec<LayerStats> = (0..layers).map(|i| [frozen(shape.channels(i)), frozen(bottleneck)]).collect();
        let statistics = if batch { BlockStatistics::Batch } else { BlockStatistics::Frozen(given.clone()) };
        // A generous eps keeps the reference's own rounding small where a channel hardly varies.
        let eps = 0.1;
        let twin = || {
            let (mut y, mut at) = (x.as_tensor().clone(), 0);
            let mut take = |dims: &[usize]| {
                let len = dims.iter().product();
                at += len;
                params.narrow(0, at - len, len)?.reshape(dims)
            };
            for (i, given) in given.iter().enumerate().take(layers) {
                let c = shape.channels(i);
                let of = |k: usize| if batch { Statistics::Batch } else { Statistics::Frozen(given[k].clone()) };
                let (z, _) = native::bn_relu(&y, &take(&[c])?, &take(&[c])?, &of(0), eps)?;
                let z = native::conv2d(&z, &take(&[bottleneck, c, 1, 1])?, ConvShape { stride: 1, padding: 0 })?;
                let (z, _) = native::bn_relu(&z, &take(&[bottleneck])?, &take(&[bottleneck])?, &of(1), eps)?;
                let z = native::conv2d(&z, &take(&[growth, bottleneck, 3, 3])?, ConvShape { stride: 1, padding: 1 })?;
                y = Tensor::cat(&[&y, &z], 1)?;
            }
            Ok(y)
        };
        compare(&[&x, &params], || Ok(dense_block(&x, &params, shape, statistics.clone(), eps)?.0), twin);
    }
}

#[test]
fn frozen_inputs_and_weights_get_no_gradient() {
    let shape = ConvShape { stride: 2, padding: 3 };
    let (x, weight) = (var(&[2, 1, 16, 16], 1), var(&[3, 1, 7, 7], 2));
    let y = conv2d(&x.as_detached_tensor(), &weight, shape).unwrap();
    let grads = y.sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&weight).is_some() && grads.get(&x).is_none());
    let y = conv2d(&x, &weight.as_detached_tensor(), shape).unwrap();
    let grads = y.sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&x).is_some() && grads.get(&weight).is_none());
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    let x = var(&[1, 2, 4, 4], 1);
    let fits = ConvShape { stride: 1, padding: 0 };
    assert!(conv2d(&x, &var(&[1, 3, 1, 1], 2), fits).is_err());
    assert!(conv2d(&x, &var(&[1, 2, 5, 5], 2), fits).is_err());
    assert!(conv2d(&x, &var(&[1, 2, 1, 1], 2), ConvShape { stride: 0, padding: 0 }).is_err());
    assert!(bn_relu(&x, &var(&[3], 1), &var(&[3], 2), &Statistics::Batch, 1e-5).is_err());
    let shape = DenseBlockShape { input: 2, growth: 1, layers: 1, bottleneck: 2 };
    assert!(dense_block(&x, &var(&[5], 1), shape, BlockStatistics::Batch, 1e-5).is_err());
    assert!(
        dense_block(&x, &var(&[shape.parameters()], 1), shape, BlockStatistics::Frozen(vec![]), 1e-5)
            .is_err()
    );
    assert!(max_pool(&x.to_dtype(candle_core::DType::F64).unwrap()).is_err());
}
