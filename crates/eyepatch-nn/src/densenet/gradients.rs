//! Gradients of a class's logit, for explanations.

use super::model::DenseNet;
use super::parts::Mode;
use crate::error::{NnError, Result};
use candle_core::{Tensor, Var};

impl DenseNet {
    /// Gradient of the sum of one class's logits by the input, with running statistics: saliency, shaped like `x`.
    ///
    /// # Errors
    /// [`NnError::Config`] when there is no such class; otherwise as [`DenseNet::forward`].
    pub fn input_gradients(&self, x: &Tensor, class: usize) -> Result<Tensor> {
        self.check_class(class)?;
        let x = Var::from_tensor(&x.contiguous()?.copy()?)?;
        slope(&self.forward(&x)?, class, &x)
    }

    /// Activations of this name as [`DenseNet::activations`] gives them, and the gradient of each image's logit of one
    /// class by them, of the same shape. The network is run up to there, and then from there on: candle forgets the
    /// gradients of what lies in the middle.
    ///
    /// # Errors
    /// [`NnError::Config`] for a class or a name that is not known; otherwise as [`DenseNet::forward`].
    pub fn activation_gradients(&self, x: &Tensor, name: &str, class: usize) -> Result<(Tensor, Tensor)> {
        self.check_class(class)?;
        let y = Var::from_tensor(&self.activations(x, name)?.contiguous()?.copy()?)?;
        let gradient = slope(&self.behind(name, &y)?, class, &y)?;
        Ok((y.as_detached_tensor(), gradient))
    }

    /// Logits from activations of this name, one of [`DenseNet::activation_names`].
    fn behind(&self, name: &str, y: &Tensor) -> Result<Tensor> {
        if name == "classifier" {
            return Ok(y.clone());
        }
        let slots = self.slots();
        let at = slots.iter().position(|slot| slot.name == name);
        let at = at.ok_or_else(|| NnError::config("activation", name, "is not a layer of this network"))?;
        let (pooled, _) = self.run(y, &self.parts(Mode::Eval, at + 1)?, &mut |_, _| {})?;
        Ok(self.classify(&pooled.flatten_from(1)?, Mode::Eval)?)
    }

    fn check_class(&self, class: usize) -> Result<()> {
        if class < self.config.classes {
            return Ok(());
        }
        Err(NnError::config("class", class, "must be below the number of classes"))
    }
}

/// Gradient of the sum of one class's logits. Images do not meet, so each has its own.
fn slope(logits: &Tensor, class: usize, by: &Var) -> Result<Tensor> {
    let grads = logits.narrow(1, class, 1)?.sum_all()?.backward()?;
    grads.get(by).cloned().ok_or_else(|| NnError::Weights("the input does not reach the logits".into()))
}

#[cfg(test)]
#[path = "gradients_tests.rs"]
mod tests;
