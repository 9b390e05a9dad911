//! What an attribution map says, and when it is worth looking at.
//!
//! Pure functions over maps, masks of regions of interest, and closures that ask a model. What cannot be measured is
//! [`NotEstimable`] with its reason, never a NaN or a convenient default.

pub mod agreement;
pub mod checks;
pub mod curves;
mod error;
#[cfg(test)]
mod golden;
mod map;
pub mod null;
mod overlap;
pub mod places;
pub mod summary;
#[cfg(test)]
mod twins;

pub use error::{MapsError, NotEstimable, Outcome, outcome};
pub use map::Map;
