//! Milliseconds of a training step on cached features: DenseNet-121 with the study's frozen part, batch 2, one thread.
//!
//! `cargo run --release -p eyepatch-nn --example tail_step`
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use candle_core::{Device, Tensor};
use eyepatch_nn::train::{Optimizer, OptimizerConfig, bce_with_logits};
use eyepatch_nn::{DenseNet, DenseNetConfig, densenet::Scope};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for (pixels, side) in [(512, 16), (224, 7)] {
        let mut net = DenseNet::new(DenseNetConfig::densenet121(3, 5), 1907, &Device::Cpu)?;
        net.set_scope(Scope::LastLayer);
        let len = 2 * 992 * side * side;
        let x: Vec<f32> = (0..len).map(|i| ((i * 7919) % 1009) as f32 / 1009.0).collect();
        let x = Tensor::from_vec(x, (2, 992, side, side), &Device::Cpu)?;
        let mut optimizer = Optimizer::new(OptimizerConfig::adam(0.0), 1e-4)?;
        let (mut times, mut parts) = (vec![], [vec![], vec![], vec![]]);
        for _ in 0..200 {
            let start = Instant::now();
            let logits = net.tail_forward_train(&x)?;
            let forward = start.elapsed();
            let loss = bce_with_logits(
                &logits.flatten_all()?.to_vec1()?,
                &[0., 1., 0., 1., 1., 0., 0., 1., 0., 1.],
            )?;
            let grads = loss.backward_from(&logits)?.backward()?;
            let backward = start.elapsed();
            optimizer.step(&net, &grads)?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            for (p, d) in parts.iter_mut().zip([forward, backward - forward, start.elapsed() - backward]) {
                p.push(d.as_secs_f64() * 1e3);
            }
        }
        let median = |v: &mut Vec<f64>| {
            v.sort_by(f64::total_cmp);
            v[v.len() / 2]
        };
        let [f, b, o] = parts.each_mut().map(median);
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        println!(
            "{pixels} px: median {:.2} ms, least {least:.2} (forward {f:.2}, backward {b:.2}, optimiser {o:.2})",
            median(&mut times)
        );
    }
    Ok(())
}
