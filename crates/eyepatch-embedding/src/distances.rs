//! Squared distances of all rows, a block of rows at a time, through matrix products.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;

use crate::Points;

/// Rows whose distances are made at once; fixed, so that bits do not depend on threads.
const BLOCK: usize = 64;

/// Below this part of |a|^2 + |b|^2 a product has lost too much, and the distance comes from differences.
const NEAR: f64 = 1e-4;

/// |a - b|^2 = |a|^2 + |b|^2 - 2 a.b over centred rows.
pub(crate) struct Distances<'a> {
    points: &'a Points,
    centred: Array2<f64>,
    norms: Vec<f64>,
}

impl<'a> Distances<'a> {
    pub(crate) fn new(points: &'a Points) -> Self {
        let (n, columns) = (points.len(), points.columns());
        let mut mean = vec![0.0; columns];
        for row in points.iter() {
            mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / n as f64);
        }
        let centred = Array2::from_shape_fn((n, columns), |(i, j)| points.row(i)[j] - mean[j]);
        let norms = centred.rows().into_iter().map(|r| r.iter().map(|v| v * v).sum()).collect();
        Self { points, centred, norms }
    }

    pub(crate) fn points(&self) -> &'a Points {
        self.points
    }

    /// What `each` makes of every row's squared distances to all rows, in order of rows. They are right to 1e-11 of
    /// themselves (1000 columns); a row's own is 0.
    pub(crate) fn map_rows<T: Send>(&self, each: impl Fn(usize, &mut [f64]) -> T + Sync) -> Vec<T> {
        let n = self.norms.len();
        let block = |start: usize| {
            let rows = BLOCK.min(n - start);
            let mut squared = vec![0.0; rows * n];
            self.fill(start, rows, &mut squared);
            squared.chunks_exact_mut(n).enumerate().map(|(r, row)| each(start + r, row)).collect()
        };
        let blocks: Vec<Vec<T>> = (0..n.div_ceil(BLOCK)).into_par_iter().map(|b| block(b * BLOCK)).collect();
        blocks.into_iter().flatten().collect()
    }

    fn fill(&self, start: usize, rows: usize, squared: &mut [f64]) {
        let n = self.norms.len();
        let some: ArrayView2<'_, f64> = self.centred.slice_axis(Axis(0), (start..start + rows).into());
        if let Ok(mut products) = ArrayViewMut2::from_shape((rows, n), &mut *squared) {
            ndarray::linalg::general_mat_mul(1.0, &some, &self.centred.t(), 0.0, &mut products);
        }
        for (i, row) in (start..).zip(squared.chunks_exact_mut(n)) {
            for (j, value) in row.iter_mut().enumerate() {
                let norms = self.norms[i] + self.norms[j];
                let found = norms - 2.0 * *value;
                *value = if found > NEAR * norms { found } else { self.points.squared(i, j) };
            }
        }
    }

    /// How far a distance that [`Distances::map_rows`] gives may be off.
    pub(crate) fn error(&self, i: usize, j: usize) -> f64 {
        (self.points.columns() + 8) as f64 * 2.0 * f64::EPSILON * (self.norms[i] + self.norms[j])
    }
}
