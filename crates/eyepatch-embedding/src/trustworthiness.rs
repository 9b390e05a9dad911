use crate::distances::Distances;
use crate::error::{count, within};
use crate::{EmbeddingError, Points, nearest};

/// How far neighbours on a map are neighbours in truth, 0 to 1 (Venna & Kaski, ICANN 2001): 1 - 2 / (n k (2n - 3k - 1))
/// times the sum, over each row's `k` nearest on the map, of how far beyond `k` they stand in the order of distance
/// among `points`. Equally far rows stand in order of rows, in both.
///
/// # Errors
/// [`EmbeddingError::Count`] where the map has other rows; [`EmbeddingError::OutOfRange`] unless 1 <= `k` < n / 2.
pub fn trustworthiness(points: &Points, map: &Points, k: usize) -> Result<f64, EmbeddingError> {
    let n = points.len();
    count("places on the map", n, map.len())?;
    within("neighbours", format!("1 or more, and below {}", n as f64 / 2.0), k as f64, k >= 1 && 2 * k < n)?;
    let near = nearest(map, k)?;
    let distances = Distances::new(points);
    let beyond = distances.map_rows(|i, row| {
        let ranks = near.of(i).iter().map(|j| rank(&distances, i, row, *j));
        ranks.map(|r| r.saturating_sub(k)).sum::<usize>()
    });
    let (n, k) = (n as f64, k as f64);
    Ok(1.0 - beyond.iter().sum::<usize>() as f64 * 2.0 / (n * k * (2.0 * n - 3.0 * k - 1.0)))
}

/// The place of `j` among all others by their distance from `i`, from 1 on.
fn rank(distances: &Distances<'_>, i: usize, row: &[f64], j: usize) -> usize {
    let exact = distances.points().squared(i, j);
    let before = |(l, d): (usize, &f64)| {
        if l == i || l == j {
            return false;
        }
        let error = distances.error(i, l);
        if (d - exact).abs() > error {
            return *d < exact;
        }
        let other = distances.points().squared(i, l);
        other < exact || other == exact && l < j
    };
    1 + row.iter().enumerate().filter(|x| before(*x)).count()
}

#[cfg(test)]
#[path = "trustworthiness_tests.rs"]
mod tests;
