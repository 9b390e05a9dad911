use crate::error::{NnError, Result};
use eyepatch_kernels::nhwc::Window;

/// Side of the largest window.
const LARGEST: usize = 4096;

/// A layer of a network at inference.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// A convolution (cross-correlation, as everywhere) with a square kernel, all input channels to all outputs.
    Conv {
        /// `[output, input, side, side]`.
        weights: Vec<f32>,
        /// One number an output channel, or none.
        bias: Vec<f32>,
        /// Kernel and how it moves.
        window: Window,
    },
    /// `scale * x + shift` with one number each a channel: a batch normalisation with running statistics.
    Norm {
        /// Multiplied.
        scale: Vec<f32>,
        /// Added.
        shift: Vec<f32>,
    },
    /// The larger of x and 0.
    Relu,
    /// The largest of each window; padding never wins.
    MaxPool(Window),
    /// The mean of each window; padding counts as zeros.
    AveragePool(Window),
    /// The channels of its inputs, one after the other.
    Concat,
    /// The sum of two inputs.
    Add,
    /// The mean over all pixels.
    GlobalAverage,
    /// A matrix times the channels of a single pixel, plus a bias.
    Linear {
        /// `[output, input]`.
        weights: Vec<f32>,
        /// One number an output.
        bias: Vec<f32>,
    },
}

/// A node of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub(super) usize);

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) name: String,
    /// `None` for the image.
    pub(super) layer: Option<Layer>,
    pub(super) inputs: Vec<NodeId>,
    pub(super) channels: usize,
}

/// A network as layers, each reading results of earlier ones.
#[derive(Debug, Clone)]
pub struct Graph {
    pub(super) nodes: Vec<Node>,
}

impl Graph {
    /// A graph of an image with this many channels and nothing else.
    pub fn new(channels: usize) -> Self {
        let image = Node { name: "image".into(), layer: None, inputs: vec![], channels };
        Self { nodes: vec![image] }
    }

    /// The image.
    pub fn input(&self) -> NodeId {
        NodeId(0)
    }

    /// The node of this name, the last one where several share it.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.nodes.iter().rposition(|n| n.name == name).map(NodeId)
    }

    /// Channels of a node's result.
    pub fn channels(&self, node: NodeId) -> usize {
        self.nodes.get(node.0).map_or(0, |n| n.channels)
    }

    /// Appends a layer that reads these nodes.
    ///
    /// # Errors
    /// [`NnError::Weights`] naming the layer, where numbers of inputs, channels or weights do not fit.
    pub fn add(&mut self, name: &str, layer: Layer, inputs: &[NodeId]) -> Result<NodeId> {
        let wrong = |what: String| Err(NnError::Weights(format!("layer {name}: {what}")));
        if let Some(unknown) = inputs.iter().find(|i| i.0 >= self.nodes.len()) {
            return wrong(format!("reads node {}, which does not exist", unknown.0));
        }
        let read: Vec<usize> = inputs.iter().map(|&i| self.channels(i)).collect();
        let wanted = match layer {
            Layer::Concat => inputs.len().max(1),
            Layer::Add => 2,
            _ => 1,
        };
        if inputs.len() != wanted {
            return wrong(format!("reads {} nodes, not {wanted}", inputs.len()));
        }
        if let Layer::Conv { window, .. } | Layer::MaxPool(window) | Layer::AveragePool(window) = &layer
            && (window.side == 0
                || window.side > LARGEST
                || window.stride == 0
                || window.padding >= window.side)
        {
            return wrong(format!(
                "{window:?}: wanted are 1 <= side <= {LARGEST}, stride >= 1, padding < side"
            ));
        }
        let channels = match &layer {
            Layer::Conv { weights, bias, window } => {
                let size = read[0] * window.side * window.side;
                let output = weights.len().checked_div(size).unwrap_or(0);
                if output == 0 || output * size != weights.len() {
                    return wrong(format!(
                        "{} weights for {} channels and {window:?}",
                        weights.len(),
                        read[0]
                    ));
                }
                if !(bias.is_empty() || bias.len() == output) {
                    return wrong(format!("a bias of {} for {output} channels", bias.len()));
                }
                output
            }
            Layer::Norm { scale, shift } if (scale.len(), shift.len()) != (read[0], read[0]) => {
                return wrong(format!(
                    "{} scales and {} shifts for {} channels",
                    scale.len(),
                    shift.len(),
                    read[0]
                ));
            }
            Layer::Linear { weights, bias } if weights.len() != read[0] * bias.len() || bias.is_empty() => {
                return wrong(format!("{} weights, {} to {}", weights.len(), read[0], bias.len()));
            }
            Layer::Linear { bias, .. } => bias.len(),
            Layer::Add if read[0] != read[1] => {
                return wrong(format!("adds {} and {} channels", read[0], read[1]));
            }
            Layer::Concat => read.iter().sum(),
            _ => read[0],
        };
        self.nodes.push(Node {
            name: name.to_owned(),
            layer: Some(layer),
            inputs: inputs.to_vec(),
            channels,
        });
        Ok(NodeId(self.nodes.len() - 1))
    }
}
