//! The network that training begins with.

use std::path::Path;

use eyepatch_core::{ContentHash, Error as CoreError, Hasher, Result};
use eyepatch_nn::densenet::DenseNetConfig;
use eyepatch_nn::{DenseNet as Network, Device, NnError};

use crate::error::{Error, core};
use crate::params::DenseNet;

/// Classes of torchvision's weights.
const IMAGENET: usize = 1000;

/// A network with random weights, or those of the file where the parameters name one.
pub(crate) fn network(params: &DenseNet, classes: usize, seed: u64, device: &Device) -> Result<Network> {
    let mut net = Network::new(params.network(classes), seed, device).map_err(core)?;
    if let Some(path) = &params.weights {
        let bytes = std::fs::read(path).map_err(|e| CoreError::io(path, e))?;
        load(&mut net, &bytes).map_err(|problem| Error::Weights { path: path.clone(), problem })?;
    }
    net.set_scope(params.trainable);
    net.set_frozen_norm(params.frozen_norm);
    Ok(net)
}

/// Loads a file of weights; where its classifier has other classes, all but the classifier.
fn load(net: &mut Network, bytes: &[u8]) -> std::result::Result<(), NnError> {
    let Err(first) = net.load_bytes(bytes) else { return Ok(()) };
    // Ours say their number of classes, torchvision's have 1000.
    let device = net.device().clone();
    let other = Network::from_bytes(bytes, &device).or_else(|_| {
        let mut other =
            Network::new(DenseNetConfig { classes: IMAGENET, ..net.config().clone() }, 0, &device)?;
        other.load_bytes(bytes).map(|()| other)
    });
    net.take_features(&other.map_err(|_| first)?)
}

/// Hash of a file, read piece by piece.
pub(crate) fn hash(path: &Path) -> Result<ContentHash> {
    use std::io::Read;
    let io = |e| CoreError::io(path, e);
    let mut file = std::fs::File::open(path).map_err(io)?;
    let (mut hasher, mut piece) = (Hasher::new(), Vec::new());
    loop {
        piece.clear();
        if (&mut file).take(1 << 20).read_to_end(&mut piece).map_err(io)? == 0 {
            return Ok(hasher.finish());
        }
        hasher = hasher.part(&piece);
    }
}
