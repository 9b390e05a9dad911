//! Random small networks: what occurs in real ones, and what a compiler that fuses layers may get wrong.

use super::naive::slid;
use crate::infer::{Graph, Layer, NodeId, Window};
use proptest::prelude::*;

/// What a network is built from.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    pub(super) channels: usize,
    pub(super) size: (usize, usize),
    pub(super) n: usize,
    /// A kind of layer (or of several), which node it reads, and a number that settles the rest.
    ops: Vec<(u8, u16, u16)>,
    /// Nodes to ask for, besides the last.
    wanted: Vec<u16>,
}

pub(super) fn recipe() -> impl Strategy<Value = Recipe> {
    // Tall and wide ones need several strips and chunks.
    let size = prop_oneof![
        4 => (1usize..16, 1usize..16),
        1 => (25usize..60, 1usize..8),
        1 => (1usize..8, 90usize..110),
    ];
    let channels = prop_oneof![1usize..4, 8usize..20];
    let ops = prop::collection::vec((0u8..16, any::<u16>(), any::<u16>()), 1..7);
    let wanted = prop::collection::vec(any::<u16>(), 0..3);
    (channels, size, 1usize..6, ops, wanted).prop_map(|(channels, size, n, ops, wanted)| Recipe {
        channels,
        size,
        n,
        ops,
        wanted,
    })
}

/// A graph that grows; node `i` has the size `sizes[i]`.
pub(super) struct Builder {
    pub(super) graph: Graph,
    sizes: Vec<(usize, usize)>,
    state: u64,
}

/// Numbers in -1 .. 1, the same for the same seed.
pub(super) fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let one = |i: u64| {
        let z = (seed.wrapping_mul(0x1_0000_0001).wrapping_add(i)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((z ^ (z >> 27)) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..n as u64).map(one).collect()
}

pub(super) const fn window(side: usize, stride: usize, padding: usize) -> Window {
    Window { side, stride, padding }
}

impl Builder {
    pub(super) fn new(channels: usize, size: (usize, usize)) -> Self {
        Self { graph: Graph::new(channels), sizes: vec![size], state: 0 }
    }

    fn last(&self) -> NodeId {
        NodeId(self.sizes.len() - 1)
    }

    fn values(&mut self, n: usize, scale: f32) -> Vec<f32> {
        self.state += 1;
        numbers(n, self.state).into_iter().map(|v| scale * v).collect()
    }

    fn add(&mut self, layer: Layer, inputs: &[NodeId], size: (usize, usize)) -> NodeId {
        let name = format!("node{}", self.sizes.len());
        self.sizes.push(size);
        self.graph.add(&name, layer, inputs).expect("built to fit")
    }

    /// `None` where the window does not fit, as for every layer that slides.
    pub(super) fn conv(&mut self, from: NodeId, output: usize, w: Window, bias: bool) -> Option<NodeId> {
        let size = slid(w, self.sizes[from.0]);
        let terms = self.graph.channels(from) * w.side * w.side;
        // Of uniform numbers in -1 .. 1 the variance is 1/3: values keep their size.
        let weights = self.values(output * terms, (3.0 / terms as f32).sqrt());
        let bias = if bias { self.values(output, 0.5) } else { vec![] };
        (size.0 * size.1 > 0).then(|| self.add(Layer::Conv { weights, bias, window: w }, &[from], size))
    }

    pub(super) fn norm(&mut self, from: NodeId) -> NodeId {
        let n = self.graph.channels(from);
        // Scales of both signs: a ReLU must not be moved across.
        let (scale, shift) = (self.values(n, 1.5), self.values(n, 0.5));
        self.add(Layer::Norm { scale, shift }, &[from], self.sizes[from.0])
    }

    pub(super) fn relu(&mut self, from: NodeId) -> NodeId {
        self.add(Layer::Relu, &[from], self.sizes[from.0])
    }

    fn norm_relu(&mut self, from: NodeId) -> NodeId {
        let normed = self.norm(from);
        self.relu(normed)
    }

    pub(super) fn max(&mut self, from: NodeId, w: Window) -> Option<NodeId> {
        let size = slid(w, self.sizes[from.0]);
        (size.0 * size.1 > 0).then(|| self.add(Layer::MaxPool(w), &[from], size))
    }

    fn mean(&mut self, from: NodeId, w: Window) -> Option<NodeId> {
        let size = slid(w, self.sizes[from.0]);
        (size.0 * size.1 > 0).then(|| self.add(Layer::AveragePool(w), &[from], size))
    }

    pub(super) fn sum(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.add(Layer::Add, &[a, b], self.sizes[a.0])
    }

    pub(super) fn head(&mut self, from: NodeId, classes: usize) -> NodeId {
        let pooled = self.add(Layer::GlobalAverage, &[from], (1, 1));
        let n = self.graph.channels(pooled);
        let (weights, bias) = (self.values(classes * n, 1.0), self.values(classes, 1.0));
        self.add(Layer::Linear { weights, bias }, &[pooled], (1, 1))
    }

    /// ResNet's bottleneck (He et al. 2016, figure 5): 1 x 1, 3 x 3 with a stride, 1 x 1, plus the input or its projection.
    pub(super) fn bottleneck(
        &mut self,
        from: NodeId,
        inner: usize,
        output: usize,
        stride: usize,
    ) -> Option<NodeId> {
        let x = self.conv(from, inner, window(1, 1, 0), false)?;
        let x = self.norm_relu(x);
        let x = self.conv(x, inner, window(3, stride, 1), false)?;
        let x = self.norm_relu(x);
        let x = self.conv(x, output, window(1, 1, 0), false)?;
        let x = self.norm(x);
        let short = if stride == 1 && self.graph.channels(from) == output {
            from
        } else {
            let short = self.conv(from, output, window(1, stride, 0), false)?;
            self.norm(short)
        };
        let sum = self.sum(x, short);
        Some(self.relu(sum))
    }

    fn dense(&mut self, from: NodeId, inner: usize, growth: usize) -> Option<NodeId> {
        let x = self.norm_relu(from);
        let x = self.conv(x, inner, window(1, 1, 0), false)?;
        let x = self.norm_relu(x);
        let x = self.conv(x, growth, window(3, 1, 1), false)?;
        Some(self.add(Layer::Concat, &[from, x], self.sizes[from.0]))
    }

    fn concat(&mut self, from: NodeId, pick: usize) -> Option<NodeId> {
        let size = self.sizes[from.0];
        let same: Vec<usize> = (0..self.sizes.len()).filter(|&i| self.sizes[i] == size).collect();
        let parts: Vec<NodeId> =
            (0..pick % 3 + 1).map(|i| NodeId(same[(pick / 3 + 5 * i) % same.len()])).collect();
        let parts = [vec![from], parts].concat();
        let channels: usize = parts.iter().map(|&p| self.graph.channels(p)).sum();
        (channels <= 60).then(|| self.add(Layer::Concat, &parts, size))
    }

    /// What an entry of a recipe stands for; `None` where it does not fit.
    fn op(&mut self, kind: u8, from: NodeId, pick: usize) -> Option<NodeId> {
        let outputs = [1, 3, 8, 9, 16, 17, 23, 33][pick % 8];
        let (rest, bias) = (pick / 8, pick / 8 % 2 == 1);
        match kind {
            0 => self.conv(from, outputs, window(1, 1, 0), bias),
            1 => self.conv(from, outputs, window(3, 1, 1), bias),
            2 => {
                let side = [1, 2, 3, 5, 7][rest % 5];
                self.conv(from, outputs, window(side, rest / 5 % 3 + 1, rest / 15 % side), bias)
            }
            3 => Some(self.norm(from)),
            4 => Some(self.relu(from)),
            5 => self.max(from, window(rest % 3 + 1, rest / 3 % 2 + 1, rest / 6 % (rest % 3 + 1))),
            6 => self.mean(from, window(2, 2, 0)),
            7 => self.mean(from, window(rest % 3 + 1, rest / 3 % 2 + 1, rest / 6 % (rest % 3 + 1))),
            8 => self.concat(from, pick),
            9 => {
                let (size, channels) = (self.sizes[from.0], self.graph.channels(from));
                let other = (0..self.sizes.len()).map(NodeId).cycle().skip(pick % self.sizes.len());
                let fits = |o: &NodeId| self.sizes[o.0] == size && self.graph.channels(*o) == channels;
                let other = other.take(self.sizes.len()).find(fits)?;
                Some(self.sum(from, other))
            }
            10 => self.dense(from, outputs, [3, 8, 12][rest % 3]),
            11 => {
                // A transition, and variants that must not be read as one.
                let x = if rest % 2 == 0 { self.norm_relu(from) } else { from };
                let x = self.conv(x, outputs, window(1, 1, 0), bias)?;
                let x = if rest / 2 % 3 == 1 { self.relu(x) } else { x };
                let x = if rest / 2 % 3 == 2 { self.norm(x) } else { x };
                let x = self.mean(x, window(2, 2, 0))?;
                let x = if rest / 6 % 2 == 1 { self.norm(x) } else { x };
                let x = if rest / 12 % 2 == 1 { self.relu(x) } else { x };
                if rest / 24 % 2 == 1 { self.mean(x, window(2, 2, 0)) } else { Some(x) }
            }
            12 => self.bottleneck(from, outputs, outputs, rest % 2 + 1),
            13 => {
                let x = self.conv(from, outputs, window([1, 3][rest % 2], 1, rest % 2), bias)?;
                let x = self.norm(x);
                let x = self.norm_relu(x);
                if rest / 2 % 2 == 1 { Some(self.norm(x)) } else { Some(x) }
            }
            14 => {
                let x = self.conv(from, outputs, window(1, 1, 0), bias)?;
                let x = if rest % 2 == 1 { self.norm(x) } else { x };
                let x = self.conv(x, outputs, window(3, 1, 1), bias)?;
                let x = if rest / 2 % 2 == 1 { self.norm(x) } else { x };
                if rest / 4 % 2 == 1 { Some(self.relu(x)) } else { Some(x) }
            }
            _ => Some(self.head(from, outputs)),
        }
    }
}

impl Recipe {
    /// The network, and the nodes to ask for.
    pub(super) fn build(&self) -> (Graph, Vec<NodeId>) {
        let mut b = Builder::new(self.channels, self.size);
        for &(kind, from, pick) in &self.ops {
            // Mostly the last node, so that chains come about.
            let from = if from % 3 > 0 { b.last() } else { NodeId(usize::from(from) / 3 % b.sizes.len()) };
            b.op(kind, from, pick.into());
        }
        let mut wanted = vec![b.last()];
        wanted.extend(self.wanted.iter().map(|&w| NodeId(usize::from(w) % b.sizes.len())));
        (b.graph, wanted)
    }

    pub(super) fn pixels(&self) -> Vec<f32> {
        numbers(self.n * self.channels * self.size.0 * self.size.1, 77)
    }
}
