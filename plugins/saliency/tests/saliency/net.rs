//! The network of `golden/make.py` in 64 bits, with its gradients written out.

use std::path::Path;

use eyepatch_core::{
    Activations, Batch, Ctx, Error, Fitted, Gradients, LayerGradients, OutputSpace, Result, Scores,
};
use serde::Deserialize;

/// Convolution, softplus (`first`), strided convolution, softplus (`last`), mean over the plane, linear layer.
#[derive(Deserialize)]
pub(crate) struct Weights {
    conv1: Vec<f64>,
    bias1: Vec<f64>,
    conv2: Vec<f64>,
    bias2: Vec<f64>,
    linear: Vec<f64>,
    bias3: Vec<f64>,
}

pub(crate) struct Net {
    pub(crate) weights: Weights,
    pub(crate) classes: Vec<String>,
}

/// Channels, rows, columns, and values in that order.
#[derive(Clone)]
struct Planes {
    shape: [usize; 3],
    values: Vec<f64>,
}

/// A 3 x 3 convolution with a border of zeros.
struct Conv<'a> {
    weights: &'a [f64],
    bias: &'a [f64],
    stride: usize,
}

impl Conv<'_> {
    fn output(&self, [_, h, w]: [usize; 3]) -> [usize; 3] {
        [self.bias.len(), (h - 1) / self.stride + 1, (w - 1) / self.stride + 1]
    }

    /// Calls `f(output index, input index, weight)` for each product.
    fn products(&self, input: [usize; 3], mut f: impl FnMut(usize, usize, f64)) {
        let ([c, h, w], [o, oh, ow]) = (input, self.output(input));
        for out in 0..o * oh * ow {
            let (k, y, x) = (out / (oh * ow), out / ow % oh, out % ow);
            for tap in 0..c * 9 {
                let (channel, dy, dx) = (tap / 9, tap / 3 % 3, tap % 3);
                let (row, column) = (y * self.stride + dy, x * self.stride + dx);
                if (1..=h).contains(&row) && (1..=w).contains(&column) {
                    f(out, (channel * h + row - 1) * w + column - 1, self.weights[k * c * 9 + tap]);
                }
            }
        }
    }

    fn forward(&self, x: &Planes) -> Planes {
        let shape = self.output(x.shape);
        let plane = shape[1] * shape[2];
        let mut values: Vec<f64> = (0..shape[0] * plane).map(|i| self.bias[i / plane]).collect();
        self.products(x.shape, |out, at, weight| values[out] += weight * x.values[at]);
        Planes { shape, values }
    }

    /// The gradient with respect to an input of this shape, from that with respect to the output.
    fn backward(&self, input: [usize; 3], gradient: &[f64]) -> Vec<f64> {
        let mut values = vec![0.0; input.iter().product()];
        self.products(input, |out, at, weight| values[at] += weight * gradient[out]);
        values
    }
}

/// All that a pass leaves behind.
struct Pass {
    before: [Planes; 2],
    after: [Planes; 2],
    outputs: Vec<f64>,
}

fn softplus(x: &Planes) -> Planes {
    Planes { shape: x.shape, values: x.values.iter().map(|v| v.exp().ln_1p()).collect() }
}

/// The gradient before softplus, from that behind it.
fn unfold(before: &Planes, gradient: &[f64]) -> Vec<f64> {
    before.values.iter().zip(gradient).map(|(v, g)| g / (1.0 + (-v).exp())).collect()
}

impl Net {
    fn convs(&self) -> [Conv<'_>; 2] {
        let w = &self.weights;
        [
            Conv { weights: &w.conv1, bias: &w.bias1, stride: 1 },
            Conv { weights: &w.conv2, bias: &w.bias2, stride: 2 },
        ]
    }

    fn pass(&self, x: &Planes) -> Pass {
        let [one, two] = self.convs();
        let first = one.forward(x);
        let second = two.forward(&softplus(&first));
        let last = softplus(&second);
        let plane = last.shape[1] * last.shape[2];
        let means: Vec<f64> =
            last.values.chunks_exact(plane).map(|p| p.iter().sum::<f64>() / plane as f64).collect();
        let rows = self.weights.linear.chunks_exact(means.len()).zip(&self.weights.bias3);
        let outputs =
            rows.map(|(row, b)| b + row.iter().zip(&means).map(|(w, m)| w * m).sum::<f64>()).collect();
        Pass { after: [softplus(&first), last], before: [first, second], outputs }
    }

    /// Gradients of a class's output with respect to `last`, `first` and the input.
    fn gradients(&self, x: &Planes, pass: &Pass, class: usize) -> [Vec<f64>; 3] {
        let [one, two] = self.convs();
        let [c, h, w] = pass.after[1].shape;
        let row = &self.weights.linear[class * c..][..c];
        let last: Vec<f64> = (0..c * h * w).map(|i| row[i / (h * w)] / (h * w) as f64).collect();
        let first = two.backward(pass.after[0].shape, &unfold(&pass.before[1], &last));
        let input = one.backward(x.shape, &unfold(&pass.before[0], &first));
        [last, first, input]
    }

    fn images(batch: &Batch) -> Result<Vec<Planes>> {
        let shape = [batch.channels, batch.height, batch.width];
        let values = batch.host_f32()?;
        let one = |v: &[f32]| Planes { shape, values: v.iter().map(|&v| f64::from(v)).collect() };
        Ok(values.chunks_exact(shape.iter().product()).map(one).collect())
    }
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}

impl Fitted for Net {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn predict(&self, batch: &Batch, _ctx: &Ctx) -> Result<Scores> {
        let values = Self::images(batch)?.iter().flat_map(|x| narrow(&self.pass(x).outputs)).collect();
        Scores::new(self.classes.len(), OutputSpace::Logits, values)
    }

    fn save(&self, _folder: &Path) -> Result<()> {
        Ok(())
    }

    fn gradients(&self) -> Option<&dyn Gradients> {
        Some(self)
    }

    fn activations(&self) -> Option<&dyn Activations> {
        Some(self)
    }
}

impl Gradients for Net {
    fn input_gradient(&self, batch: &Batch, class: usize, _ctx: &Ctx) -> Result<Vec<f32>> {
        let of = |x: &Planes| narrow(&Net::gradients(self, x, &self.pass(x), class)[2]);
        Ok(Self::images(batch)?.iter().flat_map(of).collect())
    }
}

impl Activations for Net {
    fn layers(&self) -> Vec<String> {
        vec!["first".into(), "last".into()]
    }

    fn activations(&self, layer: &str, batch: &Batch, ctx: &Ctx) -> Result<([usize; 4], Vec<f32>)> {
        let found = self.activation_gradients(layer, batch, 0, ctx)?;
        Ok((found.shape, found.activations))
    }

    fn activation_gradients(
        &self,
        layer: &str,
        batch: &Batch,
        class: usize,
        _ctx: &Ctx,
    ) -> Result<LayerGradients> {
        let at = self.layers().iter().position(|l| l == layer).ok_or_else(|| Error::Unsupported {
            what: "the network".into(),
            capability: format!("layer `{layer}`"),
        })?;
        let mut found = LayerGradients { shape: [batch.n, 0, 0, 0], activations: vec![], gradients: vec![] };
        for x in Self::images(batch)? {
            let pass = self.pass(&x);
            found.shape[1..].copy_from_slice(&pass.after[at].shape);
            found.activations.extend(narrow(&pass.after[at].values));
            found.gradients.extend(narrow(&Net::gradients(self, &x, &pass, class)[1 - at]));
        }
        Ok(found)
    }
}
