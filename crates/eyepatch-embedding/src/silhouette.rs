use serde::{Deserialize, Serialize};

use crate::distances::Distances;
use crate::error::{at_least, count};
use crate::{EmbeddingError, Points};

/// How far groups lie apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Silhouette {
    /// Mean over rows, -1 to 1.
    pub mean: f64,
    /// Each row's.
    pub rows: Vec<f64>,
    /// The mean over the rows of each group, by the groups' numbers; `None` for one without rows.
    pub groups: Vec<Option<f64>>,
}

/// The silhouette of rows in their groups (Rousseeuw, Journal of Computational and Applied Mathematics 20, 1987), with
/// Euclidean distances: (b - a) / max(a, b), where a is the mean distance to the others of the own group and b that to the
/// nearest other group. 0 for the one row of a group, and where all rows of both lie in one place, as in scikit-learn.
///
/// # Errors
/// [`EmbeddingError::Count`]; [`EmbeddingError::TooFew`] for fewer than 2 groups that hold rows;
/// [`EmbeddingError::AllSingle`].
pub fn silhouette(points: &Points, groups: &[usize]) -> Result<Silhouette, EmbeddingError> {
    count("groups", points.len(), groups.len())?;
    let sizes = sizes(groups);
    let held = sizes.iter().filter(|s| **s > 0).count();
    at_least("groups", 2, held)?;
    if held == points.len() {
        return Err(EmbeddingError::AllSingle { rows: held });
    }
    let rows = Distances::new(points).map_rows(|i, squared| {
        let mut sums = vec![0.0; sizes.len()];
        squared.iter().zip(groups).for_each(|(d, g)| sums[*g] += d.sqrt());
        one(&sums, &sizes, groups[i])
    });
    Ok(Silhouette { mean: rows.iter().sum::<f64>() / rows.len() as f64, groups: means(&rows, groups), rows })
}

/// From the row's sums of distances to each group.
fn one(sums: &[f64], sizes: &[usize], own: usize) -> f64 {
    if sizes[own] < 2 {
        return 0.0;
    }
    let others = (0..sizes.len()).filter(|g| *g != own && sizes[*g] > 0);
    let nearest = others.map(|g| sums[g] / sizes[g] as f64).fold(f64::INFINITY, f64::min);
    let within = sums[own] / (sizes[own] - 1) as f64;
    let larger = within.max(nearest);
    if larger > 0.0 { (nearest - within) / larger } else { 0.0 }
}

/// Rows of each group. Numbers of groups need not be dense, but memory grows with the largest.
pub(crate) fn sizes(groups: &[usize]) -> Vec<usize> {
    let mut sizes = vec![0; groups.iter().max().map_or(0, |g| g + 1)];
    groups.iter().for_each(|g| sizes[*g] += 1);
    sizes
}

/// The mean of each group.
pub(crate) fn means(values: &[f64], groups: &[usize]) -> Vec<Option<f64>> {
    let sizes = sizes(groups);
    let mut sums = vec![0.0; sizes.len()];
    values.iter().zip(groups).for_each(|(v, g)| sums[*g] += v);
    sums.iter().zip(sizes).map(|(sum, n)| (n > 0).then(|| sum / n as f64)).collect()
}

#[cfg(test)]
#[path = "silhouette_tests.rs"]
mod tests;
