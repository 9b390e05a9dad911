//! The same graph through candle: for CUDA devices, in f32 or bf16.

use super::engine::Output;
use super::graph::{Graph, Layer, NodeId};
use crate::error::{NnError, Result};
use candle_core::{DType, Device, Tensor};
use eyepatch_kernels::nhwc::Window;

/// A network on a candle device, its weights with it, normalisations folded into the convolutions before them.
#[derive(Debug)]
pub struct CandleEngine {
    device: Device,
    dtype: DType,
    channels: usize,
    steps: Vec<Step>,
    outputs: Vec<(String, usize)>,
    /// For each value the last step that reads it; values are numbered as the graph's nodes.
    last_use: Vec<usize>,
}

/// A node's operation. Weights are in the engine's type, but for [`Op::Linear`]'s, which are f32.
#[derive(Debug)]
enum Op {
    /// Weights `[1, o, c]`, a product for each image.
    Point(Tensor, Option<Tensor>),
    /// Weights `[o, c, side, side]`, bias `[1, o, 1, 1]`.
    Conv(Tensor, Option<Tensor>, Window),
    /// Scale and shift, `[1, c, 1, 1]`.
    Norm(Tensor, Tensor),
    Relu,
    MaxPool(Window),
    AveragePool(Window),
    Concat,
    Add,
    GlobalAverage,
    /// Weights `[c, o]`, bias `[o]`.
    Linear(Tensor, Tensor),
    /// The value of a normalisation that was folded into its input.
    Same,
}

#[derive(Debug)]
struct Step {
    op: Op,
    inputs: Vec<usize>,
}

/// Weights of a convolution with the normalisation after it: `a (w x + b) + s = (a w) x + (a b + s)`.
fn folded(weights: &[f32], bias: &[f32], scale: &[f32], shift: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let size = weights.len() / scale.len().max(1);
    let scaled =
        weights.chunks_exact(size).zip(scale).flat_map(|(w, &a)| w.iter().map(move |w| a * w)).collect();
    let b = |o: usize| bias.get(o).copied().unwrap_or(0.0);
    (scaled, scale.iter().zip(shift).enumerate().map(|(o, (a, s))| a * b(o) + s).collect())
}

impl CandleEngine {
    /// Puts a graph on a device for the results wanted. `dtype` holds up to the means over all pixels, which and what
    /// follows them are f32.
    ///
    /// # Errors
    /// [`NnError::Weights`] where a node does not exist, [`NnError::Tensor`] with the device's words.
    pub fn new(graph: &Graph, outputs: &[NodeId], device: &Device, dtype: DType) -> Result<Self> {
        if let Some(unknown) = outputs.iter().find(|o| o.0 >= graph.nodes.len()) {
            return Err(NnError::Weights(format!("the graph has no node {}", unknown.0)));
        }
        let mut readers = vec![Vec::new(); graph.nodes.len()];
        for (i, node) in graph.nodes.iter().enumerate() {
            node.inputs.iter().for_each(|input| readers[input.0].push(i));
        }
        let wanted = |i: usize| outputs.iter().any(|o| o.0 == i);
        // The normalisation that alone reads this node, where nobody asked for what lies between.
        let norm_after = |i: usize| match readers[i].as_slice() {
            &[reader] if !wanted(i) => match &graph.nodes[reader].layer {
                Some(Layer::Norm { scale, shift }) => Some((scale, shift)),
                _ => None,
            },
            _ => None,
        };
        let mut engine = Self {
            device: device.clone(),
            dtype,
            channels: graph.channels(graph.input()),
            steps: Vec::with_capacity(graph.nodes.len()),
            outputs: outputs.iter().map(|o| (graph.nodes[o.0].name.clone(), o.0)).collect(),
            last_use: readers.iter().map(|r| r.last().copied().unwrap_or(0)).collect(),
        };
        for (i, node) in graph.nodes.iter().enumerate() {
            let inputs: Vec<usize> = node.inputs.iter().map(|n| n.0).collect();
            let op = match &node.layer {
                None => Op::Same,
                Some(Layer::Conv { weights, bias, window }) => {
                    let shape = (node.channels, graph.nodes[inputs[0]].channels);
                    match norm_after(i) {
                        Some((scale, shift)) => {
                            let (weights, bias) = folded(weights, bias, scale, shift);
                            engine.conv(&weights, &bias, shape, *window)?
                        }
                        None => engine.conv(weights, bias, shape, *window)?,
                    }
                }
                Some(Layer::Norm { scale, shift }) => {
                    let before = inputs[0];
                    let conv = matches!(graph.nodes[before].layer, Some(Layer::Conv { .. }));
                    if conv && norm_after(before).is_some() {
                        Op::Same
                    } else {
                        Op::Norm(engine.per_channel(scale)?, engine.per_channel(shift)?)
                    }
                }
                Some(Layer::Relu) => Op::Relu,
                Some(Layer::MaxPool(window)) => Op::MaxPool(*window),
                Some(Layer::AveragePool(window)) => Op::AveragePool(*window),
                Some(Layer::Concat) => Op::Concat,
                Some(Layer::Add) => Op::Add,
                Some(Layer::GlobalAverage) => Op::GlobalAverage,
                Some(Layer::Linear { weights, bias }) => {
                    let shape = (node.channels, graph.nodes[inputs[0]].channels);
                    let weights = Tensor::from_slice(weights, shape, device)?.t()?.contiguous()?;
                    Op::Linear(weights, Tensor::from_slice(bias, bias.len(), device)?)
                }
            };
            engine.steps.push(Step { op, inputs });
        }
        Ok(engine)
    }

    fn per_channel(&self, values: &[f32]) -> Result<Tensor> {
        Ok(Tensor::from_slice(values, (1, values.len(), 1, 1), &self.device)?.to_dtype(self.dtype)?)
    }

    fn conv(&self, weights: &[f32], bias: &[f32], (o, c): (usize, usize), window: Window) -> Result<Op> {
        let side = window.side;
        let bias = if bias.is_empty() { None } else { Some(self.per_channel(bias)?) };
        let weights = Tensor::from_slice(weights, (o, c, side, side), &self.device)?.to_dtype(self.dtype)?;
        Ok(match window {
            Window { side: 1, stride: 1, padding: 0 } => Op::Point(weights.reshape((1, o, c))?, bias),
            _ => Op::Conv(weights, bias, window),
        })
    }

    /// Runs `n` images, `[n, channels, height, width]`, all at once.
    ///
    /// # Errors
    /// [`NnError::Shape`] where `pixels` do not fit, or the images are too small for the network;
    /// [`NnError::Tensor`] with the device's words.
    pub fn run(&self, pixels: &[f32], n: usize, (height, width): (usize, usize)) -> Result<Vec<Output>> {
        if pixels.len() != n * self.channels * height * width {
            let expected = format!("{n} images of {} x {height} x {width}", self.channels);
            return Err(NnError::Shape { what: "pixels".into(), got: vec![pixels.len()], expected });
        }
        if n * height * width == 0 {
            return Err(too_small(&[height, width]));
        }
        let image = Tensor::from_slice(pixels, (n, self.channels, height, width), &self.device)?;
        let mut values: Vec<Option<Tensor>> = vec![Some(image.to_dtype(self.dtype)?)];
        for (i, step) in self.steps.iter().enumerate().skip(1) {
            let inputs: Vec<Tensor> = step.inputs.iter().filter_map(|&v| values[v].clone()).collect();
            let value = step.op.run(&inputs, self.dtype)?;
            values.push(Some(value));
            for &input in &step.inputs {
                if self.last_use[input] == i && !self.outputs.iter().any(|o| o.1 == input) {
                    values[input] = None;
                }
            }
        }
        let output = |(name, node): &(String, usize)| -> Result<Output> {
            let missing = || NnError::Weights(format!("{name} was not computed"));
            let value = values[*node].as_ref().ok_or_else(missing)?;
            let (n, c, h, w) = value.dims4()?;
            let values = value.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
            Ok(Output { name: name.clone(), shape: [n, c, h, w], values })
        };
        self.outputs.iter().map(output).collect()
    }
}

fn too_small(size: &[usize]) -> NnError {
    let expected = "larger images: nothing is left of these before the last layer".into();
    NnError::Shape { what: "image".into(), got: size.to_vec(), expected }
}

impl Op {
    fn run(&self, inputs: &[Tensor], dtype: DType) -> Result<Tensor> {
        let x = &inputs[0];
        let fits = |window: &Window| -> Result<()> {
            let (_, _, h, w) = x.dims4()?;
            let empty = window.places(h) == 0 || window.places(w) == 0;
            if empty { Err(too_small(&[h, w])) } else { Ok(()) }
        };
        let biased = |y: Tensor, bias: &Option<Tensor>| match bias {
            Some(bias) => y.broadcast_add(bias),
            None => Ok(y),
        };
        Ok(match self {
            Self::Same => x.clone(),
            Self::Point(weights, bias) => {
                let (n, _, h, w) = x.dims4()?;
                let (_, o, c) = weights.dims3()?;
                let x = x.to_dtype(dtype)?.contiguous()?.reshape((n, c, h * w))?;
                biased(weights.expand((n, o, c))?.matmul(&x)?.reshape((n, o, h, w))?, bias)?
            }
            Self::Conv(weights, bias, window) => {
                fits(window)?;
                let x = x.to_dtype(dtype)?.contiguous()?;
                biased(x.conv2d(weights, window.padding, window.stride, 1, 1)?, bias)?
            }
            Self::Norm(scale, shift) => x.to_dtype(dtype)?.broadcast_mul(scale)?.broadcast_add(shift)?,
            Self::Relu => x.relu()?,
            Self::MaxPool(window) => {
                fits(window)?;
                // Padding must never win: the least number that every type can hold.
                let padded = padded(x, window.padding, -3.0e38)?;
                padded.max_pool2d_with_stride(window.side, window.stride)?
            }
            Self::AveragePool(window) => {
                fits(window)?;
                let padded = padded(x, window.padding, 0.0)?;
                padded.avg_pool2d_with_stride(window.side, window.stride)?
            }
            Self::Concat => Tensor::cat(inputs, 1)?,
            Self::Add => (x + &inputs[1])?,
            Self::GlobalAverage => {
                let (n, c, _, _) = x.dims4()?;
                x.to_dtype(DType::F32)?.flatten_from(2)?.mean(2)?.reshape((n, c, 1, 1))?
            }
            Self::Linear(weights, bias) => {
                let (n, c, h, w) = x.dims4()?;
                let rows = x.to_dtype(DType::F32)?.permute((0, 2, 3, 1))?.reshape((n * h * w, c))?;
                let y = rows.matmul(weights)?.broadcast_add(bias)?;
                y.reshape((n, h, w, bias.elem_count()))?.permute((0, 3, 1, 2))?.contiguous()?
            }
        })
    }
}

/// The image with a frame of `by` pixels of this value.
fn padded(x: &Tensor, by: usize, value: f32) -> candle_core::Result<Tensor> {
    let mut y = x.contiguous()?;
    if by == 0 {
        return Ok(y);
    }
    for dim in [2, 3] {
        let mut shape = y.dims().to_vec();
        shape[dim] = by;
        let frame = Tensor::full(value, shape, x.device())?.to_dtype(x.dtype())?;
        y = Tensor::cat(&[&frame, &y, &frame], dim)?;
    }
    Ok(y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::Engine;

    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| (((i + seed) * 7919) % 1009) as f32 / 504.5 - 1.0).collect()
    }

    /// Every kind of layer: a bias, strides, padding that must not win a maximum and counts in a mean, a branch that is
    /// added, one that is appended, and a convolution whose own value is wanted though a normalisation follows.
    fn graph() -> (Graph, Vec<NodeId>) {
        let mut g = Graph::new(2);
        let conv = |o: usize, c: usize, side: usize, stride, seed| Layer::Conv {
            weights: numbers(o * c * side * side, seed),
            bias: numbers(o, seed + 5),
            window: Window { side, stride, padding: side / 2 },
        };
        let norm = |c, seed| Layer::Norm { scale: numbers(c, seed), shift: numbers(c, seed + 3) };
        let image = g.input();
        let mut add = |name: &str, layer, from: &[NodeId]| g.add(name, layer, from).unwrap();
        let stem = add("stem", conv(4, 2, 5, 2, 1), &[image]);
        let folded = add("folded", norm(4, 7), &[stem]);
        let pooled = add("pooled", Layer::MaxPool(Window { side: 3, stride: 2, padding: 1 }), &[folded]);
        let point = add("point", conv(4, 4, 1, 1, 11), &[pooled]);
        let kept = add("kept", norm(4, 13), &[point]);
        let sum = add("sum", Layer::Add, &[kept, pooled]);
        let relu = add("relu", Layer::Relu, &[sum]);
        let more = add("more", Layer::Concat, &[relu, pooled]);
        let mean = add("mean", Layer::AveragePool(Window { side: 3, stride: 2, padding: 1 }), &[more]);
        let scaled = add("scaled", norm(8, 17), &[mean]);
        let global = add("global", Layer::GlobalAverage, &[scaled]);
        let head = Layer::Linear { weights: numbers(3 * 8, 19), bias: numbers(3, 23) };
        let logits = add("logits", head, &[global]);
        (g, vec![point, more, global, logits])
    }

    #[test]
    fn every_layer_agrees_with_the_engine() {
        let (graph, nodes) = graph();
        let engine = Engine::new(&graph, &nodes, crate::infer::Precision::F32).unwrap();
        let candle = CandleEngine::new(&graph, &nodes, &Device::Cpu, DType::F32).unwrap();
        for (n, h, w) in [(1, 16, 16), (3, 21, 34), (2, 9, 7)] {
            let x = numbers(n * 2 * h * w, 29);
            let (ours, theirs) = (engine.run(&x, n, (h, w)).unwrap(), candle.run(&x, n, (h, w)).unwrap());
            for (a, b) in ours.iter().zip(&theirs) {
                assert_eq!((&a.name, a.shape), (&b.name, b.shape));
                for (x, y) in a.values.iter().zip(&b.values) {
                    assert!((x - y).abs() < 1e-4, "{}: {x} {y}", a.name);
                }
            }
        }
    }

    /// candle's CPU has no product of bf16, so f16 stands in: what is checked is which parts are narrow.
    #[test]
    fn half_precision_stays_near_and_ends_in_f32() {
        let (graph, nodes) = graph();
        let wide = CandleEngine::new(&graph, &nodes[2..], &Device::Cpu, DType::F32).unwrap();
        let narrow = CandleEngine::new(&graph, &nodes[2..], &Device::Cpu, DType::F16).unwrap();
        let x = numbers(2 * 2 * 24 * 24, 31);
        let (a, b) = (wide.run(&x, 2, (24, 24)).unwrap(), narrow.run(&x, 2, (24, 24)).unwrap());
        let differ =
            a.iter().zip(&b).flat_map(|(a, b)| a.values.iter().zip(&b.values)).map(|(a, b)| (a - b).abs());
        let most = differ.fold(0.0, f32::max);
        assert!(most > 0.0 && most < 1e-2, "{most}");
    }
}
