use eyepatch_maps::summary::{ClusteredMean, Observation, clustered_mean};
use eyepatch_maps::{Outcome, outcome};
use serde::{Deserialize, Serialize};

use crate::EmbeddingError;
use crate::error::count;

/// A class, which images have it and which are known not to; an image may be neither.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Class<'a> {
    /// Its name.
    pub name: &'a str,
    /// One an image.
    pub positive: &'a [bool],
    /// One an image.
    pub negative: &'a [bool],
}

/// Means of a similarity (or of the difference of two) over patients, each with its interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Similarity {
    /// Over all images.
    pub overall: Outcome<ClusteredMean>,
    /// Over the images that have a class, in the order of the classes; an image with two classes counts in both.
    pub classes: Vec<(String, Outcome<ClusteredMean>)>,
    /// Over the images that are known to have none of the classes.
    pub healthy: Outcome<ClusteredMean>,
}

/// Means over all images, over those of each class and over the healthy, who are known to have no class at all. Each patient counts
/// once with the mean of the own images; intervals of coverage `level` are Student's t over patients
/// ([`eyepatch_maps::summary::clustered_mean`]).
///
/// # Errors
/// [`EmbeddingError::Count`]; [`EmbeddingError::Mean`] for a value that is not finite or a level not between 0 and 1. A
/// mean over fewer than 2 patients is [`Outcome::NotEstimable`].
pub fn by_class(
    values: &[f64],
    patients: &[&str],
    classes: &[Class<'_>],
    level: f64,
) -> Result<Similarity, EmbeddingError> {
    count("patients", values.len(), patients.len())?;
    for class in classes {
        count("labels", values.len(), class.positive.len())?;
        count("labels", values.len(), class.negative.len())?;
    }
    let over = |counts: &dyn Fn(usize) -> bool| {
        let image = |i: usize| Observation { patient: patients[i], value: values[i] };
        let images: Vec<Observation<'_>> = (0..values.len()).filter(|i| counts(*i)).map(image).collect();
        outcome(clustered_mean(&images, level))
    };
    let of = |class: &Class<'_>| Ok((class.name.to_owned(), over(&|i| class.positive[i])?));
    Ok(Similarity {
        overall: over(&|_| true)?,
        classes: classes.iter().map(of).collect::<Result<_, EmbeddingError>>()?,
        healthy: over(&|i| classes.iter().all(|c| c.negative[i]))?,
    })
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
