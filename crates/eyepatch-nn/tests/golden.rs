//! Against PyTorch: each operation, and a small DenseNet with its gradients and optimiser steps.
//!
//! `golden/generate.py` made the data. Whole DenseNets against torchvision: `golden/torchvision.rs`.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

use candle_core::{Device, Tensor, Var};
use eyepatch_nn::ops::{self, ChannelStats, ConvShape, Statistics};
use eyepatch_nn::train::{
    Augmentation, Examples, Optimizer, OptimizerConfig, Schedule, Targets, TrainConfig, bce_with_logits,
    train,
};
use eyepatch_nn::{Backend, DenseNet, DenseNetConfig, Stem};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

#[path = "golden/formula.rs"]
mod formula;
#[path = "golden/torchvision.rs"]
#[allow(clippy::print_stdout, reason = "says how far off it is, for whoever asks with --nocapture")]
mod torchvision;

type Golden = HashMap<String, Tensor>;

fn load(name: &str) -> Golden {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    candle_core::safetensors::load(path, &Device::Cpu).unwrap()
}

fn values(t: &Tensor) -> Vec<f32> {
    t.flatten_all().unwrap().to_vec1().unwrap()
}

/// Largest difference over the largest expected value (at least `floor`) is below `tolerance`.
fn close(what: &str, ours: &Tensor, theirs: &Tensor, tolerance: f32, floor: f32) {
    assert_eq!(ours.dims(), theirs.dims(), "{what}");
    let (a, b) = (values(ours), values(theirs));
    let scale = b.iter().fold(floor, |m, v| m.max(v.abs()));
    let worst = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / scale;
    assert!(worst < tolerance && a.iter().all(|v| v.is_finite()), "{what} differs by {worst:e}");
}

/// Compares output and gradients of an operation with the golden ones.
fn check(golden: &Golden, name: &str, inputs: &[&str], run: impl Fn(&[Var]) -> Tensor) {
    let get = |key: &str| &golden[&format!("{name}.{key}")];
    let vars: Vec<Var> = inputs.iter().map(|k| Var::from_tensor(get(k)).unwrap()).collect();
    let y = run(&vars);
    close(&format!("{name} output"), &y, get("y"), 2e-6, 1.0);
    let grads = (y * get("dy")).unwrap().sum_all().unwrap().backward().unwrap();
    for (key, var) in inputs.iter().zip(&vars) {
        close(&format!("{name} d{key}"), grads.get(var).unwrap(), get(&format!("d{key}")), 2e-6, 1.0);
    }
}

#[test]
fn operations_agree_with_pytorch() {
    let golden = load("ops.safetensors");
    for (name, stride, padding) in [
        ("conv_stem", 2, 3),
        ("conv_dense", 1, 1),
        ("conv_wide", 1, 1),
        ("conv_point", 1, 0),
        ("conv_odd", 3, 2),
    ] {
        let shape = ConvShape { stride, padding };
        check(&golden, name, &["x", "w"], |v| ops::conv2d(&v[0], &v[1], shape).unwrap());
    }
    let bn = |v: &[Var], stats: &Statistics| ops::bn_relu(&v[0], &v[1], &v[2], stats, 1e-5).unwrap().0;
    check(&golden, "bn_relu_train", &["x", "gamma", "beta"], |v| bn(v, &Statistics::Batch));
    let (mean, var) = (values(&golden["bn_relu_eval.mean"]), values(&golden["bn_relu_eval.var"]));
    let frozen = Statistics::Frozen(Arc::new(ChannelStats { mean, var, count: 0 }));
    check(&golden, "bn_relu_eval", &["x", "gamma", "beta"], |v| bn(v, &frozen));
    check(&golden, "max_pool", &["x"], |v| ops::max_pool(&v[0]).unwrap());
    check(&golden, "avg_pool", &["x"], |v| ops::avg_pool2(&v[0]).unwrap());
    check(&golden, "global_pool", &["x"], |v| ops::global_avg_pool(&v[0]).unwrap());
}

/// The network of the golden data, with weights that start with `prefix`.
fn network(golden: &Golden, prefix: &str) -> DenseNet {
    let blocks = vec![2, 3];
    let config = DenseNetConfig {
        in_channels: 2,
        classes: 2,
        growth: 4,
        blocks,
        init_features: 6,
        bn_size: 2,
        stem: Stem::Large,
    };
    let mut net = DenseNet::new(config, 0, &Device::Cpu).unwrap();
    let state: HashMap<&str, &Tensor> =
        golden.iter().filter_map(|(k, v)| Some((k.strip_prefix(prefix)?, v))).collect();
    net.load_bytes(&safetensors::serialize(state, None).unwrap()).unwrap();
    net
}

/// One training step; returns logits, loss and named gradients.
fn step(net: &mut DenseNet, golden: &Golden, optimizer: &mut Optimizer) -> (Tensor, f64, Golden) {
    let logits = net.forward_train(&golden["x"]).unwrap();
    let loss = bce_with_logits(&values(&logits), &values(&golden["y"])).unwrap();
    let grads = loss.backward_from(&logits).unwrap().backward().unwrap();
    let named = net.parameters().iter().map(|(k, v, _)| (k.clone(), grads.get(v).unwrap().clone())).collect();
    optimizer.step(net, &grads).unwrap();
    (logits, loss.mean(), named)
}

fn compare_state(net: &DenseNet, golden: &Golden, prefix: &str, tolerance: f32) {
    let ours = candle_core::safetensors::load_buffer(&net.to_bytes().unwrap(), &Device::Cpu).unwrap();
    let theirs: Vec<_> = golden.iter().filter_map(|(k, v)| Some((k.strip_prefix(prefix)?, v))).collect();
    assert!(theirs.len() > 50);
    for (name, value) in theirs {
        close(&format!("{prefix}{name}"), &ours[name], value, tolerance, 1e-2);
    }
}

#[test]
fn a_network_agrees_with_pytorch() {
    let golden = load("net.safetensors");
    for backend in [Backend::Own, Backend::Candle] {
        let mut net = network(&golden, "init.");
        net.set_backend(backend);
        let sgd = OptimizerConfig::Sgd { momentum: 0.9, weight_decay: 1e-2 };
        let mut optimizer = Optimizer::new(sgd, 0.1).unwrap();
        let (logits, loss, grads) = step(&mut net, &golden, &mut optimizer);
        close("logits", &logits, &golden["logits"], 5e-6, 1.0);
        assert!((loss - f64::from(values(&golden["loss"])[0])).abs() < 1e-6, "loss {loss}");
        assert_eq!(grads.len(), golden.keys().filter(|k| k.starts_with("grad.")).count());
        for (name, grad) in &grads {
            close(&format!("gradient of {name}"), grad, &golden[&format!("grad.{name}")], 2e-5, 1e-2);
        }
        compare_state(&net, &golden, "sgd.", 1e-5);

        let x = &golden["x"];
        close("eval logits", &net.forward(x).unwrap(), &golden["eval.logits"], 1e-5, 1.0);
        close("embedding", &net.features(x).unwrap(), &golden["eval.features"], 1e-5, 1.0);
        close("saliency", &net.input_gradients(x, 1).unwrap(), &golden["eval.input_gradient"], 2e-5, 1e-3);

        let mut net = network(&golden, "init.");
        net.set_backend(backend);
        let mut optimizer = Optimizer::new(OptimizerConfig::adam(1e-2), 1e-3).unwrap();
        step(&mut net, &golden, &mut optimizer);
        step(&mut net, &golden, &mut optimizer);
        compare_state(&net, &golden, "adam.", 1e-4);
    }
}

/// Trains a little and returns a checksum of the weights.
fn trained_bits() -> u64 {
    let config = DenseNetConfig { blocks: vec![2, 2], ..DenseNetConfig::small(1, 1) };
    let mut net = DenseNet::new(config, 1907, &Device::Cpu).unwrap();
    let pixels: Vec<f32> = (0..12 * 64 * 64).map(|i| ((i * 7919) % 1009) as f32 / 1009.0).collect();
    let targets = Targets::Labels { classes: 1, values: (0..12).map(|i| (i % 2) as f32).collect() };
    let data = Examples::new(pixels, (1, 64, 64), targets).unwrap();
    let config = TrainConfig {
        epochs: 2,
        batch: 6,
        learning_rate: 1e-3,
        optimizer: OptimizerConfig::adam(0.0),
        schedule: Schedule::Cosine,
        stopping: None,
        augmentation: Augmentation { flip: true, shift: 3, brightness: 0.1 },
    };
    train(&mut net, &data, Some(&data), &config, 5, &mut |_| ControlFlow::Continue(())).unwrap();
    net.to_bytes()
        .unwrap()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn same_bits_at_any_number_of_threads() {
    const CHILD: &str = "EYEPATCH_NN_TRAINED_BITS";
    if std::env::var_os(CHILD).is_some() {
        println!("bits={:016x}", trained_bits());
        return;
    }
    // candle reads the number of threads once a process, so each number gets a process.
    let run = |threads: &str| {
        let out = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "same_bits_at_any_number_of_threads", "--nocapture"])
            .env(CHILD, "1")
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        let at = text.find("bits=").unwrap_or_else(|| panic!("{text}"));
        text[at..at + 21].to_owned()
    };
    let one = run("1");
    assert_eq!(one, run("2"));
    assert_eq!(one, run("3"));
}
