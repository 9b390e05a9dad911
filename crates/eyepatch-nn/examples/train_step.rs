//! CPU seconds of a training step of the small DenseNet, batch 32, for several image sizes.
//!
//! `cargo run --release -p eyepatch-nn --example train_step`
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use candle_core::{Device, Result, Tensor};
use eyepatch_nn::{Backend, DenseNet, DenseNetConfig};

/// CPU seconds of this process so far (Linux; elsewhere wall time would have to do).
fn cpu_seconds() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = |dir: std::fs::DirEntry| std::fs::read_to_string(dir.path().join("schedstat")).ok();
    let nanos = tasks.filter_map(spent).filter_map(|s| s.split(' ').next()?.parse::<f64>().ok());
    nanos.sum::<f64>() * 1e-9
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let slow = std::env::args().any(|a| a == "--candle");
    for side in [128, 96, 64] {
        let mut net = DenseNet::new(DenseNetConfig::small(1, 1), 1907, &Device::Cpu)?;
        if slow {
            net.set_backend(Backend::Candle);
        }
        let pixels: Vec<f32> = (0..32 * side * side).map(|i| ((i * 7919) % 1009) as f32 / 1009.0).collect();
        let x = Tensor::from_vec(pixels, (32, 1, side, side), &Device::Cpu)?;
        let mut times = Vec::new();
        for _ in 0..if slow { 3 } else { 12 } {
            let start = cpu_seconds();
            step(&mut net, &x)?;
            times.push(cpu_seconds() - start);
        }
        times.remove(0);
        times.sort_by(f64::total_cmp);
        println!("{side} px: median {:.3} s, least {:.3} s", times[times.len() / 2], times[0]);
    }
    Ok(())
}

fn step(net: &mut DenseNet, x: &Tensor) -> Result<()> {
    let logits = net.forward_train(x).map_err(candle_core::Error::wrap)?;
    let grads = logits.sqr()?.mean_all()?.backward()?;
    assert!(net.parameters().iter().all(|(_, var, _)| grads.get(var).is_some()));
    Ok(())
}
