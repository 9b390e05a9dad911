//! A DenseNet as a graph of layers, for inference.

use super::layers::{EPS, Norm};
use super::{DenseNet, Stem};
use crate::error::Result;
use crate::infer::{Graph, Layer, NodeId, Window};
use candle_core::Tensor;

fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(tensor.flatten_all()?.to_vec1::<f32>()?)
}

fn norm(norm: &Norm) -> Result<Layer> {
    let (weight, bias) = (values(&norm.weight)?, values(&norm.bias)?);
    let (mut scale, mut shift) = (Vec::with_capacity(weight.len()), Vec::with_capacity(weight.len()));
    for (i, (&w, &b)) in weight.iter().zip(&bias).enumerate() {
        let a = f64::from(w) / (f64::from(norm.running.var[i]) + EPS).sqrt();
        scale.push(a as f32);
        shift.push((f64::from(b) - a * f64::from(norm.running.mean[i])) as f32);
    }
    Ok(Layer::Norm { scale, shift })
}

/// A graph that is being built.
struct Builder {
    graph: Graph,
    last: NodeId,
}

impl Builder {
    fn add(&mut self, name: &str, layer: Layer) -> Result<()> {
        self.last = self.graph.add(name, layer, &[self.last])?;
        Ok(())
    }

    fn norm_relu(&mut self, name: &str, n: &Norm) -> Result<()> {
        self.add(name, norm(n)?)?;
        self.add(&name.replace("norm", "relu"), Layer::Relu)
    }

    fn conv(&mut self, name: &str, weights: &Tensor, stride: usize) -> Result<()> {
        let side = weights.dim(2)?;
        let window = Window { side, stride, padding: side / 2 };
        self.add(name, Layer::Conv { weights: values(weights)?, bias: vec![], window })
    }
}

impl DenseNet {
    /// The network as layers with its running statistics. Nodes have the names of [`DenseNet::activation_names`]; the
    /// value that enters layer `j` (from 1) of block `i` is the node before `features.denseblock<i>.denselayer<j>.norm1`.
    ///
    /// # Errors
    /// When a parameter cannot be read from its device.
    pub fn graph(&self) -> Result<Graph> {
        let graph = Graph::new(self.config.in_channels);
        let mut b = Builder { last: graph.input(), graph };
        let large = self.config.stem == Stem::Large;
        b.conv("features.conv0", &self.conv0, if large { 2 } else { 1 })?;
        b.norm_relu("features.norm0", &self.norm0)?;
        if large {
            b.add("features.pool0", Layer::MaxPool(Window { side: 3, stride: 2, padding: 1 }))?;
        }
        for (i, block) in self.blocks.iter().enumerate() {
            let at = i + 1;
            let mut sofar = b.last;
            for (j, layer) in block.layers.iter().enumerate() {
                let name = format!("features.denseblock{at}.denselayer{}", j + 1);
                b.norm_relu(&format!("{name}.norm1"), &layer.norm1)?;
                b.conv(&format!("{name}.conv1"), &layer.conv1, 1)?;
                b.norm_relu(&format!("{name}.norm2"), &layer.norm2)?;
                b.conv(&format!("{name}.conv2"), &layer.conv2, 1)?;
                let last = j + 1 == block.layers.len();
                let name = if last { format!("features.denseblock{at}") } else { name };
                sofar = b.graph.add(&name, Layer::Concat, &[sofar, b.last])?;
                b.last = sofar;
            }
            match &block.after.conv {
                Some(conv) => {
                    let name = format!("features.transition{at}");
                    b.norm_relu(&format!("{name}.norm"), &block.after.norm)?;
                    b.conv(&format!("{name}.conv"), conv, 1)?;
                    b.add(&name, Layer::AveragePool(Window { side: 2, stride: 2, padding: 0 }))?;
                }
                None => b.norm_relu(&format!("features.norm{}", at + 1), &block.after.norm)?,
            }
        }
        b.add("features.pool", Layer::GlobalAverage)?;
        let (weights, bias) = (values(&self.classifier.0)?, values(&self.classifier.1)?);
        b.add("classifier", Layer::Linear { weights, bias })?;
        Ok(b.graph)
    }
}
