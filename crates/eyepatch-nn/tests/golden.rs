//! Against PyTorch: each operation, and a small DenseNet with its gradients and optimiser steps.
//!
//! `golden/generate.py` made the data. Whole DenseNets against torchvision: `golden/torchvision.rs`.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

use candle_core::{Device, Tensor, Var};
use eyepatch_nn::densenet::{FrozenNorm, Scope};
use eyepatch_nn::ops::{self, ChannelStats, ConvShape, Statistics};
use eyepatch_nn::train::{
    Augmentation, Examples, Gradients, Optimizer, OptimizerConfig, Schedule, Targets, TrainConfig,
    bce_with_logits, rotate, train, weighted_bce_with_logits,
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

/// Networks, on either backend, after steps on the golden images.
fn steps(
    golden: &Golden,
    n: usize,
    optimizer: OptimizerConfig,
    set: impl Fn(&mut DenseNet),
) -> [DenseNet; 2] {
    [Backend::Own, Backend::Candle].map(|backend| {
        let mut net = network(golden, "init.");
        net.set_backend(backend);
        set(&mut net);
        let mut optimizer = Optimizer::new(optimizer, 1e-3).unwrap();
        for _ in 0..n {
            let logits = net.forward_train(&golden["x"]).unwrap();
            let loss = bce_with_logits(&values(&logits), &values(&golden["y"])).unwrap();
            let grads = loss.backward_from(&logits).unwrap().backward().unwrap();
            optimizer.step(&net, &grads).unwrap();
        }
        net
    })
}

#[test]
fn frozen_parts_stay_or_drift_as_in_pytorch() {
    let (golden, training) = (load("net.safetensors"), load("training.safetensors"));
    let adam = OptimizerConfig::adam(0.0);
    let layer = "features.denseblock2.denselayer3.";
    for (prefix, norm) in [("strict.", FrozenNorm::Strict), ("published.", FrozenNorm::Published)] {
        let nets = steps(&golden, 3, adam, |net| {
            net.set_scope(Scope::LastLayer);
            net.set_frozen_norm(norm);
        });
        for net in nets {
            compare_state(&net, &training, prefix, 2e-5);
            let bytes = net.to_bytes().unwrap();
            let state = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).unwrap();
            let bits = |t: &Tensor| values(t).into_iter().map(f32::to_bits).collect::<Vec<_>>();
            let start = golden.iter().filter_map(|(k, v)| Some((k.strip_prefix("init.")?, v)));
            for (name, before) in start.filter(|(_, v)| v.dtype() == candle_core::DType::F32) {
                let learns = name.starts_with(layer) || name.starts_with("classifier.");
                let moves = learns || (norm == FrozenNorm::Published && name.contains("running"));
                assert_eq!(bits(&state[name]) != bits(before), moves, "{prefix}{name}");
            }
        }
    }
}

#[test]
fn single_steps_are_as_close_to_pytorch_as_promised() {
    let golden = load("net.safetensors");
    let sgd = OptimizerConfig::Sgd { momentum: 0.9, weight_decay: 1e-2 };
    let mut net = network(&golden, "init.");
    let (_, _, grads) = step(&mut net, &golden, &mut Optimizer::new(sgd, 0.1).unwrap());
    let (mut compared, mut beyond) = (0, 0);
    for (name, var, _) in net.parameters() {
        let theirs = values(&golden[&format!("grad.{name}")]);
        let largest = theirs.iter().fold(0f32, |m, v| m.max(v.abs()));
        for (a, b) in values(&grads[&name]).iter().zip(&theirs) {
            let off = (a - b).abs();
            assert!(
                off <= 1e-7 + 1e-5 * largest,
                "gradient of {name}: {a:e}, not {b:e}, largest {largest:e}"
            );
            beyond += usize::from(off > 1e-7 + 1e-4 * b.abs());
        }
        for (a, b) in values(var).iter().zip(values(&golden[&format!("sgd.{name}")])) {
            assert!((a - b).abs() <= 1e-6, "{name} after SGD: {a}, not {b}");
            compared += 1;
        }
    }
    assert_eq!(compared, net.parameter_count());
    // PyTorch's own f32 gradients are beyond this, beside its f64 ones, in two places.
    assert!(beyond <= 4, "{beyond} of {compared} gradients differ by more than 1e-7 + 1e-4 of their size");

    // Where a gradient is nearly nothing, Adam's direction is rounding.
    let training = load("training.safetensors");
    for (optimizer, file, prefix) in [
        (OptimizerConfig::adam(1e-2), &golden, "adam."),
        (OptimizerConfig::adam_w(0.05), &training, "adamw."),
    ] {
        let nets = steps(&golden, 2, optimizer, |_| ());
        for (name, var, _) in nets.iter().flat_map(DenseNet::parameters) {
            let theirs = values(&file[&format!("{prefix}{name}")]);
            let grad = values(&golden[&format!("grad.{name}")]);
            for ((a, b), g) in values(var).iter().zip(&theirs).zip(&grad) {
                assert!(
                    g.abs() <= 1e-6 || (a - b).abs() <= 1e-5,
                    "{prefix}{name}: {a}, not {b}, gradient {g:e}"
                );
            }
        }
    }
}

#[test]
fn weighted_loss_and_clipping_agree_with_pytorch() {
    let (golden, training) = (load("net.safetensors"), load("training.safetensors"));
    let of = |key: &str| values(training.get(key).unwrap_or_else(|| panic!("{key}")));
    let weight = of("weighted.pos_weight");
    let loss = weighted_bce_with_logits(&of("weighted.logits"), &of("weighted.labels"), &weight).unwrap();
    assert!((loss.mean() - f64::from(of("weighted.loss")[0])).abs() < 1e-6, "{}", loss.mean());
    for (ours, theirs) in loss.gradient.iter().zip(of("weighted.gradient")) {
        assert!((ours / loss.terms as f32 - theirs).abs() < 1e-7);
    }

    let mut net = network(&golden, "init.");
    let logits = net.forward_train(&golden["x"]).unwrap();
    let loss = weighted_bce_with_logits(&values(&logits), &values(&golden["y"]), &weight).unwrap();
    let store = loss.backward_from(&logits).unwrap().backward().unwrap();
    let mut grads = Gradients::of(&net, &store).unwrap();
    let norm = grads.clip(0.25);
    assert!((norm - f64::from(of("clipped.norm")[0])).abs() < 1e-5 * norm, "{norm}");
    assert!(norm > 0.25 && (grads.norm() - 0.25).abs() < 1e-5);
    let before = grads.clone();
    grads.clip(1.0);
    assert_eq!(grads, before);
    let sgd = OptimizerConfig::Sgd { momentum: 0.0, weight_decay: 0.0 };
    Optimizer::new(sgd, 0.1).unwrap().apply(&net, &grads).unwrap();
    compare_state(&net, &training, "clip.", 1e-5);
}

#[test]
fn rotation_agrees_with_torchvision() {
    let training = load("training.safetensors");
    let mut turned = 0;
    for (key, theirs) in &training {
        let Some((name, degrees)) = key.strip_prefix("rotate.").and_then(|k| k.split_once('.')) else {
            continue;
        };
        let image = &training[&format!("rotate.{name}")];
        let (_, h, w) = image.dims3().unwrap();
        let mut ours = values(image);
        rotate(&mut ours, (h, w), degrees.parse().unwrap());
        for (a, b) in ours.iter().zip(values(theirs)) {
            assert!((a - b).abs() < 1e-5, "{key}: {a}, not {b}");
        }
        turned += 1;
    }
    assert_eq!(turned, 8);
}

/// Trains a little and returns a checksum of the weights.
fn trained_bits() -> u64 {
    let config = DenseNetConfig { blocks: vec![2, 2], ..DenseNetConfig::small(1, 1) };
    let mut net = DenseNet::new(config, 1907, &Device::Cpu).unwrap();
    let pixels: Vec<f32> = (0..12 * 64 * 64).map(|i| ((i * 7919) % 1009) as f32 / 1009.0).collect();
    let targets = Targets::Labels { classes: 1, values: (0..12).map(|i| (i % 2) as f32).collect() };
    let data = Examples::new(pixels, (1, 64, 64), targets).unwrap();
    let augmentation = Augmentation { rotation: 20.0, flip: 0.5, shift: 3, brightness: [0.9, 1.1] };
    let config = TrainConfig {
        schedule: Schedule::Cosine,
        augmentation,
        ..TrainConfig::new(2, 6, 1e-3, OptimizerConfig::adam(0.0))
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
