//! The compiled network against an interpreter that follows the definitions.

mod naive;
mod random;

use super::engine::Output;
use super::{Engine, Graph, Isa, Layer, NodeId, Precision, gpu};
use crate::densenet::{DenseNet, DenseNetConfig};
use crate::error::NnError;
use eyepatch_kernels::nhwc::half::Unit;
use naive::interpret;
use proptest::prelude::*;
use random::{Builder, numbers, recipe, window};
use rayon::ThreadPool;
use std::sync::LazyLock;

/// Pools of 1, 2 and 3 threads.
static POOLS: LazyLock<Vec<ThreadPool>> = LazyLock::new(|| {
    (1..=3).map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("threads")).collect()
});

/// A difference that is allowed, as a share of the largest number that the network meets on its way (at least 1).
///
/// A sum of `k` terms, at most 1617 here, errs by a few times `sqrt(k)` half units in the last place (6e-8), and Winograd's
/// transforms, which multiply by up to 8 in each direction and take differences, by about a decimal digit more. The worst of some
/// thousand networks was 5e-6. A wrong index, tail or order of layers errs by the size of the numbers themselves.
const TOLERANCE: f64 = 4e-5;

/// The same where factors are split in two bfloat16: each errs by up to 2^-16 of itself, and the networks are a few layers
/// deep.
const HALF_TOLERANCE: f64 = 5e-4;

/// The network compiled for everything that this CPU has, each with what it may err by.
fn engines(graph: &Graph, wanted: &[NodeId]) -> Vec<(Engine, f64)> {
    let full = Isa::available().into_iter().map(|isa| (Engine::with_isa(graph, wanted, isa), TOLERANCE));
    let half =
        Unit::available().into_iter().map(|unit| (Engine::with_unit(graph, wanted, unit), HALF_TOLERANCE));
    full.chain(half).map(|(engine, tolerance)| (engine.unwrap(), tolerance)).collect()
}

/// Runs the images, and compares every output with the interpreter's.
fn compare(graph: &Graph, wanted: &[NodeId], pixels: &[f32], n: usize, size: (usize, usize)) {
    let image = pixels.len() / n;
    let exact: Vec<_> = pixels.chunks_exact(image).map(|x| interpret(graph, x, size)).collect();
    let outputs = gpu::naive::run(graph, wanted, pixels, n, size).unwrap();
    assert_eq!(outputs.len(), wanted.len());
    for (output, node) in outputs.iter().zip(wanted) {
        check("as on a GPU", output, *node, &exact, TOLERANCE);
    }
    for (engine, tolerance) in engines(graph, wanted) {
        let unit = engine.unit();
        for (pool, threads) in POOLS.iter().zip(1..) {
            let outputs = pool.install(|| engine.run(pixels, n, size)).unwrap();
            assert_eq!(outputs.len(), wanted.len());
            for (output, node) in outputs.iter().zip(wanted) {
                check(&format!("{unit}, {threads} threads"), output, *node, &exact, tolerance);
            }
            if threads == 1 {
                alone_and_reversed(&engine, pixels, n, size, &outputs);
            } else {
                let one = POOLS[0].install(|| engine.run(pixels, n, size)).unwrap();
                assert!(same_bits(&outputs, &one), "{unit}: {threads} threads give other bits than one");
            }
        }
    }
}

fn check(who: &str, output: &Output, node: NodeId, exact: &[Vec<naive::Planes>], tolerance: f64) {
    let planes = &exact[0][node.0];
    assert_eq!(output.shape, [exact.len(), planes.channels, planes.size.0, planes.size.1], "{who}");
    let size = planes.values.len();
    for (i, (got, image)) in output.values.chunks_exact(size).zip(exact).enumerate() {
        let met = image[..=node.0].iter().flat_map(|p| &p.values).fold(1.0, |m: f64, v| m.max(v.abs()));
        for (at, (&g, &e)) in got.iter().zip(&image[node.0].values).enumerate() {
            let error = (f64::from(g) - e).abs() / met;
            assert!(error < tolerance, "{who}, {}, image {i}, number {at}: {g} is not {e}", output.name);
        }
    }
}

fn same_bits(a: &[Output], b: &[Output]) -> bool {
    let bits =
        |o: &[Output]| -> Vec<u32> { o.iter().flat_map(|o| o.values.iter().map(|v| v.to_bits())).collect() };
    bits(a) == bits(b)
}

/// Each image on its own (on three threads, so that rows are shared out) and the batch backwards give the same bits.
fn alone_and_reversed(engine: &Engine, pixels: &[f32], n: usize, size: (usize, usize), batch: &[Output]) {
    let image = pixels.len() / n;
    let backwards: Vec<f32> = pixels.chunks_exact(image).rev().flatten().copied().collect();
    let backwards = POOLS[1].install(|| engine.run(&backwards, n, size)).unwrap();
    for (i, x) in pixels.chunks_exact(image).enumerate() {
        let alone = POOLS[2].install(|| engine.run(x, 1, size)).unwrap();
        for ((alone, batch), backwards) in alone.iter().zip(batch).zip(&backwards) {
            let len = alone.values.len();
            let here = |o: &Output, i: usize| -> Vec<u32> {
                o.values[i * len..(i + 1) * len].iter().map(|v| v.to_bits()).collect()
            };
            assert_eq!(here(batch, i), here(alone, 0), "{}: image {i} alone", alone.name);
            assert_eq!(here(backwards, n - 1 - i), here(alone, 0), "{}: image {i} backwards", alone.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_network_equals_its_definition(recipe in recipe()) {
        let (graph, wanted) = recipe.build();
        compare(&graph, &wanted, &recipe.pixels(), recipe.n, recipe.size);
    }
}

#[test]
fn a_resnet_needs_no_new_kernels() {
    let size = (37, 45);
    let mut b = Builder::new(3, size);
    let image = b.graph.input();
    let x = b.conv(image, 16, window(7, 2, 3), false).unwrap();
    let x = b.norm(x);
    let x = b.relu(x);
    let mut x = b.max(x, window(3, 2, 1)).unwrap();
    let mut wanted = vec![];
    for (output, stride) in [(32, 1), (32, 1), (48, 2), (48, 1)] {
        x = b.bottleneck(x, output / 4, output, stride).unwrap();
        wanted.push(x);
    }
    wanted.push(b.head(x, 5));
    compare(&b.graph, &wanted, &numbers(3 * 3 * size.0 * size.1, 5), 3, size);
}

#[test]
fn a_densenet_gives_the_same_bits_in_any_batch() {
    let net = DenseNet::new(DenseNetConfig::small(1, 2), 1907, &candle_core::Device::Cpu).unwrap();
    let graph = net.graph().unwrap();
    let wanted = [graph.find("features.pool").unwrap(), graph.find("classifier").unwrap()];
    let (size, n) = ((70, 53), 7);
    let pixels = numbers(n * size.0 * size.1, 3);
    for (engine, _) in engines(&graph, &wanted) {
        let batch = POOLS[0].install(|| engine.run(&pixels, n, size)).unwrap();
        alone_and_reversed(&engine, &pixels, n, size, &batch);
        for pool in POOLS.iter() {
            assert!(same_bits(&batch, &pool.install(|| engine.run(&pixels, n, size)).unwrap()));
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut b = Builder::new(2, (9, 9));
    let image = b.graph.input();
    let x = b.conv(image, 8, window(3, 2, 0), false).unwrap();
    let x = b.conv(x, 3, window(3, 2, 0), false).unwrap();
    let top = b.head(x, 2);
    let engine = Engine::new(&b.graph, &[top], Precision::F32).unwrap();
    let shape = |r: crate::Result<Vec<Output>>| matches!(r, Err(NnError::Shape { .. }));
    assert!(engine.run(&[0.5; 2 * 49], 1, (7, 7)).is_ok());
    assert!(shape(engine.run(&[0.5; 2 * 42], 1, (6, 7))), "too small");
    assert!(shape(engine.run(&[], 1, (0, 7))), "no rows");
    assert!(shape(engine.run(&[], 0, (0, 0))), "no size");
    assert!(shape(engine.run(&[0.5; 2 * 49 - 1], 1, (7, 7))), "a number short");
    assert!(shape(engine.run(&[0.5; 2 * 49], 2, (7, 7))), "an image short");
    assert!(shape(engine.run(&[], usize::MAX, (7, 7))), "no such number");
    assert!(shape(engine.run(&[], 1, (usize::MAX, 2))), "no such size");
    let none = engine.run(&[], 0, (7, 7)).unwrap();
    assert_eq!((none[0].shape, none[0].values.len()), ([0, 2, 1, 1], 0));
    assert!(matches!(Engine::new(&b.graph, &[NodeId(99)], Precision::F32), Err(NnError::Weights(_))));
    assert_eq!(b.graph.find("nothing"), None);
    assert!(
        Engine::new(&b.graph, &[], Precision::F32)
            .unwrap()
            .run(&[0.5; 2 * 49], 1, (7, 7))
            .unwrap()
            .is_empty()
    );
    assert!(
        shape(Engine::new(&b.graph, &[image], Precision::F32).unwrap().run(&[], 1, (0, 7))),
        "an empty image"
    );
}

#[test]
fn inputs_of_different_sizes_are_refused() {
    let mut graph = Graph::new(1);
    let image = graph.input();
    let pooled = graph.add("pooled", Layer::MaxPool(window(2, 2, 0)), &[image]).unwrap();
    for layer in [Layer::Concat, Layer::Add] {
        let both = graph.add("both", layer, &[image, pooled]).unwrap();
        let relu = graph.add("relu", Layer::Relu, &[both]).unwrap();
        for wanted in [both, relu] {
            let engine = Engine::new(&graph, &[wanted], Precision::F32).unwrap();
            assert!(matches!(engine.run(&[1.0; 16], 1, (4, 4)), Err(NnError::Shape { .. })));
        }
    }
}

#[test]
fn layers_that_do_not_fit_are_refused() {
    let mut graph = Graph::new(2);
    let image = graph.input();
    let mut refused = |layer: Layer, inputs: &[NodeId]| {
        assert!(matches!(graph.add("layer", layer, inputs), Err(NnError::Weights(_))));
    };
    let conv =
        |n: usize, bias: usize, window| Layer::Conv { weights: vec![0.0; n], bias: vec![0.0; bias], window };
    refused(conv(19, 0, window(3, 1, 1)), &[image]);
    refused(conv(18, 2, window(3, 1, 1)), &[image]);
    refused(conv(0, 0, window(3, 1, 1)), &[image]);
    for wrong in [window(3, 0, 1), window(3, 1, 3), window(0, 1, 0), window(1 << 32, 1, 0)] {
        refused(conv(18, 0, wrong), &[image]);
        refused(Layer::MaxPool(wrong), &[image]);
        refused(Layer::AveragePool(wrong), &[image]);
    }
    refused(Layer::Norm { scale: vec![1.0], shift: vec![0.0, 0.0] }, &[image]);
    refused(Layer::Linear { weights: vec![1.0; 3], bias: vec![0.0] }, &[image]);
    refused(Layer::Linear { weights: vec![], bias: vec![] }, &[image]);
    refused(Layer::Relu, &[NodeId(7)]);
    refused(Layer::Relu, &[]);
    refused(Layer::Concat, &[]);
    refused(Layer::Add, &[image]);
}

#[test]
fn nan_reaches_the_logits() {
    let net = DenseNet::new(DenseNetConfig::small(1, 1), 5, &candle_core::Device::Cpu).unwrap();
    let graph = net.graph().unwrap();
    let engine = Engine::new(&graph, &[graph.find("classifier").unwrap()], Precision::F32).unwrap();
    let mut pixels = numbers(2 * 48 * 48, 9);
    pixels[1000] = f32::NAN;
    let logits = &engine.run(&pixels, 2, (48, 48)).unwrap()[0].values;
    assert!(logits[0].is_nan() && logits[1].is_finite());
}
