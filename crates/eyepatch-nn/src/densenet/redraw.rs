//! A network of which a part has forgotten what it learnt.

use super::model::DenseNet;
use crate::error::{NnError, Result};

impl DenseNet {
    /// Names of the stages in which [`DenseNet::redrawn`] goes towards the input: the classifier, each dense block with
    /// the transition or normalisation behind it, the stem.
    #[must_use]
    pub fn stages(&self) -> Vec<String> {
        let blocks = (1..=self.blocks.len()).rev().map(|i| format!("features.denseblock{i}"));
        std::iter::once("classifier".to_owned()).chain(blocks).chain(["features.conv0".to_owned()]).collect()
    }

    /// This network with its first `stages` of [`DenseNet::stages`] as [`DenseNet::new`] draws them from `seed`, running
    /// statistics included. Everything may learn in it.
    ///
    /// # Errors
    /// [`NnError::Config`] for more stages than there are; when weights cannot be written to the device.
    pub fn redrawn(&self, stages: usize, seed: u64) -> Result<Self> {
        let blocks = self.blocks.len();
        if stages > blocks + 2 {
            return Err(NnError::config("stages", stages, "at most those that the network has"));
        }
        let mut net = Self::new(self.config.clone(), seed, &self.device)?;
        let keeps = |name: &str| self.stage_of(name) >= stages;
        for ((name, var, _), (_, learnt, _)) in net.parameters().into_iter().zip(self.parameters()) {
            if keeps(&name) {
                var.set(&learnt.as_detached_tensor().copy()?)?;
            }
        }
        let kept: Vec<bool> = self.norms().iter().map(|(name, ..)| keeps(name)).collect();
        let learnt = self.norms().into_iter().map(|(_, norm, _)| norm);
        for ((norm, learnt), _) in net.norms_mut().into_iter().zip(learnt).zip(kept).filter(|(_, kept)| *kept)
        {
            norm.running = learnt.running.clone();
            norm.batches = learnt.batches;
        }
        net.set_backend(self.backend);
        Ok(net)
    }

    /// The stage that a parameter or normalisation belongs to, 0 for the classifier.
    fn stage_of(&self, name: &str) -> usize {
        let blocks = self.blocks.len();
        let number = |prefix: &str| {
            let rest = name.strip_prefix(prefix)?;
            rest.split('.').next().and_then(|n| n.parse::<usize>().ok())
        };
        let block = number("features.denseblock").or_else(|| number("features.transition"));
        match block {
            Some(block) => blocks + 1 - block.min(blocks),
            None if name.starts_with("classifier") => 0,
            None if name == "features.conv0.weight" || name.starts_with("features.norm0") => blocks + 1,
            // The normalisation behind the last block.
            None => 1,
        }
    }
}
