//! The network behind `--model` and `--weights`.

use std::path::Path;

use eyepatch_nn::densenet::{Loading, table};
use eyepatch_nn::weights::WeightFile;
use eyepatch_nn::{DenseNet, DenseNetConfig, Device, NnError};

use crate::cli::error::CliError;

/// Key of the file's metadata that lists the classes' names as JSON.
const CLASSES: &str = "eyepatch.classes";

/// A network with its weights, in host memory.
pub(super) struct Loaded {
    pub(super) net: DenseNet,
    /// What the file calls the classes.
    pub(super) classes: Option<Vec<String>>,
}

/// Reads the weights, of safetensors or PyTorch. A model's name and the file must agree; without one the file says what it
/// holds.
pub(super) fn load(model: Option<&str>, path: &Path) -> Result<Loaded, CliError> {
    let bytes = std::fs::read(path)
        .map_err(|e| CliError::file(path, e, "check that the file exists and can be read"))?;
    let bad = |problem: String| {
        let remedy = format!("`eyepatch weights inspect {}` tells what it holds", path.display());
        CliError::file(path, problem, remedy)
    };
    let file = WeightFile::parse(&bytes).map_err(|e| bad(e.to_string()))?;
    let table = table(&file, None).map_err(|e| bad(e.to_string()))?;
    let classes = table.metadata().get(CLASSES).map(|text| serde_json::from_str(text));
    let classes = classes.transpose().map_err(|e| bad(format!("{CLASSES} in its metadata: {e}")))?;
    let Some(name) = model else {
        let net = DenseNet::from_bytes(&bytes, &Device::Cpu).map_err(|e| bad(e.to_string()))?;
        return Ok(Loaded { net, classes });
    };
    let side = |tensor: &str, axis: usize| {
        let size = table.get(tensor).and_then(|t| t.shape().get(axis).copied());
        size.ok_or_else(|| bad(format!("{tensor} is missing")))
    };
    let (channels, outputs) = (side("features.conv0.weight", 1)?, side("classifier.weight", 0)?);
    let config = DenseNetConfig::by_name(name, channels, outputs).map_err(|_| {
        CliError::usage(
            format!("no model `{name}`"),
            format!("there are: {}", DenseNetConfig::NAMES.join(", ")),
        )
    })?;
    let wrong = |e: NnError| {
        CliError::file(path, format!("as {name}: {e}"), "name the network that these weights are of")
    };
    config.fit(&table, Loading::default()).map_err(|e| wrong(e.into()))?;
    let mut net = DenseNet::blank(config, &Device::Cpu).map_err(wrong)?;
    net.load(&table, Loading::default()).map_err(wrong)?;
    Ok(Loaded { net, classes })
}
