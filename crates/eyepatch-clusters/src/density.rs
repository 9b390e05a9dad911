use linfa::ParamGuard;
use linfa::traits::Transformer;
use linfa_clustering::Dbscan;
use linfa_nn::CommonNearestNeighbour;
use linfa_nn::distance::L2Dist;
use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::members::by_size;
use crate::{ClusterError, Rows};

/// What DBSCAN calls dense.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Neighbourhood {
    /// Rows within the radius, the row itself among them, that make it a core of a cluster; at least 2.
    pub min_points: usize,
    /// The radius, above 0; `None` for the 90 % quantile of the rows' distances to their (`min_points` - 1)-th
    /// neighbour, so that nine of ten rows are cores.
    pub radius: Option<f64>,
}

impl Default for Neighbourhood {
    /// 5 points; the radius from the data.
    fn default() -> Self {
        Self { min_points: 5, radius: None }
    }
}

/// Groups of dense rows, and noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Density {
    /// Each row's cluster; 0 is the largest, of equal ones the one with the first row. `None` for noise.
    pub groups: Vec<Option<usize>>,
    /// Number of clusters.
    pub clusters: usize,
    /// Rows that are noise.
    pub noise: usize,
    /// The radius.
    pub radius: f64,
    /// As asked for.
    pub min_points: usize,
}

/// DBSCAN (Ester, Kriegel, Sander & Xu, KDD 1996) with Euclidean distances. A row at the border of two clusters goes
/// to the one that was found first, by the order of rows.
///
/// # Errors
/// [`ClusterError::OutOfRange`] for a neighbourhood out of its ranges; [`ClusterError::TooFew`] for fewer rows than
/// `min_points`; [`ClusterError::Constant`] where the radius from the data is 0.
pub fn density(rows: &Rows, neighbourhood: Neighbourhood) -> Result<Density, ClusterError> {
    let min_points = neighbourhood.min_points;
    let wrong = |name, range, found| Err(ClusterError::OutOfRange { name, range, found });
    if min_points < 2 {
        return wrong("min_points", "2 or more", min_points as f64);
    }
    if rows.len() < min_points {
        return Err(ClusterError::TooFew { rows: rows.len(), needed: min_points });
    }
    let radius = match neighbourhood.radius {
        Some(radius) if radius > 0.0 && radius.is_finite() => radius,
        Some(radius) => return wrong("radius", "above 0", radius),
        None => usual_radius(rows, min_points).ok_or(ClusterError::Constant)?,
    };
    let x = Array2::from_shape_vec((rows.len(), rows.columns()), rows.values().to_vec())
        .map_err(|e| ClusterError::Solver(e.to_string()))?;
    // A tree would help in few dimensions only, and linfa's grows without end where many rows are the same.
    let found = Dbscan::params_with(min_points, L2Dist, CommonNearestNeighbour::LinearSearch)
        .tolerance(radius)
        .check()
        .map_err(|e| ClusterError::Solver(e.to_string()))?
        .transform(&x);
    let clustered: Vec<usize> = found.iter().copied().flatten().collect();
    let mut names = by_size(&clustered).into_iter();
    let groups: Vec<Option<usize>> = found.iter().map(|g| g.and_then(|_| names.next())).collect();
    Ok(Density {
        clusters: groups.iter().flatten().max().map_or(0, |g| g + 1),
        noise: groups.iter().filter(|g| g.is_none()).count(),
        groups,
        radius,
        min_points,
    })
}

fn usual_radius(rows: &Rows, min_points: usize) -> Option<f64> {
    let distance = |i: usize| {
        let mut all: Vec<f64> = (0..rows.len()).map(|j| rows.distance(i, j)).collect();
        // The row itself is at 0.
        *all.select_nth_unstable_by(min_points - 1, f64::total_cmp).1
    };
    let mut all: Vec<f64> = (0..rows.len()).into_par_iter().map(distance).collect();
    all.sort_unstable_by(f64::total_cmp);
    let at = (0.9 * rows.len() as f64).ceil() as usize;
    // So that a row at just this distance is within it, however a library rounds.
    Some(all[at.clamp(1, all.len()) - 1] * (1.0 + 1e-9)).filter(|r| *r > 0.0)
}
