//! What of a network learns, and what normalisation does where nothing learns.

use super::model::DenseNet;
use serde::{Deserialize, Serialize};

/// What of a DenseNet learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Everything.
    #[default]
    All,
    /// The last dense block, the normalisation after it and the classifier.
    LastBlock,
    /// The last layer of the last dense block and the classifier, as in the study (171,205 parameters of a
    /// DenseNet-121 with five classes). The normalisation after the block is frozen.
    LastLayer,
    /// The classifier.
    Head,
}

/// What normalisations of frozen parts do during training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrozenNorm {
    /// They use their running statistics, which stay as they are.
    #[default]
    Strict,
    /// They use the batch's statistics, and their running ones follow: what PyTorch does in training mode with
    /// `requires_grad = False`, and the study did.
    Published,
}

impl DenseNet {
    /// Says what learns. See [`DenseNet::set_trainable`] for any other choice of parts.
    pub fn set_scope(&mut self, scope: Scope) {
        let (blocks, layers) = (self.config.blocks.len(), self.config.blocks.last().copied().unwrap_or(0));
        let block = format!("features.denseblock{blocks}.");
        let layer = format!("{block}denselayer{layers}");
        self.set_trainable(|part| match scope {
            Scope::All => true,
            Scope::LastBlock => part.starts_with(&block) || matches!(part, "features.norm5" | "classifier"),
            Scope::LastLayer => part == layer || part == "classifier",
            Scope::Head => part == "classifier",
        });
    }

    /// Says what normalisations of frozen parts do in [`DenseNet::forward_train`]; [`FrozenNorm::Strict`] at first.
    pub fn set_frozen_norm(&mut self, norm: FrozenNorm) {
        self.frozen_norm = norm;
    }

    /// See [`DenseNet::set_frozen_norm`].
    pub fn frozen_norm(&self) -> FrozenNorm {
        self.frozen_norm
    }

    /// Number of parameters that learn.
    pub fn trainable_count(&self) -> usize {
        self.parameters().iter().filter(|p| p.2).map(|p| p.1.elem_count()).sum()
    }
}
