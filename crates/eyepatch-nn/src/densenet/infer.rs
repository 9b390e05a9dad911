//! The shape of a network from the shapes of its tensors.

use super::config::{DenseNetConfig, Stem};
use crate::error::{NnError, Result};
use crate::weights::Table;

impl DenseNetConfig {
    /// The network that a table in torchvision's names was taken from. Only the tensors that tell its shape are looked
    /// at; [`DenseNetConfig::fit`] says whether the others agree.
    ///
    /// # Errors
    /// [`NnError::Weights`] naming the tensor that is missing or of an impossible shape, [`NnError::Config`] for sizes
    /// that make no network.
    pub fn infer(table: &Table<'_>) -> Result<Self> {
        let trunk = Self::infer_trunk(table, 1)?;
        let [classes, _] = dims(table, "classifier.weight")?;
        let config = Self { classes, ..trunk };
        config.check()?;
        Ok(config)
    }

    /// The same for a table whose classifier will not be used: the network gets `classes` of its own.
    ///
    /// # Errors
    /// As [`DenseNetConfig::infer`].
    pub fn infer_trunk(table: &Table<'_>, classes: usize) -> Result<Self> {
        let [init_features, in_channels, side, _] = dims(table, "features.conv0.weight")?;
        let stem = match side {
            7 => Stem::Large,
            3 => Stem::Small,
            _ => {
                return Err(NnError::Weights(format!(
                    "no DenseNet begins with a {side} x {side} convolution"
                )));
            }
        };
        let [growth, bottleneck, ..]: [usize; 4] = dims(table, &layer(1, 1))?;
        if growth == 0 || bottleneck % growth != 0 {
            let problem =
                format!("a bottleneck of {bottleneck} channels for a growth of {growth} is no DenseNet's");
            return Err(NnError::Weights(problem));
        }
        let layers = |block| (1..).take_while(|&i| table.get(&layer(block, i)).is_some()).count();
        let blocks: Vec<usize> = (1..).map(layers).take_while(|&n| n > 0).collect();
        let bn_size = bottleneck / growth;
        let config = Self { in_channels, classes, growth, blocks, init_features, bn_size, stem };
        config.check()?;
        Ok(config)
    }
}

/// Name of a layer's second convolution, which every layer has.
fn layer(block: usize, layer: usize) -> String {
    format!("features.denseblock{block}.denselayer{layer}.conv2.weight")
}

fn dims<const N: usize>(table: &Table<'_>, name: &str) -> Result<[usize; N]> {
    let Some(tensor) = table.get(name) else {
        return Err(NnError::Weights(format!("{name}, which every DenseNet has, is missing")));
    };
    tensor.shape().try_into().map_err(|_| NnError::Shape {
        what: name.to_owned(),
        got: tensor.shape().to_vec(),
        expected: format!("{N} dimensions"),
    })
}
