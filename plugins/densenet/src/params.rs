use std::path::PathBuf;

use eyepatch_core::{Params, Profile};
use eyepatch_nn::densenet::{FrozenNorm, Scope};
pub use eyepatch_nn::train::Augmentation as Augment;
use eyepatch_nn::train::{OptimizerConfig, Stopping, TrainConfig};
pub use eyepatch_nn::train::{PosWeight, Progressing, Schedule, Shuffle, Warmup};
use eyepatch_nn::{DenseNetConfig, Stem};
use serde::{Deserialize, Serialize};

/// Values a channel that batch statistics must rest on, where a batch has less than [`SAFE_BATCH`] images.
const ENOUGH_VALUES: usize = 32;
/// Images with which batch statistics do on planes of any size.
const SAFE_BATCH: usize = 3;

/// When images are normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// After masking, by the depth's full scale: no hidden pixel reaches a visible one.
    #[default]
    Strict,
    /// Before masking, by the image's own maximum, as in the study: hidden pixels set the brightness of visible ones, so
    /// nothing is concluded.
    Published,
}

/// Which network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arch {
    /// `growth`, `blocks` and `init_features` say.
    #[default]
    Custom,
    /// Growth 32, blocks of 6, 12, 24 and 16 layers.
    DenseNet121,
    /// Growth 48, blocks of 6, 12, 36 and 24 layers.
    DenseNet161,
    /// Growth 32, blocks of 6, 12, 32 and 32 layers.
    DenseNet169,
    /// Growth 32, blocks of 6, 12, 48 and 32 layers.
    DenseNet201,
}

impl Arch {
    /// Growth, blocks and first features of a network that has a name.
    pub(crate) fn sizes(self) -> Option<(usize, [usize; 4], usize)> {
        Some(match self {
            Self::Custom => return None,
            Self::DenseNet121 => (32, [6, 12, 24, 16], 64),
            Self::DenseNet161 => (48, [6, 12, 36, 24], 96),
            Self::DenseNet169 => (32, [6, 12, 32, 32], 64),
            Self::DenseNet201 => (32, [6, 12, 48, 32], 64),
        })
    }
}

/// Which optimiser; PyTorch's constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimiser {
    /// Kingma and Ba 2015; weight decay is added to the gradient.
    #[default]
    Adam,
    /// Loshchilov and Hutter 2019; weights shrink by step size times weight decay.
    AdamW,
}

/// A DenseNet (Huang et al. 2017; torchvision's structure), trained on binary cross-entropy, one logit a class; missing
/// labels count nothing. The weights of the epoch with the least validation loss are kept. The default is
/// [`densenet_small`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DenseNet {
    /// Height and width of the input in pixels.
    pub size: usize,
    /// Channels of the input: 1, or 3 for colour.
    pub channels: usize,
    /// A network by name, or `custom`: the next three fields say.
    pub arch: Arch,
    /// Channels that each dense layer appends.
    pub growth: usize,
    /// Layers of each dense block.
    pub blocks: Vec<usize>,
    /// Channels after the first convolution.
    pub init_features: usize,
    /// File of weights to start from, with torchvision's names; of any classes: then the classifier starts at random.
    pub weights: Option<PathBuf>,
    /// What learns: `all`, `last-block`, `last-layer` (and the classifier), or `head`, the classifier alone.
    pub trainable: Scope,
    /// BatchNorm of frozen layers: `strict` uses and keeps its running statistics, `published` drifts with each batch.
    pub frozen_norm: FrozenNorm,
    /// Passes over the training images at most.
    pub epochs: usize,
    /// Images a step: 3 or more, or so many that batch statistics rest on 32 values.
    pub batch: usize,
    /// The optimiser: `adam` or `adam-w`.
    pub optimizer: Optimiser,
    /// Step size; the first one where it changes.
    pub learning_rate: f64,
    /// How the step size changes: `cosine` (down to zero over all epochs) or `constant`.
    pub schedule: Schedule,
    /// Linear rise of the step size at first: `none`, `{"epochs": n}` or `{"steps": n}`.
    pub warmup: Warmup,
    /// Fraction of a weight added to its gradient (`adam`), or by which it shrinks at a full step (`adam-w`).
    pub weight_decay: f64,
    /// Longest gradient over all parameters together; a longer one is shortened to it.
    pub clip: Option<f64>,
    /// How much positive labels count: `none` (as negative ones), `balanced`, or `{"given": [one a class]}`.
    pub pos_weight: PosWeight,
    /// Stop after this many epochs in a row whose validation loss is no better; 0 never stops early.
    pub patience: usize,
    /// By more than how much a validation loss must be below the last better one for `patience` to count as better.
    /// Which epoch is kept does not depend on it.
    pub min_delta: f64,
    /// What counts as better: `strict`, or `published`: any new least, whatever `min_delta`.
    pub stopping: Progressing,
    /// When images are normalised: `strict` or `published`.
    pub order: Order,
    /// Random changes of training images.
    pub augment: Augment,
    /// 0: images are changed afresh each epoch. Otherwise each has so many fixed views, the first as it is.
    pub views: usize,
    /// Order of training images: `random`, `mixed` (a patient's images spread over the batches) or `none`.
    pub shuffle: Shuffle,
}

/// Growth 12, blocks of 4, 6 and 8 layers on 128 x 128 grey pixels: 172,099 parameters for one class.
#[must_use]
pub fn densenet_small() -> DenseNet {
    DenseNet::default()
}

/// Growth 8, blocks of 2, 2 and 2 layers on 64 x 64 grey pixels: learns phantoms in seconds.
#[must_use]
pub fn densenet_tiny() -> DenseNet {
    DenseNet {
        size: 64,
        growth: 8,
        blocks: vec![2, 2, 2],
        init_features: 16,
        epochs: 10,
        batch: 16,
        learning_rate: 3e-3,
        patience: 4,
        ..DenseNet::default()
    }
}

/// The study's training, corrected: DenseNet-121 on 512 x 512 pixels, its last layer and classifier learn by Adam at 1e-4,
/// batches of 2, at most 250 epochs, patience 25. Frozen normalisations stay frozen, patients are mixed, the delta of
/// early stopping works, images are normalised after masking, and each has eight fixed views, so that the frozen part can
/// be shared. Set `weights`: without a file the frozen part is random.
#[must_use]
pub fn densenet121_study() -> DenseNet {
    DenseNet {
        size: 512,
        channels: 3,
        arch: Arch::DenseNet121,
        trainable: Scope::LastLayer,
        epochs: 250,
        batch: 2,
        learning_rate: 1e-4,
        schedule: Schedule::Constant,
        weight_decay: 0.0,
        patience: 25,
        min_delta: 1e-3,
        augment: Augment::study(),
        views: 8,
        shuffle: Shuffle::Mixed,
        ..DenseNet::default()
    }
}

/// The study's training as it was published: as [`densenet121_study`], but frozen normalisations drift with each batch of
/// two, images come in one order, early stopping has no delta, images are normalised before masking, and changed afresh
/// each epoch. Four things still differ from its code: rotation is bilinear (there nearest), brightness is not cut off at
/// 1, losses are means over samples (there over batches), and a last batch of one image joins the one before.
#[must_use]
pub fn densenet121_published() -> DenseNet {
    densenet121_study().profile(Profile::Published)
}

impl DenseNet {
    /// The same network, trained as it was published: frozen normalisations drift, images come in one order and are changed
    /// afresh each epoch, any new least loss postpones the end, and images are normalised before masking; or with these
    /// mended.
    #[must_use]
    pub fn profile(self, profile: Profile) -> Self {
        match profile {
            Profile::Published => Self {
                // Where all layers learn, none is frozen.
                frozen_norm: if self.trainable == Scope::All {
                    self.frozen_norm
                } else {
                    FrozenNorm::Published
                },
                stopping: Progressing::Published,
                order: Order::Published,
                views: 0,
                shuffle: Shuffle::None,
                ..self
            },
            Profile::Strict => Self {
                frozen_norm: FrozenNorm::Strict,
                stopping: Progressing::Strict,
                order: Order::Strict,
                shuffle: if self.shuffle == Shuffle::None { Shuffle::Mixed } else { self.shuffle },
                ..self
            },
        }
    }
}

impl Default for DenseNet {
    fn default() -> Self {
        Self {
            size: 128,
            channels: 1,
            arch: Arch::Custom,
            growth: 12,
            blocks: vec![4, 6, 8],
            init_features: 24,
            weights: None,
            trainable: Scope::All,
            frozen_norm: FrozenNorm::Strict,
            epochs: 20,
            batch: 32,
            optimizer: Optimiser::Adam,
            learning_rate: 1e-3,
            schedule: Schedule::Cosine,
            warmup: Warmup::None,
            weight_decay: 1e-4,
            clip: None,
            pos_weight: PosWeight::None,
            patience: 6,
            min_delta: 1e-3,
            stopping: Progressing::Strict,
            order: Order::default(),
            augment: Augment::default(),
            views: 0,
            shuffle: Shuffle::Random,
        }
    }
}

impl DenseNet {
    /// The network for this many classes.
    pub(crate) fn network(&self, classes: usize) -> DenseNetConfig {
        let custom = || (self.growth, self.blocks.clone(), self.init_features);
        let (growth, blocks, init_features) =
            self.arch.sizes().map_or_else(custom, |(growth, blocks, init)| (growth, blocks.to_vec(), init));
        let (in_channels, bn_size, stem) = (self.channels, 4, Stem::Large);
        DenseNetConfig { in_channels, classes, growth, blocks, init_features, bn_size, stem }
    }

    /// How it is trained; early stopping needs validation images.
    pub(crate) fn training(&self, validation: bool) -> TrainConfig {
        let stopping = Stopping { patience: self.patience, min_delta: self.min_delta, rule: self.stopping };
        let optimizer = match self.optimizer {
            Optimiser::Adam => OptimizerConfig::adam(self.weight_decay),
            Optimiser::AdamW => OptimizerConfig::adam_w(self.weight_decay),
        };
        TrainConfig {
            schedule: self.schedule,
            warmup: self.warmup,
            clip: self.clip,
            pos_weight: self.pos_weight.clone(),
            stopping: (validation && self.patience > 0).then_some(stopping),
            augmentation: self.augment,
            views: self.views,
            shuffle: self.shuffle,
            ..TrainConfig::new(self.epochs, self.batch, self.learning_rate, optimizer)
        }
    }

    /// Whether training takes statistics of batches at all.
    fn takes_batch_statistics(&self) -> bool {
        self.trainable != Scope::Head || self.frozen_norm == FrozenNorm::Published
    }

    fn check_network(&self) -> Result<(), String> {
        if !matches!(self.channels, 1 | 3) {
            return Err(format!("channels = {}: images have 1 or 3", self.channels));
        }
        let (own, usual) = (self, Self::default());
        let custom = own.growth != usual.growth
            || own.blocks != usual.blocks
            || own.init_features != usual.init_features;
        if self.arch != Arch::Custom && custom {
            return Err(format!("arch = {:?}: growth, blocks and init_features go with `custom`", self.arch));
        }
        let network = self.network(1);
        network.check().map_err(|e| e.to_string())?;
        let least = network.min_side();
        if self.size < least || self.size > 4096 {
            let blocks = network.blocks.len();
            return Err(format!("size = {}: must lie in {least} ..= 4096 with {blocks} blocks", self.size));
        }
        Ok(())
    }

    fn check_batch(&self) -> Result<(), String> {
        if self.batch == 0 {
            return Err("batch = 0: must be at least 1".into());
        }
        let halvings = self.network(1).blocks.len() - 1;
        let side = self.network(1).side_after_stem(self.size) >> halvings;
        let values = self.batch * side * side;
        if self.takes_batch_statistics() && self.batch < SAFE_BATCH && values < ENOUGH_VALUES {
            return Err(format!(
                "batch = {}: batch normalisation would rest on {values} values at the last block ({side} x {side} \
                 pixels); take a batch of at least {SAFE_BATCH}, or larger images",
                self.batch
            ));
        }
        Ok(())
    }
}

impl Params for DenseNet {
    fn check(&self) -> Result<(), String> {
        self.check_network()?;
        self.check_batch()?;
        if self.epochs == 0 {
            return Err("epochs = 0: must be at least 1".into());
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return Err(format!("learning_rate = {}: must be above 0", self.learning_rate));
        }
        for (name, value) in [("weight_decay", self.weight_decay), ("min_delta", self.min_delta)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(format!("{name} = {value}: must be 0 or more"));
            }
        }
        if let Some(clip) = self.clip.filter(|c| !(c.is_finite() && *c > 0.0)) {
            return Err(format!("clip = {clip}: must be above 0; leave it out for none"));
        }
        if let PosWeight::Given(weights) = &self.pos_weight
            && !weights.iter().all(|w| w.is_finite() && *w > 0.0)
        {
            return Err(format!("pos_weight = {weights:?}: must be above 0"));
        }
        if self.trainable == Scope::All && self.frozen_norm == FrozenNorm::Published {
            return Err("frozen_norm = published: nothing is frozen with trainable = all".into());
        }
        if self.views > 0 && self.augment == Augment::default() {
            return Err(format!("views = {}: without `augment` all views are alike", self.views));
        }
        self.augment.check().map_err(|e| format!("augment: {e}"))
    }
}
