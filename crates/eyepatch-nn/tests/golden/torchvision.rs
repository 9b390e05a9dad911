//! DenseNet-121, 161, 169 and 201 on the inference engine against torchvision: `generate_torchvision.py` made the results,
//! from weights and images of `formula.py`.

use super::formula::{self, images};
use super::{Golden, load, values};
use eyepatch_nn::infer::{Engine, Isa, Output};
use eyepatch_nn::{DenseNet, DenseNetConfig, Stem};

/// Largest difference of a logit. Logits lie within +-11, features below 20; torchvision itself is off by up to 6e-6 from double
/// precision.
const TOLERANCE: f32 = 1e-4;
/// On the portable path, which is slow, images with at most so many pixels in all are enough.
const PORTABLE_PIXELS: usize = 42_000;

fn network(name: &str, growth: usize, blocks: [usize; 4], init_features: usize) -> DenseNet {
    let blocks = blocks.to_vec();
    let stem = Stem::Large;
    let config =
        DenseNetConfig { in_channels: 3, classes: 14, growth, blocks, init_features, bn_size: 4, stem };
    formula::network(name, config).unwrap()
}

/// Largest difference; each expected row is the beginning of one of ours.
fn off(ours: &Output, golden: &Golden, key: &str) -> f32 {
    let expected = &golden[key];
    let (n, kept) = expected.dims2().unwrap();
    assert!(n == ours.shape[0] && kept <= ours.shape[1] && ours.shape[2..] == [1, 1], "{key}");
    let (rows, expected) = (ours.values.chunks_exact(ours.shape[1]), values(expected));
    let pairs = rows.zip(expected.chunks_exact(kept)).flat_map(|(a, b)| a.iter().zip(b));
    // NaN is larger than any tolerance.
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, |m, d| if d > m || d.is_nan() { d } else { m })
}

fn agrees(name: &str, growth: usize, blocks: [usize; 4], init_features: usize) {
    let golden = load("torchvision.safetensors");
    let graph = network(name, growth, blocks, init_features).graph().unwrap();
    let wanted = ["classifier", "features.pool"].map(|node| graph.find(node).unwrap());
    let prefix = format!("{name}.");
    let sizes: Vec<&str> =
        golden.keys().filter_map(|k| k.strip_prefix(&prefix)?.strip_suffix(".logits")).collect();
    assert!(sizes.len() >= 3, "{name}: {} sizes", sizes.len());
    for isa in Isa::available() {
        let engine = Engine::with_isa(&graph, &wanted, isa).unwrap();
        let mut worst = (0f32, 0f32);
        for size in &sizes {
            let numbers: Vec<usize> = size.split('x').map(|v| v.parse().unwrap()).collect();
            let [n, height, width] = numbers[..] else { panic!("{size}") };
            if isa == Isa::portable() && n * height * width > PORTABLE_PIXELS {
                continue;
            }
            let outputs = engine.run(&images(n, (height, width)), n, (height, width)).unwrap();
            let logits = off(&outputs[0], &golden, &format!("{name}.{size}.logits"));
            let features = off(&outputs[1], &golden, &format!("{name}.{size}.features"));
            assert!(
                logits < TOLERANCE && features < TOLERANCE,
                "DenseNet-{name}, {size}, {isa}: logits off by {logits:e}, features by {features:e}"
            );
            worst = (worst.0.max(logits), worst.1.max(features));
        }
        println!("DenseNet-{name}, {isa}: logits off by {:.1e}, features by {:.1e}", worst.0, worst.1);
        assert!(worst.0 > 0.0, "DenseNet-{name}, {isa}: nothing was compared");
    }
}

#[test]
fn densenet121_agrees_with_torchvision() {
    agrees("121", 32, [6, 12, 24, 16], 64);
}

#[test]
fn densenet161_agrees_with_torchvision() {
    agrees("161", 48, [6, 12, 36, 24], 96);
}

#[test]
fn densenet169_agrees_with_torchvision() {
    agrees("169", 32, [6, 12, 32, 32], 64);
}

#[test]
fn densenet201_agrees_with_torchvision() {
    agrees("201", 32, [6, 12, 48, 32], 64);
}
