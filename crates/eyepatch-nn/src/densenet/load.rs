//! Networks from weight files, and weight files from networks.

use super::config::DenseNetConfig;
use super::fit::{Loading, Misfit, counter, values};
use super::model::DenseNet;
use super::weights::Values;
use crate::error::{NnError, Result};
use crate::weights::{Element, Refused, Table, WeightFile};
use candle_core::Device;
use half::{bf16, f16};
use safetensors::tensor::{Dtype, TensorView};
use std::collections::HashMap;
use std::path::Path;

/// Key of the file's metadata under which the network's shape is kept, as JSON.
const CONFIG_KEY: &str = "eyepatch.densenet";

/// The dictionary of a file that holds a DenseNet, in torchvision's names: the one at `path`, else the only one.
///
/// # Errors
/// [`NnError::Refused`] where none or more than one does; see [`WeightFile::choose`] and [`Table::torchvision`].
pub fn table<'a>(file: &WeightFile<'a>, path: Option<&str>) -> Result<Table<'a>> {
    let is_densenet = |table: &Table<'a>| match table.clone().torchvision() {
        Ok(table) => table.get("features.conv0.weight").is_some(),
        // Two networks in one dictionary: the message should be about them.
        Err(_) => true,
    };
    let table = match path {
        Some(path) => file.at(path)?,
        None => file.choose(is_densenet)?,
    };
    Ok(table.torchvision()?)
}

impl DenseNet {
    /// Loads the tensors of a table in torchvision's names; f64, f16 and bf16 become f32. Counters of batches that the
    /// table lacks stay as they are.
    ///
    /// # Errors
    /// [`NnError::Misfit`] with all that is missing, surplus, misshaped or not finite. Nothing is changed then.
    pub fn load(&mut self, table: &Table<'_>, how: Loading) -> Result<()> {
        self.config.fit(table, how)?;
        let (mut state, mut misfit) = (self.state()?, Misfit::default());
        for (name, values_now) in &mut state {
            let fresh = how.head == super::Head::Fresh && name.starts_with("classifier.");
            let Some(tensor) = table.get(name).filter(|_| !fresh) else { continue };
            let data = values(&tensor, &values_now.shape);
            if data.iter().any(|v| !v.is_finite()) {
                misfit.not_finite.push(name.clone());
            }
            *values_now = Values { shape: std::mem::take(&mut values_now.shape), data };
        }
        misfit.check()?;
        let counters = |(name, norm, _): &(String, &super::layers::Norm, bool)| {
            Ok(counter(table, name)?.unwrap_or(norm.batches))
        };
        let batches: Vec<u64> =
            self.norms().iter().map(counters).collect::<std::result::Result<_, Refused>>()?;
        self.set_state(&state, Some(&batches))
    }

    /// Loads the bytes of a weight file of any format, ours or PyTorch's; the same as [`DenseNet::load`] of the
    /// dictionary that [`table`] finds.
    ///
    /// # Errors
    /// [`NnError::Refused`] for bytes that are not read, else as [`DenseNet::load`].
    pub fn load_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.load(&table(&WeightFile::parse(bytes)?, None)?, Loading::default())
    }

    /// The network as a safetensors file: torchvision's names, little-endian f32, its shape in the metadata.
    /// The same network gives the same bytes.
    ///
    /// # Errors
    /// When a parameter cannot be read from its device.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.to_bytes_as(Element::F32)
    }

    /// The same with parameters and running statistics as `element`: f32, or rounded to the nearest f16 or bf16.
    ///
    /// # Errors
    /// [`NnError::Weights`] for another type, and for a value that the type cannot hold.
    pub fn to_bytes_as(&self, element: Element) -> Result<Vec<u8>> {
        let weights = |e: safetensors::SafeTensorError| NnError::Weights(e.to_string());
        let mut tensors = vec![];
        for (name, Values { shape, data }) in self.state()? {
            let (dtype, bytes) = encode(&name, &data, element)?;
            tensors.push((name, dtype, shape, bytes));
        }
        for (name, norm, _) in self.norms() {
            let counter = norm.batches.to_le_bytes().to_vec();
            tensors.push((format!("{name}.num_batches_tracked"), Dtype::I64, vec![], counter));
        }
        let views = tensors
            .iter()
            .map(|(name, dtype, shape, data)| Ok((name, TensorView::new(*dtype, shape.clone(), data)?)))
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(weights)?;
        let config = serde_json::to_string(&self.config).map_err(|e| NnError::Weights(e.to_string()))?;
        let metadata = HashMap::from([(CONFIG_KEY.to_owned(), config)]);
        safetensors::serialize(views, Some(metadata)).map_err(weights)
    }

    /// A network from the bytes of a weight file of any format, with the shape that its metadata or else its tensors
    /// tell.
    ///
    /// # Errors
    /// [`NnError::Refused`] for bytes that are not read, [`NnError::Weights`] for a shape that is no DenseNet's, else as
    /// [`DenseNet::load`].
    pub fn from_bytes(bytes: &[u8], device: &Device) -> Result<Self> {
        let table = table(&WeightFile::parse(bytes)?, None)?;
        let config: DenseNetConfig = match table.metadata().get(CONFIG_KEY) {
            Some(text) => {
                serde_json::from_str(text).map_err(|e| NnError::Weights(format!("{CONFIG_KEY}: {e}")))?
            }
            None => DenseNetConfig::infer(&table)?,
        };
        config.check()?;
        // Before anything is allocated for a network of the size that the file claims.
        config.fit(&table, Loading::default())?;
        let mut net = Self::blank(config, device)?;
        net.load(&table, Loading::default())?;
        Ok(net)
    }

    /// Writes [`DenseNet::to_bytes`] to a file.
    ///
    /// # Errors
    /// [`NnError::Io`] with the path.
    pub fn save(&self, path: &Path) -> Result<()> {
        std::fs::write(path, self.to_bytes()?).map_err(|source| NnError::Io { path: path.to_owned(), source })
    }

    /// Reads a weight file: one that [`DenseNet::save`] wrote, or any other that [`DenseNet::from_bytes`] knows.
    ///
    /// # Errors
    /// [`NnError::Io`] with the path, else as [`DenseNet::from_bytes`].
    pub fn open(path: &Path, device: &Device) -> Result<Self> {
        Self::from_bytes(&crate::weights::read(path)?, device)
    }
}

/// Values as bytes of another type.
fn encode(name: &str, data: &[f32], element: Element) -> Result<(Dtype, Vec<u8>)> {
    fn all<const N: usize>(
        name: &str,
        data: &[f32],
        element: Element,
        one: impl Fn(f32) -> (f32, [u8; N]),
    ) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(data.len() * N);
        for &value in data {
            let (rounded, encoded) = one(value);
            if value.is_finite() && !rounded.is_finite() {
                return Err(NnError::Weights(format!("{name} holds {value}, too large for {element}")));
            }
            bytes.extend(encoded);
        }
        Ok(bytes)
    }
    Ok(match element {
        Element::F32 => (Dtype::F32, all(name, data, element, |v| (v, v.to_le_bytes()))?),
        Element::F16 => {
            let half = |v| (f16::from_f32(v).to_f32(), f16::from_f32(v).to_le_bytes());
            (Dtype::F16, all(name, data, element, half)?)
        }
        Element::Bf16 => {
            let half = |v| (bf16::from_f32(v).to_f32(), bf16::from_f32(v).to_le_bytes());
            (Dtype::BF16, all(name, data, element, half)?)
        }
        _ => return Err(NnError::config("element", element, "must be f32, f16 or bf16")),
    })
}
