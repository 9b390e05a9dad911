//! From layers to steps.

use super::ops::Ops;
use crate::error::Result;
use crate::infer::fold::{Folded, POINT, Readers};
use crate::infer::graph::{Graph, Layer, NodeId};
use eyepatch_kernels::cuda::Columns;
use eyepatch_kernels::nhwc::Window;

/// Some columns of a buffer (by number) that holds activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) slab: usize,
    pub(super) columns: Columns,
}

/// A change on reading.
#[derive(Debug, Clone, Default)]
pub(super) struct Change {
    /// Numbers of the weights that hold scale and shift.
    pub(super) affine: Option<(usize, usize)>,
    pub(super) relu: bool,
}

impl Change {
    pub(super) fn is_none(&self) -> bool {
        self.affine.is_none() && !self.relu
    }
}

/// A place, and what whoever reads it has to do to it.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) place: Place,
    pub(super) change: Change,
}

/// How a convolution is made of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Each pixel by itself.
    Point,
    /// The mean over 2 x 2 pixels.
    Halve,
    /// Products with all places' weights, gathered afterwards.
    Taps(Window),
    /// All that a window sees.
    Columns(Window),
}

/// One step. Weights are numbers of buffers that stay on the device.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Without a bias there is no ReLU and no [`Way::Taps`] either.
    Conv {
        from: Value,
        to: Place,
        way: Way,
        weights: usize,
        bias: Option<usize>,
        relu: bool,
    },
    Pool {
        from: Value,
        to: Place,
        mean: bool,
        window: Window,
    },
    Add {
        from: [Value; 2],
        to: Place,
        relu: bool,
    },
    Map {
        from: Value,
        to: Place,
    },
    Mean {
        from: Value,
        to: Place,
    },
}

impl Step {
    pub(super) fn reads(&self) -> Vec<usize> {
        match self {
            Self::Add { from, .. } => from.iter().map(|v| v.place.slab).collect(),
            Self::Conv { from, .. }
            | Self::Pool { from, .. }
            | Self::Map { from, .. }
            | Self::Mean { from, .. } => vec![from.place.slab],
        }
    }

    pub(super) fn to(&self) -> Place {
        match self {
            Self::Conv { to, .. }
            | Self::Pool { to, .. }
            | Self::Add { to, .. }
            | Self::Map { to, .. }
            | Self::Mean { to, .. } => *to,
        }
    }
}

/// A network as steps, its weights on the device.
#[derive(Debug)]
pub(super) struct Plan<B> {
    pub(super) channels: usize,
    pub(super) steps: Vec<Step>,
    pub(super) weights: Vec<B>,
    /// Channels of each slab; 0 is the image's.
    pub(super) slabs: Vec<usize>,
    pub(super) outputs: Vec<(String, Place)>,
    /// The step after which each slab is read no more; outputs stay.
    pub(super) last_use: Vec<usize>,
}

struct Planner<'a, O: Ops> {
    ops: &'a O,
    graph: &'a Graph,
    readers: Readers<'a>,
    /// Where a node's value belongs, if anywhere.
    homes: Vec<Option<Place>>,
    values: Vec<Option<Value>>,
    done: Vec<bool>,
    plan: Plan<O::Buffer>,
}

impl<B> Plan<B> {
    pub(super) fn of<O: Ops<Buffer = B>>(graph: &Graph, outputs: &[NodeId], ops: &O) -> Result<Self> {
        let n = graph.nodes.len();
        let channels = graph.channels(graph.input());
        let (slabs, steps, weights) = (vec![channels], vec![], vec![]);
        let plan = Self { channels, steps, weights, slabs, outputs: vec![], last_use: vec![] };
        let readers = Readers::of(graph, outputs);
        let (homes, values, done) = (vec![None; n], vec![None; n], vec![false; n]);
        let mut this = Planner { ops, graph, readers, homes, values, done, plan };
        this.settle();
        let image = Place { slab: 0, columns: Columns::dense(channels) };
        this.values[0] = Some(Value { place: image, change: Change::default() });
        for i in 1..n {
            if this.readers.needed(NodeId(i)) && !this.done[i] {
                this.node(NodeId(i))?;
            }
        }
        for &o in outputs {
            let place = this.dense(o);
            this.plan.outputs.push((graph.nodes[o.0].name.clone(), place));
        }
        let mut plan = this.plan;
        plan.last_use = vec![0; plan.slabs.len()];
        for (i, step) in plan.steps.iter().enumerate() {
            step.reads().into_iter().chain([step.to().slab]).for_each(|slab| plan.last_use[slab] = i);
        }
        plan.outputs.iter().for_each(|(_, place)| plan.last_use[place.slab] = usize::MAX);
        Ok(plan)
    }
}

impl<O: Ops> Planner<'_, O> {
    /// Finds a home for every input of a concatenation: its columns. Later ones first, so that a chain of them shares one.
    fn settle(&mut self) {
        let graph = self.graph;
        for (i, node) in graph.nodes.iter().enumerate().rev() {
            if node.layer != Some(Layer::Concat) || !self.readers.needed(NodeId(i)) {
                continue;
            }
            let home = self.home(NodeId(i));
            let mut offset = home.columns.offset;
            for &input in &node.inputs {
                let channels = graph.channels(input);
                let columns = Columns { offset, channels, stride: home.columns.stride };
                self.homes[input.0].get_or_insert(Place { slab: home.slab, columns });
                offset += channels;
            }
        }
    }

    /// Where a node's value is written to.
    fn home(&mut self, node: NodeId) -> Place {
        if let Some(home) = self.homes[node.0] {
            return home;
        }
        let channels = self.graph.channels(node);
        self.plan.slabs.push(channels);
        let place = Place { slab: self.plan.slabs.len() - 1, columns: Columns::dense(channels) };
        self.homes[node.0] = Some(place);
        place
    }

    fn weights(&mut self, values: &[f32]) -> Result<usize> {
        self.plan.weights.push(self.ops.upload(values)?);
        Ok(self.plan.weights.len() - 1)
    }

    fn value(&self, node: NodeId) -> Value {
        // Nodes are planned in order and read earlier ones only.
        let nothing = Place { slab: 0, columns: Columns::dense(0) };
        self.values[node.0].clone().unwrap_or(Value { place: nothing, change: Change::default() })
    }

    /// A step wrote the last of these nodes to its home.
    fn set(&mut self, nodes: &[NodeId], step: Step) {
        let place = step.to();
        self.plan.steps.push(step);
        nodes.iter().for_each(|n| self.done[n.0] = true);
        if let Some(node) = nodes.last() {
            self.values[node.0] = Some(Value { place, change: Change::default() });
        }
    }

    /// The node's value as it is, its change made, in a buffer of its own.
    fn dense(&mut self, node: NodeId) -> Place {
        let from = self.value(node);
        let stride = from.place.columns.stride;
        if from.change.is_none() && stride == from.place.columns.channels && from.place.slab != 0 {
            return from.place;
        }
        self.plan.slabs.push(from.place.columns.channels);
        let columns = Columns::dense(from.place.columns.channels);
        let to = Place { slab: self.plan.slabs.len() - 1, columns };
        self.plan.steps.push(Step::Map { from, to });
        to
    }

    fn node(&mut self, at: NodeId) -> Result<()> {
        let graph = self.graph;
        let node = &graph.nodes[at.0];
        let Some(layer) = &node.layer else { return Ok(()) };
        let mut from = self.value(node.inputs[0]);
        match layer {
            Layer::Conv { .. } => return self.conv(at),
            Layer::Norm { scale, shift } => {
                if !from.change.is_none() {
                    let place = self.dense(node.inputs[0]);
                    from = Value { place, change: Change::default() };
                }
                from.change.affine = Some((self.weights(scale)?, self.weights(shift)?));
                self.values[at.0] = Some(from);
            }
            Layer::Relu => {
                from.change.relu = true;
                self.values[at.0] = Some(from);
            }
            Layer::Concat => return self.concat(at),
            Layer::MaxPool(window) | Layer::AveragePool(window) => {
                let mean = matches!(layer, Layer::AveragePool(_));
                let step = Step::Pool { from, to: self.home(at), mean, window: *window };
                self.set(&[at], step);
            }
            Layer::Add => {
                let relu = self.readers.only(at).filter(|r| graph.nodes[r.0].layer == Some(Layer::Relu));
                let nodes: Vec<NodeId> = [at].into_iter().chain(relu).collect();
                let from = [from, self.value(node.inputs[1])];
                let to = self.home(nodes[nodes.len() - 1]);
                self.set(&nodes, Step::Add { from, to, relu: relu.is_some() });
            }
            Layer::GlobalAverage => {
                let step = Step::Mean { from, to: self.home(at) };
                self.set(&[at], step);
            }
            Layer::Linear { weights, bias } => {
                let weights = self.weights(&turned(weights, 1, graph.channels(node.inputs[0])))?;
                let bias = Some(self.weights(bias)?);
                let step =
                    Step::Conv { from, to: self.home(at), way: Way::Point, weights, bias, relu: false };
                self.set(&[at], step);
            }
        }
        Ok(())
    }

    /// Whatever is not yet where it belongs is copied there.
    fn concat(&mut self, at: NodeId) -> Result<()> {
        let home = self.home(at);
        let mut offset = home.columns.offset;
        for &input in &self.graph.nodes[at.0].inputs {
            let channels = self.graph.channels(input);
            let columns = Columns { offset, channels, stride: home.columns.stride };
            let (from, to) = (self.value(input), Place { slab: home.slab, columns });
            if from.place != to || !from.change.is_none() {
                self.plan.steps.push(Step::Map { from, to });
            }
            offset += channels;
        }
        self.values[at.0] = Some(Value { place: home, change: Change::default() });
        Ok(())
    }

    fn conv(&mut self, at: NodeId) -> Result<()> {
        let Some(conv) = self.readers.fold(at, true) else { return Ok(()) };
        let from = self.value(conv.input[0]);
        let input = self.graph.channels(conv.input[0]);
        let way = way(&conv, input);
        let places = conv.window.side * conv.window.side;
        let weights = match way {
            Way::Taps(_) => turned_by_place(&conv.weights, places, input),
            _ => turned(&conv.weights, places, input),
        };
        let weights = self.weights(&weights)?;
        let plain = !conv.relu && conv.bias.iter().all(|&b| b == 0.0);
        let bias = match way {
            Way::Point | Way::Halve | Way::Columns(_) if plain => None,
            _ => Some(self.weights(&conv.bias)?),
        };
        let to = self.home(conv.last());
        self.set(&conv.nodes, Step::Conv { from, to, way, weights, bias, relu: conv.relu });
        Ok(())
    }
}

fn way(conv: &Folded<'_>, input: usize) -> Way {
    let Window { side, stride, padding } = conv.window;
    match conv.window {
        POINT if conv.halve => Way::Halve,
        POINT => Way::Point,
        window if stride == 1 && side == 2 * padding + 1 && conv.bias.len() < input => Way::Taps(window),
        window => Way::Columns(window),
    }
}

/// `[output, input, place]` as `[place, input, output]`.
fn turned(weights: &[f32], places: usize, input: usize) -> Vec<f32> {
    let outputs = weights.len() / (places * input).max(1);
    let of = |p: usize, c: usize| (0..outputs).map(move |o| weights[(o * input + c) * places + p]);
    (0..places).flat_map(|p| (0..input).flat_map(move |c| of(p, c))).collect()
}

/// `[output, input, place]` as `[input, place, output]`.
fn turned_by_place(weights: &[f32], places: usize, input: usize) -> Vec<f32> {
    let outputs = weights.len() / (places * input).max(1);
    let of = |p: usize, c: usize| (0..outputs).map(move |o| weights[(o * input + c) * places + p]);
    (0..input).flat_map(|c| (0..places).flat_map(move |p| of(p, c))).collect()
}
