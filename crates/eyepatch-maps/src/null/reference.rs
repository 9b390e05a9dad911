use serde::{Deserialize, Serialize};

use super::draws::Sorted;
use crate::summary::{ClusteredShare, Observation, clustered_share};
use crate::{MapsError, NotEstimable};

/// A model's images held against those of a reference model that cannot use what is asked for: trained with the
/// outside exchanged between patients, or on permuted labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReferenceTest {
    /// The reference's quantile at `level`, taken as [`super::NullTest::quantile`] is.
    pub threshold: f64,
    /// Where it is taken, for instance 0.95.
    pub level: f64,
    /// Reference images.
    pub n_reference: usize,
    /// The share of images whose statistic lies above the threshold. About 1 - `level` of a model like the
    /// reference's do.
    pub share: ClusteredShare,
    /// One-sided p of each image, in the order given: (r + 1) / (n + 1), where r of n reference images are at least
    /// as large.
    pub p: Vec<f64>,
}

impl ReferenceTest {
    /// Whether the share lies above what a model like the reference's would give: the lower end of its interval is
    /// above 1 - `level`. The threshold is an estimate itself; with fewer than a few hundred reference images a share
    /// a little above is none.
    #[must_use]
    pub fn above_chance(&self) -> bool {
        self.share.lower > 1.0 - self.level
    }
}

/// Counts the images whose statistic lies above the reference images' quantile at `level`, with an interval of
/// coverage `coverage` ([`clustered_share`]).
///
/// # Errors
/// [`NotEstimable::TooFew`] without images, with fewer reference images than the quantile needs (19 for 0.95), or as
/// [`clustered_share`]; [`MapsError::OutOfRange`], [`MapsError::NotFinite`].
pub fn reference_test(
    reference: &[f64],
    images: &[Observation<'_>],
    level: f64,
    coverage: f64,
) -> Result<ReferenceTest, MapsError> {
    let sorted = Sorted::new(reference, level).map_err(|e| match e {
        MapsError::NotEstimable(NotEstimable::TooFew { n, needed, .. }) => {
            NotEstimable::TooFew { what: "reference images".into(), n, needed }.into()
        }
        other => other,
    })?;
    if let Some(index) = images.iter().position(|o| !o.value.is_finite()) {
        return Err(MapsError::NotFinite { what: "the statistic", index });
    }
    let exceeding: Vec<(&str, bool)> =
        images.iter().map(|o| (o.patient, o.value > sorted.quantile)).collect();
    Ok(ReferenceTest {
        threshold: sorted.quantile,
        level,
        n_reference: reference.len(),
        share: clustered_share(&exceeding, coverage)?,
        p: images.iter().map(|o| sorted.p(o.value)).collect(),
    })
}
