//! From layers to steps: what can be done while reading or writing is not a step of its own.

use super::fold::{Folded, POINT, Readers};
use super::graph::{Graph, Layer, NodeId};
use super::pointwise::Pointwise;
use super::precision::Target;
use super::step::{BufferId, Map, NormRelu, Step, Value};
use super::strips::{Filter, Source, Strips};
use crate::error::Result;
use eyepatch_kernels::nhwc::half::Pairs;
use eyepatch_kernels::nhwc::{Panels, Window, Winograd};

const THREE: Window = Window { side: 3, stride: 1, padding: 1 };
/// Fewer input channels than this fill no register: the transforms of [`Winograd`] would cost more than they save.
const LEAST_CHANNELS: usize = 8;

/// A compiled network.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// Step `i` makes buffer `i + 1`; buffer 0 is the image.
    pub(super) steps: Vec<Step>,
    /// The step after which each buffer is read no more; `usize::MAX` for outputs.
    pub(super) last_use: Vec<usize>,
    pub(super) outputs: Vec<(String, Value)>,
    pub(super) channels: usize,
}

/// A node's value, maybe with a change that whoever reads it has to make.
#[derive(Debug, Clone)]
struct Pending {
    value: Value,
    norm: Option<(Vec<f32>, Vec<f32>)>,
    relu: bool,
}

impl Pending {
    fn new(value: Value) -> Self {
        Self { value, norm: None, relu: false }
    }

    /// The change as one that ends in a ReLU, if it does.
    fn norm_relu(&self) -> Option<NormRelu> {
        let (scale, shift) = self.norm.clone().unwrap_or_else(|| {
            let n = self.value.channels();
            (vec![1.0; n], vec![0.0; n])
        });
        self.relu.then_some(NormRelu { scale, shift })
    }

    fn is_plain(&self) -> bool {
        self.norm.is_none() && !self.relu
    }
}

pub(super) struct Compiler<'a> {
    graph: &'a Graph,
    target: Target,
    readers: Readers<'a>,
    values: Vec<Option<Pending>>,
    /// Nodes that a step has computed, with those inside it that nobody reads.
    done: Vec<bool>,
    steps: Vec<Step>,
}

impl<'a> Compiler<'a> {
    pub(super) fn compile(graph: &'a Graph, outputs: &[NodeId], target: Target) -> Result<Program> {
        let readers = Readers::of(graph, outputs);
        let (values, done) = (vec![None; graph.nodes.len()], vec![false; graph.nodes.len()]);
        let mut this = Self { graph, target, readers, values, done, steps: vec![] };
        this.values[0] = Some(Pending::new(Value::one(0, graph.nodes[0].channels)));
        for i in 1..graph.nodes.len() {
            if this.readers.needed(NodeId(i)) && !this.done[i] {
                this.node(NodeId(i))?;
            }
        }
        let outputs: Vec<(String, Value)> =
            outputs.iter().map(|&o| (graph.nodes[o.0].name.clone(), this.plain(o))).collect();
        let mut last_use: Vec<usize> = vec![0; this.steps.len() + 1];
        for (i, step) in this.steps.iter().enumerate() {
            step.reads().into_iter().for_each(|b| last_use[b] = i);
        }
        outputs.iter().flat_map(|(_, v)| &v.parts).for_each(|p| last_use[p.0] = usize::MAX);
        Ok(Program { steps: this.steps, last_use, outputs, channels: graph.nodes[0].channels })
    }

    fn push(&mut self, step: Step) -> BufferId {
        self.steps.push(step);
        self.steps.len()
    }

    fn pending(&self, node: NodeId) -> Pending {
        // Nodes are compiled in order and read earlier ones only.
        self.values[node.0].clone().unwrap_or_else(|| Pending::new(Value { parts: vec![] }))
    }

    /// The node's value as it is, its change made.
    fn plain(&mut self, node: NodeId) -> Value {
        let pending = self.pending(node);
        if pending.is_plain() {
            return pending.value;
        }
        let map = match (pending.norm_relu(), pending.norm) {
            (Some(n), Some(_)) => Map::NormRelu(n),
            (Some(_), None) => Map::Relu,
            (None, Some((scale, shift))) => Map::Norm(scale, shift),
            (None, None) => Map::Copy,
        };
        self.map(node, pending.value, map)
    }

    /// The node's value in one buffer.
    fn single(&mut self, node: NodeId) -> BufferId {
        let value = self.plain(node);
        match value.parts.as_slice() {
            [(buffer, _)] => *buffer,
            _ => self.map(node, value, Map::Copy).parts[0].0,
        }
    }

    fn map(&mut self, node: NodeId, from: Value, map: Map) -> Value {
        let channels = from.channels();
        let value = Value::one(self.push(Step::Map { from, map }), channels);
        self.values[node.0] = Some(Pending::new(value.clone()));
        value
    }

    /// The step that computes `nodes`, of which the last has a value.
    fn set(&mut self, nodes: &[NodeId], step: Step) {
        let buffer = self.push(step);
        nodes.iter().for_each(|n| self.done[n.0] = true);
        let Some(node) = nodes.last() else { return };
        self.values[node.0] = Some(Pending::new(Value::one(buffer, self.graph.channels(*node))));
    }

    fn node(&mut self, at: NodeId) -> Result<()> {
        let graph = self.graph;
        let node = &graph.nodes[at.0];
        let Some(layer) = &node.layer else { return Ok(()) };
        let input = node.inputs[0];
        match layer {
            Layer::Conv { .. } => return self.conv(at),
            Layer::Norm { scale, shift } => {
                let value = self.plain_unless(input, |p| p.is_plain());
                self.values[at.0] = Some(Pending { norm: Some((scale.clone(), shift.clone())), ..value });
            }
            Layer::Relu => {
                let value = self.pending(input);
                self.values[at.0] = Some(Pending { relu: true, ..value });
            }
            Layer::Concat => {
                let parts = node.inputs.iter().flat_map(|&i| self.plain(i).parts).collect();
                self.values[at.0] = Some(Pending::new(Value { parts }));
            }
            Layer::MaxPool(window) => {
                let step = Step::MaxPool { from: self.single(input), window: *window };
                self.set(&[at], step);
            }
            Layer::AveragePool(window) => {
                let step = Step::AveragePool { from: self.single(input), window: *window };
                self.set(&[at], step);
            }
            Layer::Add => {
                let from = [self.single(input), self.single(node.inputs[1])];
                let relu = self.readers.only(at).filter(|r| self.graph.nodes[r.0].layer == Some(Layer::Relu));
                let nodes: Vec<NodeId> = [at].into_iter().chain(relu).collect();
                self.set(&nodes, Step::Add { from, relu: relu.is_some() });
            }
            Layer::GlobalAverage => {
                let pending = self.plain_unless(input, |p| p.is_plain() || p.relu);
                let step = Step::GlobalAverage { norm: pending.norm_relu(), from: pending.value };
                self.set(&[at], step);
            }
            Layer::Linear { weights, bias } => {
                let from = self.plain(input);
                let weights = Panels::new(self.target.isa, (from.channels(), bias.len()), weights, bias)?;
                self.set(&[at], Step::Linear { from, weights });
            }
        }
        Ok(())
    }

    fn plain_unless(&mut self, node: NodeId, fine: impl Fn(&Pending) -> bool) -> Pending {
        let pending = self.pending(node);
        if fine(&pending) { pending } else { Pending::new(self.plain(node)) }
    }

    fn conv(&mut self, at: NodeId) -> Result<()> {
        let input = self.graph.nodes[at.0].inputs[0];
        let channels = self.graph.channels(input);
        // A mean and the convolution before it commute: it is taken while the convolution's input is read, which only
        // a reading that ends in a ReLU does.
        let Some(conv) = self.readers.fold(at, self.pending(input).relu) else { return Ok(()) };
        if conv.window == POINT {
            return self.pointwise(conv);
        }
        let step = if is_strips(&conv, channels) {
            let pending = self.plain_unless(input, |p| p.is_plain() || p.relu);
            let source = Source::Plain(pending.norm_relu());
            Step::Strips {
                from: pending.value,
                conv: Strips { source, filter: self.filter(&conv, channels)? },
            }
        } else {
            let (side, output) = (conv.window.side, conv.bias.len());
            let weights = channels_last(&conv.weights, channels, side * side);
            let weights =
                Panels::new(self.target.isa, (channels * side * side, output), &weights, &conv.bias)?;
            Step::Window { from: self.single(input), window: conv.window, weights, relu: conv.relu }
        };
        self.set(&conv.nodes, step);
        Ok(())
    }

    /// A 1 x 1 convolution with stride 1, and the 3 x 3 convolution behind it if nobody else reads it.
    fn pointwise(&mut self, conv: Folded<'_>) -> Result<()> {
        let (output, last) = (conv.bias.len(), conv.last());
        let pending = self.plain_unless(conv.input[0], |p| p.is_plain() || p.relu);
        let (norm, from) = (pending.norm_relu(), pending.value);
        let first = Pointwise::new(self.target, norm, &conv.weights, &conv.bias, conv.relu)?;
        let second =
            self.readers.only(last).filter(|_| !conv.halve).and_then(|next| self.readers.fold(next, false));
        match second.filter(|c| is_strips(c, output)) {
            Some(second) => {
                let strips =
                    Strips { source: Source::Pointwise(first), filter: self.filter(&second, output)? };
                let nodes = [conv.nodes, second.nodes].concat();
                self.set(&nodes, Step::Strips { from, conv: strips });
            }
            None => self.set(&conv.nodes, Step::Pointwise { from, conv: first, halve: conv.halve }),
        }
        Ok(())
    }

    fn filter(&self, conv: &Folded<'_>, input: usize) -> Result<Filter> {
        let (output, weights, bias) = (conv.bias.len(), &conv.weights, &conv.bias);
        Ok(match self.target.half {
            Some(unit) => Filter::Half(Pairs::new(unit, (9, input, output), weights, bias)?, conv.relu),
            None => {
                let size = (input, output);
                Filter::Full(Winograd::new(self.target.isa, size, weights, bias, conv.relu)?)
            }
        })
    }
}

fn is_strips(conv: &Folded<'_>, input: usize) -> bool {
    conv.window == THREE && input >= LEAST_CHANNELS
}

/// `[output, input, place]` as `[output, place, input]`.
fn channels_last(weights: &[f32], input: usize, places: usize) -> Vec<f32> {
    let one = |kernel: &[f32]| {
        (0..places)
            .flat_map(|p| (0..input).map(move |c| (c, p)))
            .map(|(c, p)| kernel[c * places + p])
            .collect::<Vec<_>>()
    };
    weights.chunks_exact(input * places).flat_map(one).collect()
}
