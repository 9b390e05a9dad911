use linfa::DatasetBase;
use linfa::prelude::{Fit, Predict};
use linfa_clustering::KMeans as Linfa;
use ndarray::Array2;
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;

use crate::members::by_size;
use crate::rows::squared;
use crate::{ClusterError, Rows};

/// Lloyd's steps that a start may take.
const ITERATIONS: usize = 300;

/// Rows in `k` groups about their means.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeans {
    /// Each row's group; 0 is the largest, of equal ones the one with the first row.
    pub groups: Vec<usize>,
    /// Sum of squared distances to the own group's mean.
    pub inertia: f64,
}

/// The best of `starts` seeded k-means++ starts. linfa counts the last mean as one more row, so its means are a
/// little late at the end; plain steps of Lloyd finish them. `None` where fewer than `k` groups have a row, as where
/// fewer rows differ.
///
/// # Errors
/// [`ClusterError::OutOfRange`] unless 1 <= `k` <= rows and `starts` >= 1; [`ClusterError::Solver`].
pub fn k_means(rows: &Rows, k: usize, starts: usize, seed: u64) -> Result<Option<KMeans>, ClusterError> {
    if k == 0 || k > rows.len() {
        return Err(ClusterError::OutOfRange { name: "k", range: "from 1 to the rows", found: k as f64 });
    }
    if starts == 0 {
        return Err(ClusterError::OutOfRange { name: "starts", range: "1 or more", found: 0.0 });
    }
    let x = Array2::from_shape_vec((rows.len(), rows.columns()), rows.values().to_vec())
        .map_err(|e| ClusterError::Solver(e.to_string()))?;
    let data = DatasetBase::from(x);
    let fitted = Linfa::params_with_rng(k, Xoshiro256Plus::seed_from_u64(seed))
        .n_runs(starts)
        .max_n_iterations(ITERATIONS as u64)
        .tolerance(1e-6)
        .fit(&data)
        .map_err(|e| ClusterError::Solver(e.to_string()))?;
    let mut groups = fitted.predict(data.records()).to_vec();
    for _ in 0..ITERATIONS {
        let Some(means) = means(rows, &groups, k) else { return Ok(None) };
        let next: Vec<usize> = rows.iter().map(|row| nearest(row, &means)).collect();
        if next == groups {
            let inertia = rows.iter().zip(&groups).map(|(row, g)| squared(row, &means[*g])).sum();
            return Ok(Some(KMeans { groups: by_size(&groups), inertia }));
        }
        groups = next;
    }
    Err(ClusterError::Solver(format!("k-means found no rest in {ITERATIONS} steps")))
}

/// Each group's mean; `None` where one has no row.
fn means(rows: &Rows, groups: &[usize], k: usize) -> Option<Vec<Vec<f64>>> {
    let (mut sums, mut counts) = (vec![vec![0.0; rows.columns()]; k], vec![0_usize; k]);
    for (row, group) in rows.iter().zip(groups) {
        counts[*group] += 1;
        sums[*group].iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
    }
    if counts.contains(&0) {
        return None;
    }
    for (sum, count) in sums.iter_mut().zip(counts) {
        sum.iter_mut().for_each(|v| *v /= count as f64);
    }
    Some(sums)
}

/// The first of the nearest means.
fn nearest(row: &[f64], means: &[Vec<f64>]) -> usize {
    let mut best = (0, f64::INFINITY);
    for (i, mean) in means.iter().enumerate() {
        let distance = squared(row, mean);
        if distance < best.1 {
            best = (i, distance);
        }
    }
    best.0
}
