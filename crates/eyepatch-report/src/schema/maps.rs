//! Attribution maps of many images: what they show, what would be seen by chance, and whether they count as evidence.

use eyepatch_core::{Interval, PluginSpec};
use serde::{Deserialize, Serialize};

use super::{Estimate, Picture};

/// Maps of one class, of the full-image model of the first fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Maps {
    /// The class.
    pub class: String,
    /// The explainer.
    pub plugin: PluginSpec,
    /// Its name.
    pub explainer: String,
    /// Tested images that were explained, and of how many patients.
    pub n_images: usize,
    /// Their patients.
    pub n_patients: usize,
    /// Images on which the checks were made.
    pub n_checked: usize,
    /// Whether the maps passed their checks: only then do they count as evidence.
    pub counts: bool,
    /// In a sentence: whether they count, and what they show.
    pub sentence: String,
    /// The checks.
    pub checks: Vec<MapCheck>,
    /// How much of a map lies where.
    pub places: Vec<MapPlace>,
    /// Share of images whose largest value lies in the ROI, and the share that chance would give.
    pub pointing: Option<(Estimate, f64)>,
    /// How much lies outside of the ROI, by groups of images.
    pub groups: Vec<MapGroup>,
    /// The part of what moves the output that falls to all but the ROI, the mean over images: exact Shapley values of two players, ROI
    /// and rest, each hidden by training images.
    pub game: Option<Estimate>,
    /// How much of what whole images do to the output, over training images, the ROI does alone (its sufficiency): the slope of one on
    /// the other. 1 where the ROI is all that counts; may lie outside of 0 to 1.
    #[serde(default)]
    pub roi_alone: Option<Estimate>,
    /// The same of all but the ROI.
    #[serde(default)]
    pub rest_alone: Option<Estimate>,
    /// What is used outside of the ROI, held against chance.
    pub beyond: Vec<Beyond>,
    /// The mean map in a frame in which all ROIs have the same bounding box.
    #[serde(default)]
    pub mean: Option<Picture>,
    /// Groups of maps that are alike: what the model looks at, one strategy a group.
    pub clusters: Vec<MapCluster>,
    /// What the reader must know of them: why there are none, or that they are not clear.
    #[serde(default)]
    pub clusters_note: Option<String>,
}

/// How a check of maps went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// Passed.
    Passed,
    /// Failed.
    Failed,
    /// Not measured.
    NotRun,
}

/// One check of the maps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MapCheck {
    /// `additivity`, `randomised_weights`, ...
    pub check: String,
    /// How it went.
    pub state: CheckState,
    /// In words, with its numbers and its threshold, or why it was not made.
    pub what: String,
    /// Whether maps do not count without it.
    pub required: bool,
}

/// How much of the maps lies in one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MapPlace {
    /// `inside`, `in box`, `rim`, `corners`, `background`, `outside`.
    pub place: String,
    /// Its mean share of the image's area: what a map that knows nothing would have there.
    pub area: f64,
    /// Mean share of absolute attribution.
    pub absolute: Option<Estimate>,
    /// Mean share of positive attribution.
    pub positive: Option<Estimate>,
}

/// A group of images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MapGroup {
    /// `label` or a column.
    pub column: String,
    /// Its value.
    pub value: String,
    /// Images of it.
    pub n_images: usize,
    /// Patients of it.
    pub n_patients: usize,
    /// Mean share of absolute attribution outside of the ROI.
    pub outside: Option<Estimate>,
}

/// What an image is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Null {
    /// What lies outside of the ROI in images with the other label.
    OtherLabel,
    /// The same map at random places.
    MovedMaps,
    /// One half: the published reading, which knows no chance.
    Half,
}

/// Images that lie beyond what chance would give.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Beyond {
    /// What they are held against.
    pub null: Null,
    /// What is counted, in a sentence.
    pub what: String,
    /// The share of images that lie beyond; `None` where it is not estimable.
    pub share: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
    /// The share that chance would give; `None` where nobody knows.
    pub chance: Option<f64>,
    /// What a value had to exceed, where it is one number for all images.
    pub threshold: Option<f64>,
    /// Anything the reader must know: why it is not estimable.
    #[serde(default)]
    pub note: Option<String>,
}

/// Maps that are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MapCluster {
    /// Maps in it.
    pub n_images: usize,
    /// Of these, with a positive label.
    pub n_positive: usize,
    /// Mean share of absolute attribution outside of the ROI.
    pub outside: Option<f64>,
    /// Their mean in the common frame.
    pub mean: Picture,
    /// The maps in its middle.
    pub examples: Vec<MapExample>,
}

/// An example of a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MapExample {
    /// The sample's id.
    pub sample: String,
    /// The image with its map.
    pub picture: Picture,
}
