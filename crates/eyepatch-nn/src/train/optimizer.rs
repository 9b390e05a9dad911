//! Adam, AdamW and SGD with PyTorch's conventions.

use super::gradients::Gradients;
use crate::densenet::DenseNet;
use crate::error::{NnError, Result};
use candle_core::{Tensor, backprop::GradStore};
use eyepatch_kernels::planes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which optimiser, and its constants besides the learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum OptimizerConfig {
    /// Kingma and Ba 2015, as `torch.optim.Adam`: weight decay is added to the gradient.
    Adam {
        /// Decay of the mean of gradients.
        beta1: f64,
        /// Decay of the mean of squared gradients.
        beta2: f64,
        /// Added to the root of the latter.
        eps: f64,
        /// Fraction of a weight that is added to its gradient.
        weight_decay: f64,
    },
    /// Loshchilov and Hutter 2019, as `torch.optim.AdamW`: weights shrink apart from the gradient's step.
    AdamW {
        /// Decay of the mean of gradients.
        beta1: f64,
        /// Decay of the mean of squared gradients.
        beta2: f64,
        /// Added to the root of the latter.
        eps: f64,
        /// Fraction of the step size by which a weight shrinks at each step.
        weight_decay: f64,
    },
    /// `torch.optim.SGD`.
    Sgd {
        /// Fraction of the last step that is taken again.
        momentum: f64,
        /// Fraction of a weight that is added to its gradient.
        weight_decay: f64,
    },
}

impl OptimizerConfig {
    /// Adam with PyTorch's defaults.
    pub fn adam(weight_decay: f64) -> Self {
        Self::Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay }
    }

    /// AdamW with PyTorch's defaults but for the decay (there 0.01).
    pub fn adam_w(weight_decay: f64) -> Self {
        Self::AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay }
    }
}

/// An optimiser with its memory.
#[derive(Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    learning_rate: f64,
    steps: i32,
    /// Two running means (Adam), or the momentum (SGD), for each parameter.
    memory: BTreeMap<String, [Vec<f32>; 2]>,
}

impl Optimizer {
    /// An optimiser that has not stepped yet.
    ///
    /// # Errors
    /// [`NnError::Config`] for constants out of range.
    pub fn new(config: OptimizerConfig, learning_rate: f64) -> Result<Self> {
        let fraction = |name, value: f64| match value {
            v if (0.0..1.0).contains(&v) => Ok(()),
            v => Err(NnError::config(name, v, "must lie in 0 .. 1")),
        };
        let decay = match config {
            OptimizerConfig::Adam { beta1, beta2, eps, weight_decay }
            | OptimizerConfig::AdamW { beta1, beta2, eps, weight_decay } => {
                fraction("beta1", beta1)?;
                fraction("beta2", beta2)?;
                if !(eps.is_finite() && eps > 0.0) {
                    return Err(NnError::config("eps", eps, "must be positive"));
                }
                weight_decay
            }
            OptimizerConfig::Sgd { momentum, weight_decay } => {
                fraction("momentum", momentum)?;
                weight_decay
            }
        };
        if !(decay.is_finite() && decay >= 0.0) {
            return Err(NnError::config("weight_decay", decay, "must be 0 or more"));
        }
        if !(learning_rate.is_finite() && learning_rate > 0.0) {
            return Err(NnError::config("learning_rate", learning_rate, "must be positive"));
        }
        Ok(Self { config, learning_rate, steps: 0, memory: BTreeMap::new() })
    }

    /// Changes the step size from the next step on.
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    /// Moves every parameter that learns and has a gradient.
    ///
    /// # Errors
    /// When a parameter cannot be read or written.
    pub fn step(&mut self, net: &DenseNet, grads: &GradStore) -> Result<()> {
        self.apply(net, &Gradients::of(net, grads)?)
    }

    /// [`Optimizer::step`] with gradients that may have been changed.
    ///
    /// # Errors
    /// When a parameter cannot be read or written.
    pub fn apply(&mut self, net: &DenseNet, grads: &Gradients) -> Result<()> {
        self.steps += 1;
        // Both are in the network's order.
        let mut grads = grads.iter().peekable();
        for (name, var, learns) in net.parameters() {
            let Some((_, grad)) = grads.next_if(|(own, _)| learns && *own == name) else { continue };
            let mut weight = var.flatten_all()?.to_vec1::<f32>()?;
            let fresh = || [vec![0.0; weight.len()], vec![0.0; weight.len()]];
            let memory = self.memory.entry(name).or_insert_with(fresh);
            self.config.move_by(grad, &mut weight, memory, self.learning_rate, self.steps);
            var.set(&Tensor::from_vec(weight, var.shape(), var.device())?)?;
        }
        Ok(())
    }

    /// Steps so far, and the memory of each parameter.
    pub(super) fn memory(&self) -> (i32, &BTreeMap<String, [Vec<f32>; 2]>) {
        (self.steps, &self.memory)
    }

    /// Goes on from a memory that was kept.
    pub(super) fn remember(&mut self, steps: i32, memory: BTreeMap<String, [Vec<f32>; 2]>) {
        (self.steps, self.memory) = (steps, memory);
    }
}

impl OptimizerConfig {
    /// Moves one parameter.
    fn move_by(
        self,
        grad: &[f32],
        weight: &mut [f32],
        [first, second]: &mut [Vec<f32>; 2],
        lr: f64,
        steps: i32,
    ) {
        match self {
            Self::Adam { beta1, beta2, eps, weight_decay }
            | Self::AdamW { beta1, beta2, eps, weight_decay } => {
                let step = lr / (1.0 - beta1.powi(steps));
                let root = (1.0 - beta2.powi(steps)).sqrt();
                let beta = (beta1 as f32, beta2 as f32);
                let mut decay = weight_decay as f32;
                if matches!(self, Self::AdamW { .. }) {
                    let shrink = (1.0 - lr * weight_decay) as f32;
                    weight.iter_mut().for_each(|w| *w *= shrink);
                    decay = 0.0;
                }
                let (step, root, eps) = (step as f32, root as f32, eps as f32);
                planes::adam(weight, grad, first, second, beta, decay, step, root, eps);
            }
            Self::Sgd { momentum, weight_decay } => {
                let (momentum, decay, lr) = (momentum as f32, weight_decay as f32, lr as f32);
                for ((w, &g), m) in weight.iter_mut().zip(grad).zip(first) {
                    // PyTorch starts the momentum with the first gradient; from zero that is the same.
                    *m = momentum * *m + (g + decay * *w);
                    *w -= lr * *m;
                }
            }
        }
    }
}
