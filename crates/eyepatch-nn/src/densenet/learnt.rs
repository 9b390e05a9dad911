//! What training changes of a network, apart from what it leaves alone.

use super::layers::Norm;
use super::model::DenseNet;
use super::scope::FrozenNorm;
use crate::error::{NnError, Result};
use crate::ops::ChannelStats;
use candle_core::Tensor;
use std::sync::Arc;

/// Weights that learn and running statistics that move, at one moment: much less than a [`super::Snapshot`] where most
/// of a network is frozen.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Learnt {
    /// Names and values, in the order of [`DenseNet::parameters`].
    pub(crate) weights: Vec<(String, Vec<f32>)>,
    /// Place among the normalisations, means, variances, number of batches.
    pub(crate) norms: Vec<(usize, [Vec<f32>; 2], u64)>,
}

impl DenseNet {
    /// Normalisations, and whether their statistics move in training.
    fn moving(&self) -> Vec<(&Norm, bool)> {
        let drifts = self.frozen_norm == FrozenNorm::Published;
        let mut all = vec![(&self.norm0, drifts || self.stem_trainable)];
        for block in &self.blocks {
            for layer in &block.layers {
                all.extend([&layer.norm1, &layer.norm2].map(|norm| (norm, drifts || layer.trainable)));
            }
            all.push((&block.after.norm, drifts || block.after.trainable));
        }
        all
    }

    /// What training changes, as it is now.
    pub(crate) fn learnt(&self) -> Result<Learnt> {
        let mut learnt = Learnt::default();
        for (name, var, _) in self.parameters().into_iter().filter(|p| p.2) {
            learnt.weights.push((name, var.flatten_all()?.to_vec1::<f32>()?));
        }
        for (at, (norm, _)) in self.moving().into_iter().enumerate().filter(|(_, m)| m.1) {
            let statistics = [norm.running.mean.clone(), norm.running.var.clone()];
            learnt.norms.push((at, statistics, norm.batches));
        }
        Ok(learnt)
    }

    /// Takes all weights and running statistics but the classifier's from a network that may have other classes.
    ///
    /// # Errors
    /// [`NnError::Weights`] where its shape is another; nothing is changed then.
    pub fn take_features(&mut self, from: &Self) -> Result<()> {
        let same = super::DenseNetConfig { classes: self.config.classes, ..from.config.clone() };
        if same != self.config {
            return Err(NnError::Weights(format!("{:?} is not {:?}", from.config, self.config)));
        }
        let (ours, theirs) = (self.parameters(), from.parameters());
        for ((name, var, _), (_, other, _)) in ours.into_iter().zip(theirs) {
            if !name.starts_with("classifier.") {
                var.set(&other.as_detached_tensor().to_device(&self.device)?.copy()?)?;
            }
        }
        for (norm, (other, _)) in self.norms_mut().into_iter().zip(from.moving()) {
            norm.running = other.running.clone();
            norm.batches = other.batches;
        }
        Ok(())
    }

    /// Brings back what [`DenseNet::learnt`] gave, of a network of this shape of which the same parts learn.
    ///
    /// # Errors
    /// [`NnError::Weights`] where it does not fit; nothing is changed then.
    pub(crate) fn set_learnt(&mut self, learnt: &Learnt) -> Result<()> {
        let weights = self.parameters().into_iter().filter(|p| p.2);
        let weights_fit = weights
            .map(|(name, var, _)| (name, var.elem_count()))
            .eq(learnt.weights.iter().map(|(n, v)| (n.clone(), v.len())));
        let norms = self.moving().into_iter().enumerate().filter(|(_, m)| m.1);
        let sizes = |[mean, var]: &[Vec<f32>; 2]| [mean.len(), var.len()];
        let norms_fit = norms
            .map(|(at, (norm, _))| (at, [norm.running.mean.len(); 2]))
            .eq(learnt.norms.iter().map(|(at, statistics, _)| (*at, sizes(statistics))));
        if !weights_fit || !norms_fit {
            return Err(NnError::Weights("what was learnt is of another network".into()));
        }
        for ((_, var, _), (_, values)) in self.parameters().into_iter().filter(|p| p.2).zip(&learnt.weights) {
            var.set(&Tensor::from_slice(values, var.shape(), var.device())?)?;
        }
        let mut norms = self.norms_mut();
        for (at, [mean, var], batches) in &learnt.norms {
            norms[*at].running = Arc::new(ChannelStats { mean: mean.clone(), var: var.clone(), count: 0 });
            norms[*at].batches = *batches;
        }
        Ok(())
    }
}
