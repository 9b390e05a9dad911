use rayon::prelude::*;

use crate::Rows;

/// Each row's silhouette (Rousseeuw, Journal of Computational and Applied Mathematics 20, 1987), -1 to 1: (b - a) /
/// max(a, b), where a is the mean distance to the others of the own group and b that to the nearest other group; 0
/// where a group has one row, or where there is one group. All distances are taken, so the cost grows with the square
/// of the rows.
///
/// # Panics
/// Where there are fewer groups than rows.
#[must_use]
pub fn silhouettes(rows: &Rows, groups: &[usize]) -> Vec<f64> {
    let count = groups.iter().max().map_or(0, |g| g + 1);
    let mut sizes = vec![0_usize; count];
    groups.iter().for_each(|g| sizes[*g] += 1);
    let one = |i: usize| {
        let mut sums = vec![0.0; count];
        (0..rows.len()).for_each(|j| sums[groups[j]] += rows.distance(i, j));
        let own = groups[i];
        let others = (0..count).filter(|g| *g != own && sizes[*g] > 0);
        let nearest = others.map(|g| sums[g] / sizes[g] as f64).fold(f64::INFINITY, f64::min);
        if sizes[own] < 2 || nearest == f64::INFINITY {
            return 0.0;
        }
        let within = sums[own] / (sizes[own] - 1) as f64;
        let larger = within.max(nearest);
        if larger > 0.0 { (nearest - within) / larger } else { 0.0 }
    };
    (0..rows.len()).into_par_iter().map(one).collect()
}
