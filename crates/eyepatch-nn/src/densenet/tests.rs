use super::*;
use crate::NnError;
use candle_core::{Device, Tensor};
use std::collections::BTreeMap;

fn config() -> DenseNetConfig {
    DenseNetConfig {
        growth: 3,
        blocks: vec![2, 3, 1],
        init_features: 5,
        bn_size: 2,
        ..DenseNetConfig::small(2, 3)
    }
}

fn images(n: usize, side: usize) -> Tensor {
    let pixels: Vec<f32> =
        (0..n * 2 * side * side).map(|i| ((i * 7919) % 1009) as f32 / 504.5 - 1.0).collect();
    Tensor::from_vec(pixels, (n, 2, side, side), &Device::Cpu).unwrap()
}

fn values(t: &Tensor) -> Vec<f32> {
    t.flatten_all().unwrap().to_vec1().unwrap()
}

fn far(a: &Tensor, b: &Tensor) -> f32 {
    assert_eq!(a.dims(), b.dims());
    let (a, b) = (values(a), values(b));
    let scale = b.iter().fold(0.1f32, |m, v| m.max(v.abs()));
    a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / scale
}

/// Logits and named gradients of a training pass.
fn train_pass(net: &mut DenseNet, x: &Tensor) -> (Tensor, BTreeMap<String, Tensor>) {
    let logits = net.forward_train(x).unwrap();
    let grads = logits.sqr().unwrap().sum_all().unwrap().backward().unwrap();
    let named =
        net.parameters().into_iter().filter_map(|(k, v, _)| Some((k, grads.get(v)?.clone()))).collect();
    (logits, named)
}

#[test]
fn one_operation_equals_candle_for_any_frozen_parts() {
    let frozen: [&[&str]; 5] = [
        &[],
        &["features.conv0"],
        &["features.denseblock1.denselayer1", "features.denseblock2.denselayer2", "features.transition1"],
        &[
            "features.conv0",
            "features.denseblock1.denselayer1",
            "features.denseblock1.denselayer2",
            "features.transition1",
        ],
        &["features.norm5", "classifier"],
    ];
    for stem in [Stem::Large, Stem::Small] {
        for frozen in frozen {
            let [mut own, mut twin] = [Backend::Own, Backend::Candle].map(|backend| {
                let mut net = DenseNet::new(DenseNetConfig { stem, ..config() }, 7, &Device::Cpu).unwrap();
                net.set_backend(backend);
                net.set_trainable(|part| !frozen.contains(&part));
                net
            });
            let side = if stem == Stem::Large { 31 } else { 9 };
            for pass in 0..2 {
                let ((a, ga), (b, gb)) =
                    (train_pass(&mut own, &images(3, side)), train_pass(&mut twin, &images(3, side)));
                assert!(far(&a, &b) < 1e-4, "{frozen:?}, pass {pass}: logits differ by {}", far(&a, &b));
                for (name, grad) in &gb {
                    let d = far(&ga[name], grad);
                    assert!(d < 1e-3, "{frozen:?}, pass {pass}: {name} differs by {d}");
                }
                // Parameters of frozen parts get no gradient, or a zero one.
                for (name, grad) in ga.iter().filter(|(name, _)| !gb.contains_key(*name)) {
                    assert!(values(grad).iter().all(|&v| v == 0.0), "{name}");
                }
            }
            let x = images(2, side);
            assert!(far(&own.forward(&x).unwrap(), &twin.forward(&x).unwrap()) < 1e-4);
            for name in own.activation_names() {
                let (a, b) = (own.activations(&x, &name).unwrap(), twin.activations(&x, &name).unwrap());
                assert!(far(&a, &b) < 1e-4, "{name}");
            }
            let (a, b) = (own.input_gradients(&x, 2).unwrap(), twin.input_gradients(&x, 2).unwrap());
            assert!(far(&a, &b) < 1e-3);
        }
    }
}

#[test]
fn frozen_parts_keep_weights_and_running_statistics() {
    let mut net = DenseNet::new(config(), 1, &Device::Cpu).unwrap();
    net.set_trainable(|part| part == "features.denseblock3.denselayer1" || part == "classifier");
    let before = candle_core::safetensors::load_buffer(&net.to_bytes().unwrap(), &Device::Cpu).unwrap();
    train_pass(&mut net, &images(4, 32));
    let after = candle_core::safetensors::load_buffer(&net.to_bytes().unwrap(), &Device::Cpu).unwrap();
    let mut moved: Vec<&str> = after
        .keys()
        .filter(|k| !k.ends_with("tracked") && values(&after[*k]) != values(&before[*k]))
        .map(String::as_str)
        .collect();
    moved.sort_unstable();
    let layer = "features.denseblock3.denselayer1";
    let mut expected: Vec<String> = ["norm1", "norm2"]
        .iter()
        .flat_map(|n| ["mean", "var"].map(|s| format!("{layer}.{n}.running_{s}")))
        .collect();
    expected.sort_unstable();
    assert_eq!(moved, expected);
}

#[test]
fn evaluation_changes_nothing_and_does_not_mix_samples() {
    let net = DenseNet::new(config(), 1, &Device::Cpu).unwrap();
    let before = net.to_bytes().unwrap();
    let x = images(3, 32);
    let all = net.forward(&x).unwrap();
    let one = net.forward(&x.narrow(0, 1, 1).unwrap()).unwrap();
    assert_eq!(values(&all.narrow(0, 1, 1).unwrap()), values(&one));
    assert_eq!(net.features(&x).unwrap().dims(), [3, net.config().features()]);
    assert_eq!(before, net.to_bytes().unwrap());
}

#[test]
fn input_gradients_match_finite_differences() {
    let mut net = DenseNet::new(config(), 5, &Device::Cpu).unwrap();
    train_pass(&mut net, &images(4, 32));
    let x = images(1, 32);
    let gradient = values(&net.input_gradients(&x, 1).unwrap());
    let logit = |v: Vec<f32>| {
        let x = Tensor::from_vec(v, x.shape(), &Device::Cpu).unwrap();
        f64::from(values(&net.forward(&x).unwrap())[1])
    };
    // Along the gradient itself, where rounding matters least.
    let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    let moved = |by: f64| {
        let step = |(v, g): (f32, &f32)| v + (by * f64::from(*g) / norm) as f32;
        values(&x).into_iter().zip(&gradient).map(step).collect::<Vec<f32>>()
    };
    let h = 3e-3;
    let slope = (logit(moved(h)) - logit(moved(-h))) / (2.0 * h);
    assert!((slope / norm - 1.0).abs() < 0.03, "{slope} {norm}");
}

#[test]
fn files_keep_everything_and_bad_ones_are_refused() {
    let mut net = DenseNet::new(config(), 1, &Device::Cpu).unwrap();
    train_pass(&mut net, &images(4, 32));
    let bytes = net.to_bytes().unwrap();
    let again = DenseNet::from_bytes(&bytes, &Device::Cpu).unwrap();
    assert_eq!(again.to_bytes().unwrap(), bytes);
    assert_eq!(again.config(), net.config());
    let x = images(2, 32);
    assert_eq!(values(&again.forward(&x).unwrap()), values(&net.forward(&x).unwrap()));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    net.save(&path).unwrap();
    assert_eq!(DenseNet::open(&path, &Device::Cpu).unwrap().to_bytes().unwrap(), bytes);
    let missing = DenseNet::open(&folder.path().join("none"), &Device::Cpu);
    assert!(matches!(missing, Err(NnError::Io { path, .. }) if path.ends_with("none")));

    for cut in [0, 7, 100, bytes.len() - 1] {
        assert!(
            matches!(DenseNet::from_bytes(&bytes[..cut], &Device::Cpu), Err(NnError::Refused(_))),
            "{cut}"
        );
    }
    let mut other = DenseNet::new(DenseNetConfig { growth: 4, ..config() }, 1, &Device::Cpu).unwrap();
    let untouched = other.to_bytes().unwrap();
    assert!(matches!(other.load_bytes(&bytes), Err(NnError::Misfit(_))));
    assert_eq!(other.to_bytes().unwrap(), untouched);
}

#[test]
fn snapshots_bring_back_weights_and_statistics() {
    let mut net = DenseNet::new(config(), 1, &Device::Cpu).unwrap();
    let (before, snapshot) = (net.to_bytes().unwrap(), net.snapshot().unwrap());
    let x = images(4, 32);
    train_pass(&mut net, &x);
    assert_ne!(net.to_bytes().unwrap(), before);
    net.restore(&snapshot).unwrap();
    assert_eq!(net.to_bytes().unwrap(), before);
}

#[test]
fn initialisation_follows_the_seed_and_he() {
    let net = |seed| DenseNet::new(DenseNetConfig::small(1, 1), seed, &Device::Cpu).unwrap();
    assert_eq!(net(3).to_bytes().unwrap(), net(3).to_bytes().unwrap());
    assert_ne!(net(3).to_bytes().unwrap(), net(4).to_bytes().unwrap());
    let net = net(3);
    let (_, conv, _) =
        net.parameters().into_iter().find(|(k, ..)| k.ends_with("denselayer8.conv2.weight")).unwrap();
    let w = values(conv);
    let variance = w.iter().map(|v| f64::from(v * v)).sum::<f64>() / w.len() as f64;
    assert!((variance / (2.0 / (48.0 * 9.0)) - 1.0).abs() < 0.1, "{variance}");
    assert_eq!(net.parameter_count(), 172_099);
}

#[test]
fn inputs_that_do_not_fit_are_errors() {
    let mut net = DenseNet::new(config(), 1, &Device::Cpu).unwrap();
    let x = |dims: &[usize]| Tensor::zeros(dims, candle_core::DType::F32, &Device::Cpu).unwrap();
    for dims in [&[1, 3, 32, 32][..], &[2, 32, 32], &[1, 2, 12, 32], &[1, 2, 32, 4]] {
        assert!(matches!(net.forward(&x(dims)), Err(NnError::Shape { .. })), "{dims:?}");
    }
    assert!(net.forward(&x(&[1, 2, 13, 13])).is_ok());
    assert!(
        matches!(net.forward_train(&x(&[1, 2, 13, 13])), Err(NnError::Shape { .. })),
        "one value a channel"
    );
    assert!(matches!(
        net.input_gradients(&x(&[1, 2, 32, 32]), 3),
        Err(NnError::Config { name: "class", .. })
    ));
    let unknown = net.activations(&x(&[1, 2, 32, 32]), "features.nothing");
    assert!(matches!(unknown, Err(NnError::Config { name: "activation", .. })));
}

#[test]
fn scopes_learn_what_they_say() {
    let mut net = DenseNet::new(DenseNetConfig::densenet121(3, 5), 1, &Device::Cpu).unwrap();
    let mut count = |scope| {
        net.set_scope(scope);
        (net.trainable_count(), net.boundary().map(|b| b.shape((512, 512))))
    };
    assert_eq!(count(Scope::All), (6_958_981, Err(NoBoundary::FirstLearns)));
    // The study's: its own count.
    assert_eq!(count(Scope::LastLayer), (171_205, Ok([992, 16, 16])));
    assert_eq!(count(Scope::Head), (5 * 1025, Ok([1024, 1, 1])));
    let (block, shape) = count(Scope::LastBlock);
    assert_eq!(shape, Ok([512, 16, 16]));
    assert!((171_205..6_958_981).contains(&block));
    assert_eq!(net.boundary().map(|b| b.shape((224, 200))), Ok([512, 7, 6]));
}

#[test]
fn a_trunk_and_a_tail_make_the_whole() {
    for scope in [Scope::LastBlock, Scope::LastLayer, Scope::Head] {
        for (stem, side) in [(Stem::Large, 35), (Stem::Small, 9)] {
            let mut net = DenseNet::new(DenseNetConfig { stem, ..config() }, 7, &Device::Cpu).unwrap();
            train_pass(&mut net, &images(4, side));
            net.set_scope(scope);
            let x = images(3, side);
            let features = net.trunk_forward(&x).unwrap();
            assert_eq!(features.dims()[1..], net.boundary().unwrap().shape((side, side)));
            assert_eq!(values(&net.tail_forward(&features).unwrap()), values(&net.forward(&x).unwrap()));
            let one = net.trunk_forward(&x.narrow(0, 1, 1).unwrap()).unwrap();
            assert_eq!(values(&features.narrow(0, 1, 1).unwrap()), values(&one));
            let wrong = features.narrow(1, 1, features.dims()[1] - 1).unwrap();
            assert!(matches!(net.tail_forward(&wrong), Err(NnError::Shape { .. })));
        }
    }
}

#[test]
fn parameter_gradients_match_finite_differences() {
    let x = images(3, 15);
    let weights: Vec<f32> = (0..9).map(|i| (i as f32 * 1.7).sin()).collect();
    let objective = |net: &mut DenseNet| {
        let logits = net.forward_train(&x).unwrap();
        let w = Tensor::from_slice(&weights, logits.shape(), &Device::Cpu).unwrap();
        (logits * w).unwrap().sum_all().unwrap()
    };
    for (scope, norm) in [
        (Scope::All, FrozenNorm::Strict),
        (Scope::LastBlock, FrozenNorm::Strict),
        (Scope::LastLayer, FrozenNorm::Published),
    ] {
        let mut net =
            DenseNet::new(DenseNetConfig { stem: Stem::Small, ..config() }, 3, &Device::Cpu).unwrap();
        net.set_scope(scope);
        net.set_frozen_norm(norm);
        let grads = objective(&mut net).backward().unwrap();
        let learning: Vec<_> =
            net.parameters().into_iter().filter(|p| p.2).map(|(name, var, _)| (name, var.clone())).collect();
        let mut compared = 0;
        for (name, var) in learning {
            let (start, grad) = (values(&var), values(grads.get(&var).unwrap()));
            let norm = grad.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
            if norm < 1e-2 {
                continue;
            }
            // Along the gradient itself, where rounding matters least.
            let mut at = |by: f64| {
                let moved = |(v, g): (&f32, &f32)| v + (by * f64::from(*g) / norm) as f32;
                let moved: Vec<f32> = start.iter().zip(&grad).map(moved).collect();
                var.set(&Tensor::from_vec(moved, var.shape(), &Device::Cpu).unwrap()).unwrap();
                f64::from(objective(&mut net).to_scalar::<f32>().unwrap())
            };
            let h = 2e-4;
            let slope = (at(h) - at(-h)) / (2.0 * h);
            at(0.0);
            assert!((slope / norm - 1.0).abs() < 0.05, "{scope:?} {name}: {slope}, not {norm}");
            compared += 1;
        }
        assert!(compared >= 6, "{scope:?}: {compared}");
    }
}

#[test]
fn equal_trunks_have_equal_digests_and_no_others() {
    let net = |classes, seed| {
        let mut net = DenseNet::new(DenseNetConfig { classes, ..config() }, seed, &Device::Cpu).unwrap();
        net.set_scope(Scope::LastLayer);
        net
    };
    let digest = |net: &DenseNet| net.trunk_digest().unwrap();
    let mut own = net(3, 1);
    let start = digest(&own);
    assert_eq!(digest(&net(5, 1)), start);
    assert_ne!(digest(&net(3, 2)), start);
    train_pass(&mut own, &images(4, 32));
    assert_eq!(digest(&own), start, "the tail's statistics are not the trunk's");
    own.set_scope(Scope::Head);
    let longer = digest(&own);
    assert_ne!(longer, start);
    own.set_frozen_norm(FrozenNorm::Published);
    assert!(matches!(own.trunk_digest(), Err(NnError::NoBoundary(_))));
    train_pass(&mut own, &images(4, 32));
    own.set_frozen_norm(FrozenNorm::Strict);
    assert_ne!(digest(&own), longer, "running statistics drifted");
}

#[test]
fn stages_are_drawn_anew_from_the_output_on() {
    let trained = {
        let mut net = DenseNet::new(config(), 1, &Device::Cpu).unwrap();
        // Running statistics move.
        net.forward_train(&images(4, 16)).unwrap();
        net
    };
    let fresh = DenseNet::new(config(), 2, &Device::Cpu).unwrap().state().unwrap();
    let learnt = trained.state().unwrap();
    let stages = trained.stages();
    assert_eq!(
        stages,
        [
            "classifier",
            "features.denseblock3",
            "features.denseblock2",
            "features.denseblock1",
            "features.conv0"
        ]
    );
    // What of the state belongs to each stage, written out.
    let of: [&[&str]; 5] = [
        &["classifier"],
        &["features.denseblock3", "features.norm5"],
        &["features.denseblock2", "features.transition2"],
        &["features.denseblock1", "features.transition1"],
        &["features.conv0", "features.norm0"],
    ];
    for some in 0..=stages.len() {
        let net = trained.redrawn(some, 2).unwrap();
        for (name, values) in net.state().unwrap() {
            let stage = of.iter().position(|names| names.iter().any(|n| name.starts_with(n))).unwrap();
            let expected = if stage < some { &fresh } else { &learnt };
            assert_eq!(values.data, expected[&name].data, "{name} with {some} stages");
        }
    }
    assert!(matches!(trained.redrawn(6, 2), Err(NnError::Config { name: "stages", .. })));
}
