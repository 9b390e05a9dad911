//! Names and copies of weights, with torchvision's names.

use super::layers::Norm;
use super::model::DenseNet;
use crate::error::{NnError, Result};
use crate::ops::ChannelStats;
use candle_core::{Tensor, Var};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Values and shape of one tensor of a weight file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Values {
    pub(super) shape: Vec<usize>,
    pub(super) data: Vec<f32>,
}

impl DenseNet {
    /// Every parameter with torchvision's name, and whether it learns.
    pub fn parameters(&self) -> Vec<(String, &Var, bool)> {
        let stem = self.stem_trainable;
        let mut all = vec![("features.conv0.weight".to_owned(), &self.conv0, stem)];
        for (name, norm, trainable) in self.norms() {
            all.push((format!("{name}.weight"), &norm.weight, trainable));
            all.push((format!("{name}.bias"), &norm.bias, trainable));
        }
        for (i, block) in self.blocks.iter().enumerate() {
            for (j, layer) in block.layers.iter().enumerate() {
                let name = format!("features.denseblock{}.denselayer{}", i + 1, j + 1);
                all.push((format!("{name}.conv1.weight"), &layer.conv1, layer.trainable));
                all.push((format!("{name}.conv2.weight"), &layer.conv2, layer.trainable));
            }
            if let Some(conv) = &block.after.conv {
                all.push((format!("features.transition{}.conv.weight", i + 1), conv, block.after.trainable));
            }
        }
        all.push(("classifier.weight".to_owned(), &self.classifier.0, self.head_trainable));
        all.push(("classifier.bias".to_owned(), &self.classifier.1, self.head_trainable));
        all
    }

    pub(super) fn norms(&self) -> Vec<(String, &Norm, bool)> {
        let mut all = vec![("features.norm0".to_owned(), &self.norm0, self.stem_trainable)];
        let blocks = self.blocks.len();
        for (i, block) in self.blocks.iter().enumerate() {
            for (j, layer) in block.layers.iter().enumerate() {
                let name = format!("features.denseblock{}.denselayer{}", i + 1, j + 1);
                all.push((format!("{name}.norm1"), &layer.norm1, layer.trainable));
                all.push((format!("{name}.norm2"), &layer.norm2, layer.trainable));
            }
            let mut name = Self::after_name(i, blocks);
            if block.after.conv.is_some() {
                name.push_str(".norm");
            }
            all.push((name, &block.after.norm, block.after.trainable));
        }
        all
    }

    /// All parameters and running statistics, by name.
    pub(super) fn state(&self) -> Result<BTreeMap<String, Values>> {
        let mut state = BTreeMap::new();
        for (name, var, _) in self.parameters() {
            let data = var.flatten_all()?.to_vec1::<f32>()?;
            state.insert(name, Values { shape: var.dims().to_vec(), data });
        }
        for (name, norm, _) in self.norms() {
            let shape = vec![norm.running.mean.len()];
            let mean = Values { shape: shape.clone(), data: norm.running.mean.clone() };
            state.insert(format!("{name}.running_mean"), mean);
            state.insert(format!("{name}.running_var"), Values { shape, data: norm.running.var.clone() });
        }
        Ok(state)
    }

    /// Number of parameters, without running statistics.
    pub fn parameter_count(&self) -> usize {
        self.parameters().iter().map(|(_, var, _)| var.elem_count()).sum()
    }

    /// Whether every parameter and running statistic is finite.
    pub(crate) fn is_finite(&self) -> Result<bool> {
        Ok(self.state()?.values().all(|v| v.data.iter().all(|x| x.is_finite())))
    }

    /// A copy of all weights and running statistics, to come back to.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let batches = self.norms().iter().map(|(_, n, _)| n.batches).collect();
        Ok(Snapshot { state: self.state()?, batches })
    }

    /// Goes back to a snapshot of this network, or of one of the same shape.
    ///
    /// # Errors
    /// [`NnError::Weights`] when the snapshot is of another shape.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.set_state(&snapshot.state, Some(&snapshot.batches))
    }

    pub(super) fn set_state(
        &mut self,
        state: &BTreeMap<String, Values>,
        batches: Option<&[u64]>,
    ) -> Result<()> {
        let known = self.state()?;
        for (name, want) in &known {
            match state.get(name) {
                Some(got) if got.shape == want.shape => {}
                Some(got) => {
                    return Err(NnError::Weights(format!(
                        "{name} has shape {:?}, not {:?}",
                        got.shape, want.shape
                    )));
                }
                None => return Err(NnError::Weights(format!("{name} is missing"))),
            }
        }
        if let Some(name) = state.keys().find(|name| !known.contains_key(*name)) {
            return Err(NnError::Weights(format!("{name} is not part of the network")));
        }
        for (name, var, _) in self.parameters() {
            let values = &state[&name];
            var.set(&Tensor::from_slice(&values.data, values.shape.as_slice(), &self.device)?)?;
        }
        let names: Vec<String> = self.norms().into_iter().map(|(name, _, _)| name).collect();
        for (i, (norm, name)) in self.norms_mut().into_iter().zip(names).enumerate() {
            let mean = state[&format!("{name}.running_mean")].data.clone();
            let var = state[&format!("{name}.running_var")].data.clone();
            norm.running = Arc::new(ChannelStats { mean, var, count: 0 });
            norm.batches = batches.and_then(|b| b.get(i)).copied().unwrap_or(norm.batches);
        }
        Ok(())
    }
}

/// Weights and running statistics of a network at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    state: BTreeMap<String, Values>,
    batches: Vec<u64>,
}
