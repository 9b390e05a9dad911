//! Names, copies and files of weights, with torchvision's names.

use super::config::DenseNetConfig;
use super::layers::Norm;
use super::model::DenseNet;
use crate::error::{NnError, Result};
use crate::ops::ChannelStats;
use candle_core::{Device, Tensor, Var};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

/// Key of the file's metadata under which the network's shape is kept, as JSON.
const CONFIG_KEY: &str = "eyepatch.densenet";

/// Values and shape of one tensor of a weight file.
#[derive(Debug, Clone, PartialEq)]
struct Values {
    shape: Vec<usize>,
    data: Vec<f32>,
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

    fn norms(&self) -> Vec<(String, &Norm, bool)> {
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
    fn state(&self) -> Result<BTreeMap<String, Values>> {
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

    fn set_state(&mut self, state: &BTreeMap<String, Values>, batches: Option<&[u64]>) -> Result<()> {
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

    /// The network as a safetensors file: torchvision's names, little-endian f32, its shape in the metadata.
    /// The same network gives the same bytes.
    ///
    /// # Errors
    /// When a parameter cannot be read from its device.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let weights = |e: safetensors::SafeTensorError| NnError::Weights(e.to_string());
        let state = self.state()?;
        let bytes: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = state
            .into_iter()
            .map(|(name, v)| {
                (name, Dtype::F32, v.shape, v.data.iter().flat_map(|x| x.to_le_bytes()).collect())
            })
            .chain(self.norms().into_iter().map(|(name, norm, _)| {
                let counter = norm.batches.to_le_bytes().to_vec();
                (format!("{name}.num_batches_tracked"), Dtype::I64, vec![], counter)
            }))
            .collect();
        let views = bytes
            .iter()
            .map(|(name, dtype, shape, data)| Ok((name, TensorView::new(*dtype, shape.clone(), data)?)))
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(weights)?;
        let config = serde_json::to_string(&self.config).map_err(|e| NnError::Weights(e.to_string()))?;
        let metadata = HashMap::from([(CONFIG_KEY.to_owned(), config)]);
        safetensors::serialize(views, Some(metadata)).map_err(weights)
    }

    /// A network from [`DenseNet::to_bytes`].
    ///
    /// # Errors
    /// [`NnError::Weights`] when the bytes are no such file.
    pub fn from_bytes(bytes: &[u8], device: &Device) -> Result<Self> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| NnError::Weights(e.to_string()))?;
        let config = metadata.metadata().as_ref().and_then(|m| m.get(CONFIG_KEY));
        let config =
            config.ok_or_else(|| NnError::Weights(format!("no {CONFIG_KEY} in the file's metadata")))?;
        let config: DenseNetConfig =
            serde_json::from_str(config).map_err(|e| NnError::Weights(format!("{CONFIG_KEY}: {e}")))?;
        let mut net = Self::new(config, 0, device)?;
        net.load_bytes(bytes)?;
        Ok(net)
    }

    /// Loads weights with torchvision's names into this network, ours or PyTorch's.
    ///
    /// # Errors
    /// [`NnError::Weights`] when a tensor is missing, unknown, not f32, or of another shape. Nothing is changed then.
    pub fn load_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let file = SafeTensors::deserialize(bytes).map_err(|e| NnError::Weights(e.to_string()))?;
        let (mut state, mut counters) = (BTreeMap::new(), HashMap::new());
        for (name, view) in file.iter() {
            if let Some(norm) = name.strip_suffix(".num_batches_tracked") {
                if let Ok(count) = <[u8; 8]>::try_from(view.data()) {
                    counters.insert(norm.to_owned(), u64::from_le_bytes(count));
                }
                continue;
            }
            if view.dtype() != Dtype::F32 {
                return Err(NnError::Weights(format!("{name} is {:?}, not F32", view.dtype())));
            }
            let data = view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            state.insert(name.to_owned(), Values { shape: view.shape().to_vec(), data });
        }
        let batches: Vec<u64> = self
            .norms()
            .iter()
            .map(|(name, norm, _)| counters.get(name).copied().unwrap_or(norm.batches))
            .collect();
        self.set_state(&state, Some(&batches))
    }

    /// Writes [`DenseNet::to_bytes`] to a file.
    ///
    /// # Errors
    /// [`NnError::Io`] with the path.
    pub fn save(&self, path: &Path) -> Result<()> {
        std::fs::write(path, self.to_bytes()?).map_err(|source| NnError::Io { path: path.to_owned(), source })
    }

    /// Reads a file that [`DenseNet::save`] wrote.
    ///
    /// # Errors
    /// [`NnError::Io`] with the path, or [`NnError::Weights`].
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| NnError::Io { path: path.to_owned(), source })?;
        Self::from_bytes(&bytes, device)
    }
}

/// Weights and running statistics of a network at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    state: BTreeMap<String, Values>,
    batches: Vec<u64>,
}
