//! Pictures that the page shows, and what they are of.

use eyepatch_core::{ContentHash, PluginSpec};
use serde::{Deserialize, Serialize};

/// A picture beside the result, PNG.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Picture {
    /// Path relative to the result, always `pictures/NAME.png`.
    pub file: String,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// What its colours add up to, in words, for its caption: of an attribution, how much raises the output and how
    /// much lowers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Hash of the file.
    pub hash: ContentHash,
}

/// One sample under every masking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GalleryRow {
    /// The sample's id.
    pub sample: String,
    /// Names of its positive classes.
    pub positive: Vec<String>,
    /// The image with the ROI's outline.
    pub roi: Picture,
    /// Name of the masking and the masked image.
    pub masked: Vec<(String, Picture)>,
}

/// One class of an explained example.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Explained {
    /// The sample's id.
    pub sample: String,
    /// The class explained.
    pub class: String,
    /// The training masking of the model.
    pub trained: String,
    /// The explainer.
    pub plugin: PluginSpec,
    /// The method, in a sentence or two.
    pub description: String,
    /// Output on the baseline and on the image.
    pub base_value: f64,
    /// Output on the image.
    pub output_value: f64,
    /// See [`eyepatch_core::Attribution::additivity_error`].
    pub additivity_error: Option<f64>,
    /// Model evaluations used.
    pub evaluations: usize,
    /// Share of absolute attribution inside the ROI, and the share that its area alone would give; 0 to 1.
    pub inside: (f64, f64),
    /// The image with the attribution over it.
    pub picture: Picture,
}
