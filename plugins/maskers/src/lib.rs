//! Region and fill maskers: the five published strategies, their dilations, controls, and eleven fills.
//!
//! A [`Region`] says **where** (inside or outside, as segmented or its box, dilated or eroded, which structures, whose: the
//! sample's own or a control's), a [`Fill`] says **what with**. Any goes with any. [`published`] lists the five of the
//! study, [`controls`] the controls, [`fills`] the ROI hidden by several fills, [`verdict_maskings`] what a verdict looks at.

mod control;
mod dilate;
mod fill;
mod lists;
mod region;

pub use control::Of;
pub use dilate::Dilate;
pub use fill::{Fill, FillError, Filler};
pub use lists::{controls, fills, published, study, verdict_maskings};
pub use region::Region;
