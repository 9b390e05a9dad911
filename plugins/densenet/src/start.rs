//! The network that training begins with.

use std::path::Path;

use eyepatch_core::{ContentHash, Error as CoreError, Hasher, Result};
use eyepatch_nn::densenet::{self, Boundary, Head, Input, Loading, Scope};
use eyepatch_nn::weights::WeightFile;
use eyepatch_nn::{DenseNet as Network, Device, NnError};

use crate::error::{Error, core};
use crate::params::DenseNet;

/// Seed of frozen weights without a file: the same for all trainings, which share them.
pub(crate) const FROZEN_SEED: u64 = 1907;

/// A network with random weights, or those of the file where the parameters name one. What is frozen does not depend on
/// the seed.
pub(crate) fn network(params: &DenseNet, classes: usize, seed: u64, device: &Device) -> Result<Network> {
    let config = params.network(classes);
    let mut net = match &params.weights {
        Some(path) => {
            let mut net = Network::blank(config, device).map_err(core)?;
            net.draw_classifier(seed).map_err(core)?;
            let bytes = std::fs::read(path).map_err(|e| CoreError::io(path, e))?;
            load(&mut net, &bytes).map_err(|problem| Error::Weights { path: path.clone(), problem })?;
            net
        }
        None if params.trainable == Scope::All => Network::new(config, seed, device).map_err(core)?,
        None => {
            let mut net = Network::new(config, FROZEN_SEED, device).map_err(core)?;
            net.draw_classifier(seed).map_err(core)?;
            net
        }
    };
    prepare(params, &mut net);
    Ok(net)
}

/// Where what learns begins.
pub(crate) fn boundary(params: &DenseNet) -> eyepatch_nn::Result<Boundary> {
    let mut net = Network::blank(params.network(1), &Device::Cpu)?;
    prepare(params, &mut net);
    net.boundary().map_err(|why| NnError::NoBoundary(why.to_string()))
}

/// Freezes what the parameters say.
pub(crate) fn prepare(params: &DenseNet, net: &mut Network) {
    net.set_scope(params.trainable);
    net.set_frozen_norm(params.frozen_norm);
}

/// Loads a file of weights; a classifier of other classes stays behind, and colours are added up for grey images.
fn load(net: &mut Network, bytes: &[u8]) -> eyepatch_nn::Result<()> {
    let file = WeightFile::parse(bytes)?;
    let table = densenet::table(&file, None)?;
    let shape = |name: &str| table.get(name).map(|t| t.shape().to_vec());
    let same = shape("classifier.weight").is_some_and(|s| s.first() == Some(&net.config().classes));
    let colour = shape("features.conv0.weight").is_some_and(|s| s.get(1) == Some(&3));
    let head = if same { Head::Keep } else { Head::Fresh };
    let input = if colour && net.config().in_channels == 1 { Input::Grey } else { Input::Keep };
    net.load(&table, Loading { head, input })
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
