use eyepatch_stats::LabelDraws;
use ndarray::{Array2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::distances::Distances;
use crate::error::{at_least, count, within};
use crate::{EmbeddingError, Points};

/// Draws that one matrix product serves; fixed, so that bits do not depend on threads.
const DRAWS: usize = 64;

/// Statistics that differ by less, in parts of the kernel's largest value of 1, are equal.
const SLACK: f64 = 1e-12;

/// Maximum mean discrepancy of two groups.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Discrepancy {
    /// The unbiased estimate of its square; below 0 by chance where there is none.
    pub squared: f64,
    /// The kernel's width s in exp(-d^2 / 2s^2): the median distance of two different rows of both groups together.
    pub width: f64,
    /// Rows of the first group and of the second.
    pub rows: [usize; 2],
    /// The test, where permutations were asked for.
    pub test: Option<DiscrepancyTest>,
}

/// Whether the discrepancy is more than chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiscrepancyTest {
    /// (1 + hits) / (1 + permutations), where a hit has at least as large a discrepancy; never 0 (Phipson & Smyth 2010).
    pub p: f64,
    /// Permutations drawn.
    pub permutations: usize,
}

/// The unbiased squared maximum mean discrepancy (Gretton et al., Journal of Machine Learning Research 13, 2012,
/// equation 3) between the rows that are in the `second` group and the others, with a Gaussian kernel as wide as the
/// median distance.
///
/// `permutations` (0 for none) permute patients: where each has rows in one group only, groups change hands between
/// patients; otherwise patients with as many rows exchange the groups of their rows, shuffled within each
/// ([`eyepatch_stats::LabelDraws`]). Without `patients` each row is one. A permutation that leaves fewer than 2 rows in a
/// group counts as a hit. Memory grows with the square of the rows.
///
/// # Errors
/// [`EmbeddingError::Count`]; [`EmbeddingError::TooFew`] below 2 rows in a group; [`EmbeddingError::Constant`] where the
/// median distance is 0.
pub fn discrepancy(
    points: &Points,
    second: &[bool],
    patients: Option<&[&str]>,
    permutations: usize,
    seed: u64,
) -> Result<Discrepancy, EmbeddingError> {
    let n = points.len();
    count("groups", n, second.len())?;
    count("patients", n, patients.map_or(n, <[_]>::len))?;
    let in_second = second.iter().filter(|s| **s).count();
    at_least("rows of the first group", 2, n - in_second)?;
    at_least("rows of the second group", 2, in_second)?;
    let (kernel, width) = kernel(points)?;
    let squared = of_draws(&kernel, &[second.to_vec()])[0].unwrap_or(f64::NAN);
    within("the discrepancy", "finite", squared, squared.is_finite())?;
    let test = (permutations > 0)
        .then(|| test(&kernel, squared, second, patients, permutations, seed))
        .transpose()?;
    Ok(Discrepancy { squared, width, rows: [n - in_second, in_second], test })
}

/// The kernel of all pairs, 0 for a row and itself; and its width.
fn kernel(points: &Points) -> Result<(Array2<f64>, f64), EmbeddingError> {
    let n = points.len();
    let rows = Distances::new(points).map_rows(|_, row| row.to_vec());
    let mut pairs: Vec<f64> =
        rows.iter().enumerate().flat_map(|(i, row)| row[i + 1..].iter().copied()).collect();
    let width = median(&mut pairs);
    if width <= 0.0 {
        return Err(EmbeddingError::Constant { rows: n });
    }
    let value = |(i, j): (usize, usize)| {
        let squared = rows[i.min(j)][i.max(j)];
        if i == j { 0.0 } else { (-squared / (2.0 * width * width)).exp() }
    };
    Ok((Array2::from_shape_fn((n, n), value), width))
}

/// Median of the roots; the mean of the middle two of an even number.
fn median(squared: &mut [f64]) -> f64 {
    let middle = squared.len() / 2;
    let (below, upper, _) = squared.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = upper.sqrt();
    let lower = below.iter().copied().fold(0.0, f64::max).sqrt();
    if squared.len().is_multiple_of(2) { 0.5 * (lower + upper) } else { upper }
}

/// The estimate for each assignment of rows to groups; `None` where a group has fewer than 2.
fn of_draws(kernel: &Array2<f64>, draws: &[Vec<bool>]) -> Vec<Option<f64>> {
    let n = kernel.nrows();
    let member = Array2::from_shape_fn((n, draws.len()), |(i, d)| f64::from(u8::from(draws[d][i])));
    let (to_second, to_all) = (kernel.dot(&member), kernel.sum_axis(Axis(1)));
    let total = to_all.sum();
    let one = |d: usize| {
        let of_second: f64 = member.column(d).sum();
        let of_first = n as f64 - of_second;
        let second = member.column(d).dot(&to_second.column(d));
        let across = member.column(d).dot(&to_all) - second;
        let first = total - second - 2.0 * across;
        (of_second.min(of_first) >= 2.0).then(|| {
            first / (of_first * (of_first - 1.0)) + second / (of_second * (of_second - 1.0))
                - 2.0 * across / (of_first * of_second)
        })
    };
    (0..draws.len()).map(one).collect()
}

fn test(
    kernel: &Array2<f64>,
    squared: f64,
    second: &[bool],
    patients: Option<&[&str]>,
    permutations: usize,
    seed: u64,
) -> Result<DiscrepancyTest, EmbeddingError> {
    let alone: Vec<usize> = (0..second.len()).collect();
    let draws = match patients {
        Some(patients) => LabelDraws::new(second, patients)?,
        None => LabelDraws::new(second, &alone)?,
    };
    let hits = |block: usize| {
        let numbers = block * DRAWS..permutations.min((block + 1) * DRAWS);
        let drawn: Vec<Vec<bool>> = numbers.map(|number| draws.draw(seed, number as u64)).collect();
        let found = of_draws(kernel, &drawn);
        found.iter().filter(|v| v.is_none_or(|v| v >= squared - SLACK)).count()
    };
    let hits: usize = (0..permutations.div_ceil(DRAWS)).into_par_iter().map(hits).sum();
    Ok(DiscrepancyTest { p: (1 + hits) as f64 / (1 + permutations) as f64, permutations })
}

#[cfg(test)]
#[path = "discrepancy_tests.rs"]
mod tests;
