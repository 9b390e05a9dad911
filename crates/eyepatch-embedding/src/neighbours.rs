use crate::distances::Distances;
use crate::error::within;
use crate::{EmbeddingError, Points};

/// Each row's nearest other rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    /// Neighbours a row.
    pub k: usize,
    /// Their rows, the nearest first, `k` a row; of equally near ones the first row first.
    pub rows: Vec<usize>,
    /// Their squared Euclidean distances, `k` a row.
    pub squared: Vec<f64>,
}

impl Neighbours {
    /// The neighbours of one row.
    ///
    /// # Panics
    /// Where there is no such row.
    #[must_use]
    pub fn of(&self, row: usize) -> &[usize] {
        &self.rows[row * self.k..][..self.k]
    }
}

/// The `k` nearest other rows of each row by Euclidean distance, all pairs compared. Of equally near ones the first
/// row counts as nearer; distances are taken from differences before they are compared, so equal ones are equal.
///
/// # Errors
/// [`EmbeddingError::OutOfRange`] unless `k` is at least 1 and below the number of rows.
pub fn nearest(points: &Points, k: usize) -> Result<Neighbours, EmbeddingError> {
    nearest_of(&Distances::new(points), k)
}

pub(crate) fn nearest_of(distances: &Distances<'_>, k: usize) -> Result<Neighbours, EmbeddingError> {
    let n = distances.points().len();
    within("neighbours", format!("1 to {}", n.saturating_sub(1)), k as f64, k >= 1 && k < n)?;
    let found = distances.map_rows(|i, row| nearest_in(distances, i, row, k));
    let (rows, squared) = found.into_iter().flatten().map(|(d, j)| (j, d)).unzip();
    Ok(Neighbours { k, rows, squared })
}

/// Whoever may be among the `k` nearest within the products' error is compared by differences.
fn nearest_in(distances: &Distances<'_>, i: usize, row: &mut [f64], k: usize) -> Vec<(f64, usize)> {
    row[i] = f64::INFINITY;
    let error = |j: usize| distances.error(i, j);
    let mut reach: Vec<f64> = row.iter().enumerate().map(|(j, d)| d + error(j)).collect();
    let (_, farthest, _) = reach.select_nth_unstable_by(k - 1, f64::total_cmp);
    let may = |(j, d): (usize, &f64)| (d - error(j) <= *farthest && j != i).then_some(j);
    let near = row.iter().enumerate().filter_map(may);
    let mut near: Vec<(f64, usize)> = near.map(|j| (distances.points().squared(i, j), j)).collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    near.truncate(k);
    near
}

#[cfg(test)]
#[path = "neighbours_tests.rs"]
mod tests;
