use eyepatch_core::Attribution;
use eyepatch_maps::curves::AgainstOrders;
use serde::{Deserialize, Serialize};

use super::game::RoiGame;

/// What the cell finds out of one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::sweep) struct Found {
    /// The class, by its place in the table.
    pub(super) class: usize,
    /// One an image, in the order of the rows.
    pub(super) images: Vec<FoundImage>,
    /// Names of the model's stages in the order in which they are drawn anew; none where the model cannot.
    pub(super) stages: Vec<String>,
    /// Of each further explainer, whether it is the audit's own plugin with other parameters: another baseline, say.
    pub(super) same_method: Vec<bool>,
}

/// What is found out of one image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::sweep) struct FoundImage {
    /// Row of the table.
    pub(super) row: usize,
    /// The audit's own map.
    pub(super) map: Attribution,
    /// What ROI and rest do; `None` where the ROI is empty or everything.
    pub(super) game: Option<RoiGame>,
    /// What takes many evaluations.
    pub(super) checked: Option<Checked>,
}

/// Checks of one image's map. Similarities to other maps are Spearman's correlation of absolute values; `None` where a map does not
/// vary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Checked {
    /// With another seed.
    pub(super) reseeded: Option<f64>,
    /// With a little noise in the image.
    pub(super) noisy: Option<f64>,
    /// By the further explainers.
    pub(super) others: Vec<Option<f64>>,
    /// Of the model that was trained on permuted labels, where there is one.
    pub(super) permuted: Option<f64>,
    /// With one stage of the model drawn anew, two, and so on.
    pub(super) cascade: Vec<Option<f64>>,
    /// Hiding what the map says first.
    pub(super) deletion: Option<AgainstOrders>,
    /// Showing what the map says first.
    pub(super) insertion: Option<AgainstOrders>,
}
