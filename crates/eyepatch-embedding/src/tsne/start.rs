use eyepatch_clusters::{ClusterError, Rows, principal_components};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use crate::{EmbeddingError, Points};

/// Standard deviation on the first axis, small against the distances that q knows.
const SPREAD: f64 = 1e-4;

/// The two first principal components. An axis that the rows lack (they lie on one line, or are all the same) is drawn,
/// a hundredth as wide: on a line no force would ever leave it.
pub(super) fn start(points: &Points, seed: u64) -> Result<Vec<[f64; 2]>, EmbeddingError> {
    let found = match principal_components(points, 2.min(points.columns())) {
        Ok(components) => Some(components.project(points)?),
        Err(ClusterError::Constant) => None,
        Err(other) => return Err(other.into()),
    };
    let held = found.as_ref().map_or(0, Rows::columns);
    let first: Vec<f64> = (0..points.len()).map(|i| found.as_ref().map_or(0.0, |f| f.row(i)[0])).collect();
    let deviation = (first.iter().map(|v| v * v).sum::<f64>() / first.len() as f64).sqrt();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn = || 0.01 * SPREAD * (2.0 * (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 - 1.0);
    let place = |i: usize| {
        let mut axis = |a: usize| match &found {
            Some(f) if a < held => f.row(i)[a] / deviation * SPREAD,
            _ => drawn(),
        };
        [axis(0), axis(1)]
    };
    Ok((0..points.len()).map(place).collect())
}
