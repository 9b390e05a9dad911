//! What an attribution map says, and when it is worth looking at.
//!
//! Pure functions over maps, masks of regions of interest, and closures that ask a model. What cannot be measured is
//! [`NotEstimable`] with its reason, never a NaN or a convenient default.
//!
//! - [`places`]: where attribution lies by the ROI, and how much would lie there by area alone;
//! - [`null`]: what that would be if maps had nothing to do with the image, or with what the model learnt;
//! - [`agreement`]: how alike two maps are;
//! - [`curves`]: what the output does as a map's first parts are hidden or shown, and with the ROI alone;
//! - [`checks`]: whether a set of maps counts as evidence;
//! - [`summary`]: means over images with intervals over patients, by group, and the mean map about the ROI.

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
