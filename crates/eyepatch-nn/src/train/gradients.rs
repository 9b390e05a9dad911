//! The gradients of a step.

use crate::densenet::DenseNet;
use crate::error::Result;
use candle_core::backprop::GradStore;

/// Gradients of the parameters that learn, with their names, in the order of [`DenseNet::parameters`].
#[derive(Debug, Clone, PartialEq)]
pub struct Gradients(Vec<(String, Vec<f32>)>);

impl Gradients {
    /// Those of `net` in candle's store.
    ///
    /// # Errors
    /// When a gradient cannot be read from its device.
    pub fn of(net: &DenseNet, store: &GradStore) -> Result<Self> {
        let (mut all, mut direct) = (vec![], net.take_direct());
        for (name, var, learns) in net.parameters() {
            if let Some(grad) = direct.remove(&var.id()).filter(|_| learns) {
                all.push((name, grad));
            } else if let Some(grad) = store.get(var).filter(|_| learns) {
                all.push((name, grad.flatten_all()?.to_vec1::<f32>()?));
            }
        }
        Ok(Self(all))
    }

    /// Each parameter's name and gradient.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[f32])> {
        self.0.iter().map(|(name, g)| (name.as_str(), g.as_slice()))
    }

    /// Euclidean length of all gradients together.
    pub fn norm(&self) -> f64 {
        let squares = |g: &Vec<f32>| g.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>();
        self.0.iter().map(|(_, g)| squares(g)).sum::<f64>().sqrt()
    }

    /// Scales all gradients by `longest / (norm + 1e-6)` where that is below 1, as `torch.nn.utils.clip_grad_norm_` does;
    /// returns the norm from before.
    pub fn clip(&mut self, longest: f64) -> f64 {
        let norm = self.norm();
        let factor = (longest / (norm + 1e-6)) as f32;
        if factor < 1.0 {
            self.0.iter_mut().flat_map(|(_, g)| g).for_each(|v| *v *= factor);
        }
        norm
    }
}
