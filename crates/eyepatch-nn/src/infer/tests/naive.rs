//! A network straight from the definitions of its layers: one image, NCHW, f64, loops.

use crate::infer::graph::Graph;
use crate::infer::{Layer, Window};

/// One image's value at a node.
#[derive(Debug, Clone)]
pub(super) struct Planes {
    pub(super) channels: usize,
    pub(super) size: (usize, usize),
    /// Channel after channel, row after row.
    pub(super) values: Vec<f64>,
}

impl Planes {
    fn new(channels: usize, size: (usize, usize), value: impl Fn(usize, usize, usize) -> f64) -> Self {
        let mut values = Vec::new();
        for c in 0..channels {
            for y in 0..size.0 {
                (0..size.1).for_each(|x| values.push(value(c, y, x)));
            }
        }
        Self { channels, size, values }
    }

    fn at(&self, c: usize, y: usize, x: usize) -> f64 {
        self.values[(c * self.size.0 + y) * self.size.1 + x]
    }

    /// The pixel `i, j` of the window at `y, x`, unless that is padding.
    fn seen(&self, w: Window, c: usize, (y, x): (usize, usize), (i, j): (usize, usize)) -> Option<f64> {
        let row = (y * w.stride + i).checked_sub(w.padding).filter(|&v| v < self.size.0)?;
        let column = (x * w.stride + j).checked_sub(w.padding).filter(|&v| v < self.size.1)?;
        Some(self.at(c, row, column))
    }

    fn map(&self, f: impl Fn(usize, f64) -> f64) -> Self {
        Self::new(self.channels, self.size, |c, y, x| f(c, self.at(c, y, x)))
    }
}

/// Places of a window: as many as fit between the padded borders.
pub(super) fn slid(w: Window, (height, width): (usize, usize)) -> (usize, usize) {
    let along = |n: usize| (0..).take_while(|p| p * w.stride + w.side <= n + 2 * w.padding).count();
    (along(height), along(width))
}

fn offsets(w: Window) -> impl Iterator<Item = (usize, usize)> {
    (0..w.side).flat_map(move |i| (0..w.side).map(move |j| (i, j)))
}

/// The value of every node for one image.
pub(super) fn interpret(graph: &Graph, image: &[f32], size: (usize, usize)) -> Vec<Planes> {
    let values = image.iter().map(|&v| f64::from(v)).collect();
    let mut all = vec![Planes { channels: graph.nodes[0].channels, size, values }];
    for node in &graph.nodes[1..] {
        let inputs: Vec<&Planes> = node.inputs.iter().map(|i| &all[i.0]).collect();
        let layer = node.layer.as_ref().expect("only the image has none");
        let value = apply(layer, &inputs, node.channels);
        all.push(value);
    }
    all
}

fn apply(layer: &Layer, inputs: &[&Planes], channels: usize) -> Planes {
    let x = inputs[0];
    match layer {
        Layer::Conv { weights, bias, window } => {
            let w = *window;
            Planes::new(channels, slid(w, x.size), |o, row, column| {
                let mut sum = bias.get(o).map_or(0.0, |&b| f64::from(b));
                for c in 0..x.channels {
                    for (i, j) in offsets(w) {
                        let weight = weights[((o * x.channels + c) * w.side + i) * w.side + j];
                        sum += f64::from(weight) * x.seen(w, c, (row, column), (i, j)).unwrap_or(0.0);
                    }
                }
                sum
            })
        }
        Layer::Norm { scale, shift } => x.map(|c, v| f64::from(scale[c]) * v + f64::from(shift[c])),
        Layer::Relu => x.map(|_, v| if v < 0.0 { 0.0 } else { v }),
        Layer::MaxPool(w) => Planes::new(channels, slid(*w, x.size), |c, row, column| {
            offsets(*w).filter_map(|at| x.seen(*w, c, (row, column), at)).fold(f64::NEG_INFINITY, f64::max)
        }),
        Layer::AveragePool(w) => Planes::new(channels, slid(*w, x.size), |c, row, column| {
            let sum: f64 = offsets(*w).filter_map(|at| x.seen(*w, c, (row, column), at)).sum();
            sum / (w.side * w.side) as f64
        }),
        Layer::Concat => {
            let values = inputs.iter().flat_map(|p| p.values.iter().copied()).collect();
            Planes { channels, size: x.size, values }
        }
        Layer::Add => Planes::new(channels, x.size, |c, row, column| {
            x.at(c, row, column) + inputs[1].at(c, row, column)
        }),
        Layer::GlobalAverage => Planes::new(channels, (1, 1), |c, _, _| {
            let pixels = x.size.0 * x.size.1;
            x.values[c * pixels..(c + 1) * pixels].iter().sum::<f64>() / pixels as f64
        }),
        Layer::Linear { weights, bias } => Planes::new(channels, x.size, |o, row, column| {
            let term = |c: usize| f64::from(weights[o * x.channels + c]) * x.at(c, row, column);
            f64::from(bias[o]) + (0..x.channels).map(term).sum::<f64>()
        }),
    }
}
