use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::summary::ClusteredMean;

/// What is asked of a set of maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Values add up to output minus base.
    Additivity,
    /// Maps change when the model's weights are drawn anew (Adebayo et al. 2018).
    RandomisedWeights,
    /// Maps change when the model is trained on permuted labels (the same).
    RandomisedLabels,
    /// Maps stay when the explainer's seed is another.
    Reseeding,
    /// Maps stay when the image gets a little noise.
    Noise,
    /// Hiding what the maps rank first lowers the output more than hiding as much elsewhere.
    Deletion,
    /// Showing what the maps rank first raises the output more than showing as much elsewhere.
    Insertion,
    /// Other explainers' maps are alike.
    Explainers,
    /// Other baselines' maps are alike.
    Baselines,
}

impl Check {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Additivity,
        Self::RandomisedWeights,
        Self::RandomisedLabels,
        Self::Reseeding,
        Self::Noise,
        Self::Deletion,
        Self::Insertion,
        Self::Explainers,
        Self::Baselines,
    ];
}

/// The thresholds, declared before maps are seen. All similarities are means over patients of Spearman's correlation
/// of absolute values, and a threshold is held against the mean's one-sided bound, so few patients or scattered maps
/// do not pass by luck.
///
/// The defaults are conventions: no threshold is known below which a map is wrong. A correlation of 0.7 means that
/// about half of the variance of one map's ranks goes with the other's; of 0.5, a quarter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct MapChecks {
    /// Largest relative additivity error of any map. 0.01: below what a picture shows.
    pub additivity: f64,
    /// The upper bound of the similarity to maps of a randomised model must lie below. 0.5: less than a quarter of a
    /// map is the image's alone.
    pub randomised: f64,
    /// The lower bound of the similarity to maps of another seed must lie above. 0.7: most of a map is no accident of
    /// the draw.
    pub reseeding: f64,
    /// The lower bound of the similarity to maps of noisy images must lie above. 0.5: lower, because the model's
    /// answer moves as well.
    pub noise: f64,
    /// The lower bound of the mean gain in area over orders that know nothing must lie above. 0: any gain that is not
    /// luck.
    pub gain: f64,
    /// The lower bound of the similarity to maps of other explainers or baselines must lie above. 0.3: they ask
    /// different questions and often disagree (Krishna et al., "The disagreement problem in explainable machine
    /// learning", TMLR 2024), but maps of one model are not strangers.
    pub agreement: f64,
    /// Coverage of the one-sided bounds.
    pub level: f64,
    /// Checks without which a set does not pass. One that was not run fails the set if it stands here, and is only
    /// named otherwise.
    pub required: Vec<Check>,
}

impl Default for MapChecks {
    /// Requires randomised weights, noise and deletion: that maps depend on the model, that they do not hang on
    /// trifles, and that the model depends on what they show. The others are not required because not every explainer
    /// has a seed, adds up, or has another beside it.
    fn default() -> Self {
        Self {
            additivity: 0.01,
            randomised: 0.5,
            reseeding: 0.7,
            noise: 0.5,
            gain: 0.0,
            agreement: 0.3,
            level: 0.95,
            required: vec![Check::RandomisedWeights, Check::Noise, Check::Deletion],
        }
    }
}

/// A measure, or why it was not taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Taken<T> {
    /// It was taken.
    Measured(T),
    /// It was not, in a few words: `the explainer draws nothing`.
    Not(String),
}

impl<T> Default for Taken<T> {
    fn default() -> Self {
        Self::Not("not asked for".into())
    }
}

impl<T> From<Outcome<T>> for Taken<T> {
    fn from(outcome: Outcome<T>) -> Self {
        match outcome {
            Outcome::Value(value) => Self::Measured(value),
            Outcome::NotEstimable(reason) => Self::Not(reason.to_string()),
        }
    }
}

/// What was measured of a set of maps: one explainer's, of one model and class, over images. Similarities are as
/// [`MapChecks`] says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MapSet {
    /// The largest [`super::relative_additivity_error`].
    pub additivity: Taken<f64>,
    /// Similarity to maps of the model with all its weights drawn anew.
    pub randomised_weights: Taken<ClusteredMean>,
    /// Similarity to maps of a model trained on permuted labels.
    pub randomised_labels: Taken<ClusteredMean>,
    /// Similarity to maps of another seed.
    pub reseeding: Taken<ClusteredMean>,
    /// Similarity to maps of images with a little noise.
    pub noise: Taken<ClusteredMean>,
    /// [`crate::curves::AgainstOrders::gain`] of deletion.
    pub deletion: Taken<ClusteredMean>,
    /// The same of insertion.
    pub insertion: Taken<ClusteredMean>,
    /// Similarity to maps of other explainers.
    pub explainers: Taken<ClusteredMean>,
    /// Similarity to maps of other baselines.
    pub baselines: Taken<ClusteredMean>,
}
