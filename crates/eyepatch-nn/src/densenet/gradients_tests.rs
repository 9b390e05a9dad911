use super::*;
use crate::densenet::{Backend, DenseNetConfig, Stem};
use candle_core::Device;

const CLASS: usize = 2;

fn pseudo(n: usize, step: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * step) % 1009) as f32 / 504.5 - 1.0).collect()
}

fn tensor(values: Vec<f32>, shape: &[usize]) -> Tensor {
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn values(t: &Tensor) -> Vec<f32> {
    t.flatten_all().unwrap().to_vec1().unwrap()
}

fn images(n: usize) -> Tensor {
    tensor(pseudo(n * 2 * 31 * 29, 7919), &[n, 2, 31, 29])
}

/// A network whose normalisations have seen data.
fn network(stem: Stem, backend: Backend) -> DenseNet {
    let blocks = vec![2, 3, 1];
    let config = DenseNetConfig {
        growth: 3,
        blocks,
        init_features: 5,
        bn_size: 2,
        stem,
        ..DenseNetConfig::small(2, 3)
    };
    let mut net = DenseNet::new(config, 7, &Device::Cpu).unwrap();
    net.set_backend(backend);
    for _ in 0..3 {
        net.forward_train(&images(4)).unwrap();
    }
    net
}

#[test]
fn they_are_the_slopes_of_the_logit_by_the_activations() {
    for stem in [Stem::Large, Stem::Small] {
        let net = network(stem, Backend::Own);
        for name in net.activation_names() {
            let (y, gradient) = net.activation_gradients(&images(1), &name, CLASS).unwrap();
            assert_eq!(y.dims(), gradient.dims(), "{name}");
            assert_eq!(values(&y), values(&net.activations(&images(1), &name).unwrap()), "{name}");
            let logit = |y: &Tensor| f64::from(values(&net.behind(&name, y).unwrap())[CLASS]);
            assert!((logit(&y) - f64::from(values(&net.forward(&images(1)).unwrap())[CLASS])).abs() < 1e-5);
            for step in [7907, 7901, 7883] {
                let direction = pseudo(y.elem_count(), step);
                let moved = |by: f64| {
                    let values = values(&y).into_iter().zip(&direction);
                    let values = values.map(|(v, d)| (f64::from(v) + by * f64::from(*d)) as f32).collect();
                    logit(&tensor(values, y.dims()))
                };
                let h = 2e-3;
                let found = (moved(h) - moved(-h)) / (2.0 * h);
                let along = values(&gradient).into_iter().zip(&direction);
                let expected: f64 = along.map(|(g, d)| f64::from(g) * f64::from(*d)).sum();
                let size = f64::from(values(&gradient).iter().map(|g| g * g).sum::<f32>().sqrt());
                // Rounding of the logits over the step, and ReLUs that switch within it.
                let bound = 1e-3 + 0.02 * size;
                assert!((found - expected).abs() < bound, "{stem:?} {name}: {found} and {expected}, {size}");
            }
        }
    }
}

#[test]
fn both_backends_agree_and_images_do_not_meet() {
    for stem in [Stem::Large, Stem::Small] {
        let [own, twin] = [Backend::Own, Backend::Candle].map(|backend| network(stem, backend));
        for name in own.activation_names() {
            let (_, all) = own.activation_gradients(&images(3), &name, CLASS).unwrap();
            let (_, candle) = twin.activation_gradients(&images(3), &name, CLASS).unwrap();
            let last = images(3).narrow(0, 2, 1).unwrap();
            let (_, alone) = own.activation_gradients(&last, &name, CLASS).unwrap();
            let scale = values(&all).iter().fold(0.0f32, |m, v| m.max(v.abs()));
            assert!(scale > 0.0, "{name}");
            let far = |a: &[f32], b: &[f32]| {
                assert_eq!(a.len(), b.len());
                a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / scale
            };
            let all = values(&all);
            assert!(far(&all, &values(&candle)) < 1e-3, "{stem:?} {name}");
            assert!(far(&all[all.len() / 3 * 2..], &values(&alone)) < 1e-5, "{stem:?} {name}");
        }
    }
}

#[test]
fn the_last_two_are_known() {
    let net = network(Stem::Small, Backend::Own);
    let (_, by_pool) = net.activation_gradients(&images(1), "features.pool", CLASS).unwrap();
    let weights = values(net.classifier.0.as_tensor());
    assert_eq!(values(&by_pool), weights[CLASS * by_pool.elem_count()..][..by_pool.elem_count()]);
    let (_, by_logits) = net.activation_gradients(&images(1), "classifier", CLASS).unwrap();
    assert_eq!(values(&by_logits), [0.0, 0.0, 1.0]);
}

#[test]
fn frozen_parts_change_nothing() {
    let mut net = network(Stem::Small, Backend::Own);
    let gradient =
        |net: &DenseNet| values(&net.activation_gradients(&images(1), "features.denseblock2", 0).unwrap().1);
    let free = gradient(&net);
    // A block of which a part is frozen is two parts, of which the second one has the name.
    net.set_trainable(|part| part != "features.denseblock2.denselayer1");
    for (a, b) in gradient(&net).iter().zip(&free) {
        assert!((a - b).abs() < 1e-6, "{a} and {b}");
    }
}

#[test]
fn unknown_names_and_classes_are_refused() {
    let net = network(Stem::Small, Backend::Own);
    let of = |name: &str, class| net.activation_gradients(&images(1), name, class);
    for name in ["features.nothing", ""] {
        assert!(matches!(of(name, 0), Err(NnError::Config { name: "activation", .. })), "{name}");
    }
    assert!(matches!(of("features.pool", 3), Err(NnError::Config { name: "class", .. })));
}
