use serde::{Deserialize, Serialize};

use super::spearman;
use crate::error::outcome;
use crate::summary::{ClusteredMean, Observation, clustered_mean};
use crate::{Map, MapsError, NotEstimable, Outcome};

/// Two maps of one image.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The patient.
    pub patient: &'a str,
    /// The map that is judged.
    pub first: &'a Map,
    /// What it is held against: another seed's, another explainer's, a randomised model's.
    pub second: &'a Map,
}

/// How alike maps are over images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeanAgreement {
    /// Mean over patients of Spearman's correlation of absolute values: what [`crate::checks::MapSet`] asks for.
    pub mean: Outcome<ClusteredMean>,
    /// Images left out of it, because one of their maps is constant: of a randomised model whose output nothing moves,
    /// for instance.
    pub left_out: usize,
}

/// The mean over patients of [`spearman`] of absolute values (taken on the coarser grid), with an interval of coverage
/// `level`.
///
/// # Errors
/// [`MapsError::OutOfRange`] unless 0 < `level` < 1.
pub fn mean_agreement(pairs: &[Pair<'_>], level: f64) -> Result<MeanAgreement, MapsError> {
    let (mut images, mut left_out) = (Vec::with_capacity(pairs.len()), 0);
    for pair in pairs {
        let (first, second) = super::on_one_grid(pair.first, pair.second)?;
        match spearman(&first.absolute(), &second.absolute()) {
            Ok(value) => images.push(Observation { patient: pair.patient, value }),
            Err(MapsError::NotEstimable(NotEstimable::ConstantMap)) => left_out += 1,
            Err(other) => return Err(other),
        }
    }
    Ok(MeanAgreement { mean: outcome(clustered_mean(&images, level))?, left_out })
}
