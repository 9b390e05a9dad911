//! Who reads what in a graph, and what can be folded into a convolution.

use super::graph::{Graph, Layer, NodeId};
use eyepatch_kernels::nhwc::Window;

pub(super) const POINT: Window = Window { side: 1, stride: 1, padding: 0 };
const HALVE: Window = Window { side: 2, stride: 2, padding: 0 };

/// A convolution with all that follows it and can be folded into it.
pub(super) struct Folded<'a> {
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) window: Window,
    pub(super) relu: bool,
    /// Whether a mean over 2 x 2 pixels follows.
    pub(super) halve: bool,
    /// The nodes that are folded in; the last one has the result's value.
    pub(super) nodes: Vec<NodeId>,
    pub(super) input: &'a [NodeId],
}

impl Folded<'_> {
    pub(super) fn last(&self) -> NodeId {
        // The convolution itself is always there.
        self.nodes[self.nodes.len() - 1]
    }
}

/// Who reads each node, given what is wanted.
#[derive(Debug)]
pub(super) struct Readers<'a> {
    graph: &'a Graph,
    readers: Vec<Vec<NodeId>>,
    wanted: Vec<bool>,
}

impl<'a> Readers<'a> {
    pub(super) fn of(graph: &'a Graph, outputs: &[NodeId]) -> Self {
        let mut readers = vec![vec![]; graph.nodes.len()];
        for (i, node) in graph.nodes.iter().enumerate() {
            node.inputs.iter().for_each(|input| readers[input.0].push(NodeId(i)));
        }
        let mut wanted = vec![false; graph.nodes.len()];
        outputs.iter().for_each(|o| wanted[o.0] = true);
        let mut this = Self { graph, readers, wanted };
        this.drop_unread();
        this
    }

    /// Whether a node leads to an output.
    pub(super) fn needed(&self, node: NodeId) -> bool {
        self.wanted[node.0] || !self.readers[node.0].is_empty()
    }

    /// Nodes that lead to no output are nobody's readers.
    fn drop_unread(&mut self) {
        for i in (0..self.graph.nodes.len()).rev() {
            if !self.wanted[i] && self.readers[i].is_empty() {
                self.graph.nodes[i]
                    .inputs
                    .iter()
                    .for_each(|input| self.readers[input.0].retain(|r| r.0 != i));
            }
        }
    }

    /// The only reader of a node that nobody else wants.
    pub(super) fn only(&self, node: NodeId) -> Option<NodeId> {
        match self.readers[node.0].as_slice() {
            [reader] if !self.wanted[node.0] => Some(*reader),
            _ => None,
        }
    }

    /// The convolution at a node with the normalisation, ReLU and (with `may_halve`) mean that follow and that nobody sees
    /// in between.
    pub(super) fn fold(&self, at: NodeId, may_halve: bool) -> Option<Folded<'a>> {
        let node = &self.graph.nodes[at.0];
        let Some(Layer::Conv { weights, bias, window }) = &node.layer else { return None };
        let bias = if bias.is_empty() { vec![0.0; node.channels] } else { bias.clone() };
        let (weights, window, input) = (weights.clone(), *window, node.inputs.as_slice());
        let mut conv = Folded { weights, bias, window, relu: false, halve: false, nodes: vec![at], input };
        while let Some(next) = self.only(conv.last()) {
            match &self.graph.nodes[next.0].layer {
                Some(Layer::Norm { scale, shift }) if !conv.relu => {
                    let size = conv.weights.len() / scale.len();
                    for (o, (a, b)) in scale.iter().zip(shift).enumerate() {
                        conv.weights[o * size..(o + 1) * size].iter_mut().for_each(|w| *w *= a);
                        conv.bias[o] = a * conv.bias[o] + b;
                    }
                }
                Some(Layer::Relu) => conv.relu = true,
                Some(Layer::AveragePool(w))
                    if may_halve && *w == HALVE && window == POINT && !conv.relu && !conv.halve =>
                {
                    conv.halve = true;
                }
                _ => break,
            }
            conv.nodes.push(next);
        }
        Some(conv)
    }
}
