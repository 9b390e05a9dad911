use eyepatch_core::Params;
pub use eyepatch_nn::train::Schedule;
use eyepatch_nn::train::{Augmentation, OptimizerConfig, Stopping, TrainConfig};
use eyepatch_nn::{DenseNetConfig, Stem};
use serde::{Deserialize, Serialize};

/// Random changes of training images, seeded. The default changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Augment {
    /// Mirror left and right, every other time.
    pub flip: bool,
    /// Move by up to this many pixels along each axis; what is uncovered becomes black.
    pub shift: usize,
    /// Multiply by a factor within `1 - brightness ..= 1 + brightness`; 0 up to but not 1.
    pub brightness: f32,
}

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

/// A DenseNet (Huang et al. 2017; torchvision's structure) trained from random weights with Adam on binary
/// cross-entropy, one logit a class; missing labels count nothing. The weights of the epoch with the least validation
/// loss are kept. The default is [`densenet_small`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DenseNet {
    /// Height and width of the input in pixels.
    pub size: usize,
    /// Channels of the input: 1, or 3 for colour.
    pub channels: usize,
    /// Channels that each dense layer appends.
    pub growth: usize,
    /// Layers of each dense block.
    pub blocks: Vec<usize>,
    /// Channels after the first convolution.
    pub init_features: usize,
    /// Passes over the training images at most.
    pub epochs: usize,
    /// Images a step; at least 3, or batch normalisation has nothing to go by.
    pub batch: usize,
    /// Adam's step size; the first one where it changes.
    pub learning_rate: f64,
    /// How the step size changes: `cosine` (down to zero over all epochs) or `constant`.
    pub schedule: Schedule,
    /// Fraction of a weight added to its gradient.
    pub weight_decay: f64,
    /// Stop after this many epochs in a row whose validation loss is no better; 0 never stops early.
    pub patience: usize,
    /// By more than how much a validation loss must be below the last better one for `patience` to count as better.
    /// Which epoch is kept does not depend on it.
    pub min_delta: f64,
    /// When images are normalised: `strict` or `published`.
    pub order: Order,
    /// Random changes of training images.
    pub augment: Augment,
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

impl Default for DenseNet {
    fn default() -> Self {
        Self {
            size: 128,
            channels: 1,
            growth: 12,
            blocks: vec![4, 6, 8],
            init_features: 24,
            epochs: 20,
            batch: 32,
            learning_rate: 1e-3,
            schedule: Schedule::Cosine,
            weight_decay: 1e-4,
            patience: 6,
            min_delta: 1e-3,
            order: Order::default(),
            augment: Augment::default(),
        }
    }
}

impl DenseNet {
    /// The network for this many classes.
    pub(crate) fn network(&self, classes: usize) -> DenseNetConfig {
        DenseNetConfig {
            in_channels: self.channels,
            classes,
            growth: self.growth,
            blocks: self.blocks.clone(),
            init_features: self.init_features,
            bn_size: 4,
            stem: Stem::Large,
        }
    }

    /// How it is trained; early stopping needs validation images.
    pub(crate) fn training(&self, validation: bool) -> TrainConfig {
        let stopping = Stopping { patience: self.patience, min_delta: self.min_delta };
        let Augment { flip, shift, brightness } = self.augment;
        TrainConfig {
            epochs: self.epochs,
            batch: self.batch,
            learning_rate: self.learning_rate,
            schedule: self.schedule,
            optimizer: OptimizerConfig::adam(self.weight_decay),
            stopping: (validation && self.patience > 0).then_some(stopping),
            augmentation: Augmentation { flip, shift, brightness },
        }
    }
}

impl Params for DenseNet {
    fn check(&self) -> Result<(), String> {
        if !matches!(self.channels, 1 | 3) {
            return Err(format!("channels = {}: images have 1 or 3", self.channels));
        }
        self.network(1).check().map_err(|e| e.to_string())?;
        let least = self.network(1).min_side();
        if self.size < least || self.size > 4096 {
            return Err(format!(
                "size = {}: must lie in {least} ..= 4096 with {} blocks",
                self.size,
                self.blocks.len()
            ));
        }
        if self.epochs == 0 {
            return Err("epochs = 0: must be at least 1".into());
        }
        if self.batch < 3 {
            return Err(format!("batch = {}: must be at least 3", self.batch));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return Err(format!("learning_rate = {}: must be above 0", self.learning_rate));
        }
        for (name, value) in [("weight_decay", self.weight_decay), ("min_delta", self.min_delta)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(format!("{name} = {value}: must be 0 or more"));
            }
        }
        if !(0.0..1.0).contains(&self.augment.brightness) {
            return Err(format!("augment.brightness = {}: must lie in 0 .. 1", self.augment.brightness));
        }
        Ok(())
    }
}
