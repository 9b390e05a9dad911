//! The right singular vectors of a centred table, through linfa's solvers.

use linfa_linalg::Order;
use linfa_linalg::eigh::{EigSort, Eigh};
use linfa_linalg::lobpcg::TruncatedSvd;
use ndarray::{Array1, Array2, Axis};
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;

use crate::ClusterError;

/// Up to here all eigenvectors are found at once, which takes milliseconds; with the cube of the side it takes
/// seconds at 300.
const SMALL: usize = 64;

/// Largest residual |X'X v - l v| of a vector that was searched for, in parts of the largest l. The error of l is at
/// most that.
const RESIDUAL: f64 = 1e-7;

/// A squared singular value of this part of all is no more than rounding.
const ROUNDING: f64 = 1e-12;

/// At most `count` pairs of a squared singular value and its right singular vector of length 1, the largest first;
/// those that are no more than rounding are left out. The search for a few of many vectors (LOBPCG, seeded, as
/// linfa-reduction's PCA does it) is checked; where it did not arrive, all are found.
pub(crate) fn largest(x: &Array2<f64>, count: usize) -> Result<Vec<(f64, Array1<f64>)>, ClusterError> {
    let side = x.nrows().min(x.ncols());
    let few = side > SMALL && 5 * count <= side;
    if few && let Some(found) = searched(x, count) {
        return Ok(found);
    }
    all(x, count)
}

fn all(x: &Array2<f64>, count: usize) -> Result<Vec<(f64, Array1<f64>)>, ClusterError> {
    let tall = x.nrows() >= x.ncols();
    let products = if tall { x.t().dot(x) } else { x.dot(&x.t()) };
    let solved = products.eigh().map_err(|e| ClusterError::Solver(e.to_string()))?;
    let (values, vectors) = solved.sort_eig_desc();
    let least = ROUNDING * products.diag().sum();
    let pairs = values.iter().zip(vectors.axis_iter(Axis(1))).take(count);
    let found = pairs.filter(|(value, _)| **value > least);
    Ok(found.map(|(_, v)| pair(x, if tall { v.to_owned() } else { x.t().dot(&v) })).collect())
}

fn searched(x: &Array2<f64>, count: usize) -> Option<Vec<(f64, Array1<f64>)>> {
    // Any seed finds the same vectors; it is fixed so that it finds the same bits.
    let rng = Xoshiro256Plus::seed_from_u64(42);
    let solved = TruncatedSvd::new_with_rng(x.clone(), Order::Largest, rng).decompose(count).ok()?;
    let (_, values, vectors) = solved.values_vectors();
    let least = ROUNDING * x.iter().map(|v| v * v).sum::<f64>();
    if values.len() < count || values.iter().any(|v| v * v <= least) {
        return None;
    }
    let found: Vec<_> = vectors.axis_iter(Axis(0)).map(|v| pair(x, v.to_owned())).collect();
    let first = found.first()?.0;
    let arrived = |(value, vector): &(f64, Array1<f64>)| {
        let residual = x.t().dot(&x.dot(vector)) - vector * *value;
        residual.dot(&residual).sqrt() <= RESIDUAL * first
    };
    found.iter().all(arrived).then_some(found)
}

/// A vector brought to length 1, and its Rayleigh quotient.
fn pair(x: &Array2<f64>, vector: Array1<f64>) -> (f64, Array1<f64>) {
    let length = vector.dot(&vector).sqrt();
    let vector = vector / length;
    let along = x.dot(&vector);
    (along.dot(&along), vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways on tables of several shapes whose vectors are known to differ, tall and wide, with a rank of less
    /// than what is asked for, too.
    #[test]
    fn the_search_finds_what_all_hold() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1 << 24) as f64 - 0.5
        };
        for (rows, columns) in [(80, 70), (70, 90), (120, 66)] {
            let mut x = Array2::from_shape_simple_fn((rows, columns), &mut next);
            for (i, mut column) in x.columns_mut().into_iter().enumerate() {
                column *= 3.0 / (i + 1) as f64;
            }
            let (search, all) = (searched(&x, 6).unwrap(), all(&x, 6).unwrap());
            assert_eq!(search, largest(&x, 6).unwrap());
            for ((found, vector), (value, other)) in search.iter().zip(&all) {
                assert!((found - value).abs() < 1e-9 * all[0].0, "{found} {value}");
                assert!((vector.dot(other).abs() - 1.0).abs() < 1e-6);
            }
            // Of rank 2.
            let flat =
                x.slice(ndarray::s![.., 0..2]).dot(&Array2::from_shape_simple_fn((2, columns), &mut next));
            assert_eq!(largest(&flat, 6).unwrap().len(), 2);
        }
    }
}
