//! DenseNet classifiers trained from scratch on candle.
//!
//! [`DenseNet`] is the plugin and its fields are its parameters; [`densenet_small`] suits images of 128 pixels,
//! [`densenet_tiny`] learns phantoms of 64 pixels in seconds.

mod error;
mod fitted;
mod model;
mod params;

pub use error::Error;
pub use params::{Augment, DenseNet, Order, Schedule, densenet_small, densenet_tiny};
