//! The network behind `--model` and `--weights`.

use std::path::Path;

use eyepatch_nn::{DenseNet, DenseNetConfig, Device};
use serde_json::Value;

use crate::cli::error::CliError;

/// Key of the file's metadata that lists the classes' names as JSON.
const CLASSES: &str = "eyepatch.classes";
/// Key of the file's metadata that holds the shape of a network that we saved.
const CONFIG: &str = "eyepatch.densenet";

/// Growth, layers of the blocks, first features.
type Architecture = (usize, &'static [usize], usize);

const ARCHITECTURES: [(&str, Architecture); 5] = [
    ("densenet121", (32, &[6, 12, 24, 16], 64)),
    ("densenet161", (48, &[6, 12, 36, 24], 96)),
    ("densenet169", (32, &[6, 12, 32, 32], 64)),
    ("densenet201", (32, &[6, 12, 48, 32], 64)),
    ("densenet-small", (12, &[4, 6, 8], 24)),
];

/// A network with its weights, in host memory.
pub(super) struct Loaded {
    pub(super) net: DenseNet,
    /// What the file calls the classes.
    pub(super) classes: Option<Vec<String>>,
}

/// Reads the weights. Without a model's name the file must say what it holds; with one, both must agree.
pub(super) fn load(model: Option<&str>, path: &Path) -> Result<Loaded, CliError> {
    let bytes = std::fs::read(path)
        .map_err(|e| CliError::file(path, e, "check that the file exists and can be read"))?;
    let bad =
        |problem: String| CliError::file(path, problem, "give a safetensors file with torchvision's names");
    let header = header(&bytes).ok_or_else(|| bad("is no safetensors file".into()))?;
    let metadata = &header["__metadata__"];
    let classes = metadata[CLASSES].as_str().map(serde_json::from_str);
    let classes = classes.transpose().map_err(|e| bad(format!("{CLASSES} in its metadata: {e}")))?;
    let known = |name: &str| ARCHITECTURES.iter().find(|(n, _)| *n == name).map(|(_, a)| a);
    let net = match (model, metadata[CONFIG].as_str()) {
        (None, None) => {
            let remedy = format!("name the network with --model; there are: {}", names());
            return Err(CliError::file(path, "does not say what network it is for", remedy));
        }
        (None, Some(_)) => DenseNet::from_bytes(&bytes, &Device::Cpu).map_err(|e| bad(e.to_string()))?,
        (Some(name), _) => {
            let &(growth, blocks, init_features) = known(name).ok_or_else(|| {
                CliError::usage(format!("no model `{name}`"), format!("there are: {}", names()))
            })?;
            let side = |tensor: &str, axis: usize| {
                let size = header[tensor]["shape"][axis].as_u64().and_then(|n| usize::try_from(n).ok());
                size.ok_or_else(|| bad(format!("{tensor} is missing")))
            };
            let (in_channels, classes) = (side("features.conv0.weight", 1)?, side("classifier.weight", 0)?);
            let config = DenseNetConfig {
                growth,
                blocks: blocks.to_vec(),
                init_features,
                ..DenseNetConfig::small(in_channels, classes)
            };
            let wrong = |e: eyepatch_nn::NnError| {
                CliError::file(path, format!("as {name}: {e}"), "name the network that these weights are of")
            };
            let mut net = DenseNet::new(config, 0, &Device::Cpu).map_err(wrong)?;
            net.load_bytes(&bytes).map_err(wrong)?;
            net
        }
    };
    Ok(Loaded { net, classes })
}

fn names() -> String {
    ARCHITECTURES.map(|(name, _)| name).join(", ")
}

/// The JSON that a safetensors file begins with.
fn header(bytes: &[u8]) -> Option<Value> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    serde_json::from_slice(rest.get(..length)?).ok()
}
