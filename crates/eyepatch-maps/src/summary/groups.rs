use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{ClusteredMean, Observation, clustered_mean};
use crate::error::outcome;
use crate::{MapsError, Outcome};

/// A group's mean, and how much it rests on whether it can be told or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupMean {
    /// The mean over patients.
    pub mean: Outcome<ClusteredMean>,
    /// Images of the group.
    pub n_images: usize,
    /// Patients of the group.
    pub n_patients: usize,
}

/// The mean of each group, in the order of their keys (a class, a class and a camera, ...), with two-sided intervals
/// of coverage `level`. An image may be in several groups.
///
/// # Errors
/// As [`clustered_mean`], but groups of fewer than 2 patients say so in their place.
pub fn by_group<'a, K: Ord>(
    images: impl IntoIterator<Item = (K, Observation<'a>)>,
    level: f64,
) -> Result<BTreeMap<K, GroupMean>, MapsError> {
    let mut groups: BTreeMap<K, Vec<Observation<'a>>> = BTreeMap::new();
    for (key, image) in images {
        groups.entry(key).or_default().push(image);
    }
    let group = |(key, images): (K, Vec<Observation<'a>>)| {
        let patients: BTreeSet<&str> = images.iter().map(|o| o.patient).collect();
        let mean = outcome(clustered_mean(&images, level))?;
        Ok((key, GroupMean { mean, n_images: images.len(), n_patients: patients.len() }))
    };
    groups.into_iter().map(group).collect()
}
