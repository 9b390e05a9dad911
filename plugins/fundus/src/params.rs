use serde::{Deserialize, Serialize};

pub use eyepatch_core::Profile;

/// What becomes of a row whose image or ROI cannot be used, and of an image without a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnBad {
    /// An error that names it.
    #[default]
    Refuse,
    /// It is left out, and the data card counts it. Every image is decoded once before the table is given.
    Drop,
    /// It is left out and counted where a file or a label is missing; no image is opened before it is needed, and one that
    /// cannot be used is then an error.
    DropMissing,
}

/// The largest image that is decoded, in pixels.
pub(crate) const MAX_PIXELS: u64 = 100_000_000;

pub(crate) fn check_max_pixels(max_pixels: u64) -> Result<(), String> {
    if max_pixels == 0 { Err("`max_pixels` is 0: no image could be read".into()) } else { Ok(()) }
}

pub(crate) fn check_margin(margin: f32) -> Result<(), String> {
    if margin.is_finite() && margin >= 0.0 {
        Ok(())
    } else {
        Err(format!("`margin` is {margin}: it must be 0 or more, in widths of the image"))
    }
}
