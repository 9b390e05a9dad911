use rayon::prelude::*;

use super::calibrate::Gaussian;
use super::check_perplexity;
use crate::distances::Distances;
use crate::error::{at_least, count};
use crate::{EmbeddingError, Points};

/// The Kullback-Leibler divergence of a map from the exact P: the sum over all pairs of p ln(p / q), with p =
/// (p(j | i) + p(i | j)) / 2n from Gaussians that see all rows, q from Student's t with one degree of freedom over the
/// map. Nothing is cut off or approximated, so maps of any program can be compared by it. It takes time with the square
/// of the rows, and no memory to speak of.
///
/// # Errors
/// [`EmbeddingError::Count`] where the map has other rows; [`EmbeddingError::TooFew`] below 3;
/// [`EmbeddingError::OutOfRange`] for a perplexity that is not 1 or more and below the rows less one.
pub fn kl_divergence(points: &Points, perplexity: f64, map: &Points) -> Result<f64, EmbeddingError> {
    let n = points.len();
    count("places on the map", n, map.len())?;
    at_least("rows", 3, n)?;
    check_perplexity(perplexity, n)?;
    let distances = Distances::new(points);
    let gaussians = distances.map_rows(|i, row| {
        row[i] = f64::INFINITY;
        Gaussian::new(row, perplexity)
    });
    let kernel = |i: usize, j: usize| 1.0 / (1.0 + map.squared(i, j));
    let totals: Vec<f64> =
        (0..n).into_par_iter().map(|i| (0..n).filter(|j| *j != i).map(|j| kernel(i, j)).sum()).collect();
    let total: f64 = totals.iter().sum();
    let one = |i: usize, row: &mut [f64]| -> f64 {
        let term = |j: usize| {
            let p = (gaussians[i].of(row[j]) + gaussians[j].of(row[j])) / (2 * n) as f64;
            if p > 0.0 { p * (p * total / kernel(i, j)).ln() } else { 0.0 }
        };
        (0..n).filter(|j| *j != i).map(term).sum()
    };
    Ok(distances.map_rows(one).iter().sum())
}
