use serde::{Deserialize, Serialize};

use super::{TopOverlap, cosine, spearman, ssim, top_overlap};
use crate::error::outcome;
use crate::{Map, MapsError, Outcome};

/// All that is said of two maps' likeness; each where it can be said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Similarity {
    /// Rank correlation of the values.
    pub spearman: Outcome<f64>,
    /// Rank correlation of their sizes: what the checks read, since a map and its negative look at the same places.
    pub spearman_absolute: Outcome<f64>,
    /// Cosine of the angle between them.
    pub cosine: Outcome<f64>,
    /// Overlap of the tenth of cells with the largest sizes.
    pub top: Outcome<TopOverlap>,
    /// Structural similarity.
    pub ssim: Outcome<f64>,
}

/// Compares two maps, brought to one grid where they differ.
///
/// # Errors
/// None for maps that exist: what cannot be measured says so in its place.
pub fn similarity(first: &Map, second: &Map) -> Result<Similarity, MapsError> {
    let (first, second) = super::on_one_grid(first, second)?;
    Ok(Similarity {
        spearman: outcome(spearman(&first, &second))?,
        spearman_absolute: outcome(spearman(&first.absolute(), &second.absolute()))?,
        cosine: outcome(cosine(&first, &second))?,
        top: outcome(top_overlap(&first, &second, 0.1))?,
        ssim: outcome(ssim(&first, &second))?,
    })
}
