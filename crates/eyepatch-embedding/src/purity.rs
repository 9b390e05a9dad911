use serde::{Deserialize, Serialize};

use crate::error::{at_least, count};
use crate::silhouette::{means, sizes};
use crate::{EmbeddingError, Points, nearest};

/// How far neighbours share a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Purity {
    /// Mean over rows, 0 to 1.
    pub mean: f64,
    /// What it would be if groups had nothing to do with place: the share of pairs of rows of one group.
    pub chance: f64,
    /// Each row's share of its neighbours that are of its group.
    pub rows: Vec<f64>,
    /// The mean over the rows of each group, by the groups' numbers; `None` for one without rows.
    pub groups: Vec<Option<f64>>,
    /// Neighbours a row.
    pub k: usize,
}

/// The share of each row's `k` nearest other rows (Euclidean; of equally near ones the first rows) that are of its own
/// group, and its mean. Images of one patient are often neighbours: leave one a patient where that matters.
///
/// # Errors
/// [`EmbeddingError::Count`]; [`EmbeddingError::TooFew`] for fewer than 2 groups that hold rows;
/// [`EmbeddingError::OutOfRange`] unless `k` is at least 1 and below the number of rows.
pub fn purity(points: &Points, groups: &[usize], k: usize) -> Result<Purity, EmbeddingError> {
    let n = points.len();
    count("groups", n, groups.len())?;
    let sizes = sizes(groups);
    at_least("groups", 2, sizes.iter().filter(|s| **s > 0).count())?;
    let near = nearest(points, k)?;
    let share = |i: usize| near.of(i).iter().filter(|j| groups[**j] == groups[i]).count() as f64 / k as f64;
    let rows: Vec<f64> = (0..n).map(share).collect();
    let pairs = |s: &usize| *s as f64 * s.saturating_sub(1) as f64;
    let chance = sizes.iter().map(pairs).sum::<f64>() / pairs(&n);
    Ok(Purity { mean: rows.iter().sum::<f64>() / n as f64, chance, groups: means(&rows, groups), rows, k })
}

#[cfg(test)]
#[path = "purity_tests.rs"]
mod tests;
