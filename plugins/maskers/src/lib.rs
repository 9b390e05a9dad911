//! Region and fill maskers: the five published strategies and their dilations.
//!
//! A [`Region`] says **where** (inside or outside the ROI, as segmented or its box, dilated or eroded, which
//! structures), a [`Fill`] says **what with**. Any goes with any. [`published`] lists the five of the study.

mod fill;
mod region;

pub use fill::Fill;
pub use region::{Region, published};
