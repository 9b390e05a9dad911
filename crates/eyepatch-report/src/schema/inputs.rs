//! What an audit was given: data, model, maskings, splits.

use std::collections::BTreeMap;

use eyepatch_core::{ContentHash, DataCard, Epoch, LegitimateRegion, MaskingCard, ModelCard, PluginSpec};
use serde::{Deserialize, Serialize};

/// The data in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "DataSummary"))]
pub struct DataSummary<N = usize> {
    /// The plugin.
    pub plugin: PluginSpec,
    /// What the data set says of itself.
    pub card: DataCard,
    /// Images used.
    pub n_images: N,
    /// Patients behind them.
    pub n_patients: N,
    /// Counts by class.
    pub classes: Vec<ClassCount<N>>,
    /// Metadata columns.
    pub columns: Vec<ColumnSummary<N>>,
    /// Legitimate region by class.
    pub legitimate: BTreeMap<String, LegitimateRegion>,
    /// Hash over the content of all samples; left out where a result is shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentHash>,
}

/// Counts of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ClassCount"))]
pub struct ClassCount<N = usize> {
    /// The class.
    pub class: String,
    /// Positive images.
    pub positive: N,
    /// Negative images.
    pub negative: N,
    /// Images without this label.
    pub missing: N,
    /// Patients with a positive image.
    pub patients_positive: N,
}

/// One metadata column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ColumnSummary"))]
pub struct ColumnSummary<N = usize> {
    /// The column.
    pub name: String,
    /// Rows without a value.
    pub missing: N,
    /// Range for numbers, counts of the commonest values for text; in words.
    pub summary: String,
}

/// The model and its training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ModelSummary {
    /// The plugin.
    pub plugin: PluginSpec,
    /// What the model says of itself.
    pub card: ModelCard,
    /// Working height and width in pixels.
    pub size: (usize, usize),
    /// One a training masking and fold.
    pub training: Vec<Training>,
}

/// The training of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Training {
    /// The training masking.
    pub trained: String,
    /// 0-based fold.
    pub fold: usize,
    /// Losses by epoch.
    pub history: Vec<Epoch>,
}

/// One masking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MaskingSummary {
    /// The plugin.
    pub plugin: PluginSpec,
    /// What it does.
    pub card: MaskingCard,
    /// Whether only the full-image model is evaluated on it: a control or a further fill, not part of the matrix.
    #[serde(default)]
    pub further: bool,
    /// Mean share of pixels that stay visible, 0 to 1.
    pub visible: f64,
}

/// The splits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "SplitSummary"))]
pub struct SplitSummary<N = usize> {
    /// How they were made.
    pub scheme: String,
    /// One a fold and part.
    pub parts: Vec<PartCount<N>>,
    /// What the leak check found.
    pub leak_check: String,
}

/// One part of one fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "PartCount"))]
pub struct PartCount<N = usize> {
    /// 0-based fold.
    pub fold: usize,
    /// `train`, `validation` or `test`.
    pub part: String,
    /// Images.
    pub images: N,
    /// Patients.
    pub patients: N,
    /// Positive images by class, in the order of the classes.
    pub positives: Vec<N>,
}
