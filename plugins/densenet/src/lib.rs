//! DenseNet classifiers on candle, trained from scratch or from given weights, whole or in part.
//!
//! [`DenseNet`] is the plugin and its fields are its parameters; [`densenet_small`] suits images of 128 pixels,
//! [`densenet_tiny`] learns phantoms of 64 pixels in seconds, [`densenet121_study`] is the study's training corrected and
//! [`densenet121_published`] as it was published.

mod error;
mod fitted;
mod model;
mod params;
mod start;
mod text;
mod trunk;

pub use error::Error;
pub use eyepatch_nn::densenet::{FrozenNorm, Scope};
pub use params::{
    Arch, Augment, DenseNet, Optimiser, Order, PosWeight, Progressing, Schedule, Shuffle, Warmup,
    densenet_small, densenet_tiny, densenet121_published, densenet121_study,
};
