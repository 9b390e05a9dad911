use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use crate::{ClusterError, Rows, eigen};

/// Principal components of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Components {
    /// Share of the whole variance that each component holds, largest first; at most 1 together.
    pub explained: Vec<f64>,
    /// The components, one after the other, of length 1 and at right angles; each with its largest loading, in size,
    /// above 0.
    pub loadings: Vec<Vec<f64>>,
    /// Mean of the rows.
    pub mean: Vec<f64>,
}

impl Components {
    /// Rows on these components: their coordinates.
    ///
    /// # Errors
    /// [`ClusterError::Shape`] for rows of another width.
    pub fn project(&self, rows: &Rows) -> Result<Rows, ClusterError> {
        if rows.columns() != self.mean.len() {
            return Err(ClusterError::Shape { values: rows.values().len(), columns: self.mean.len() });
        }
        let along = |row: &[f64], loading: &[f64]| -> f64 {
            row.iter().zip(&self.mean).zip(loading).map(|((v, mean), l)| (v - mean) * l).sum()
        };
        let values = rows.iter().flat_map(|row| self.loadings.iter().map(move |l| along(row, l))).collect();
        Rows::new(values, self.loadings.len())
    }
}

/// At most `count` principal components; those of a variance that is no more than rounding are left out.
///
/// # Errors
/// [`ClusterError::Constant`], [`ClusterError::OutOfRange`] for a count of 0, [`ClusterError::Solver`].
pub fn principal_components(rows: &Rows, count: usize) -> Result<Components, ClusterError> {
    if count == 0 {
        return Err(ClusterError::OutOfRange { name: "components", range: "1 or more", found: 0.0 });
    }
    let mut x = Array2::from_shape_vec((rows.len(), rows.columns()), rows.values().to_vec())
        .map_err(|e| ClusterError::Solver(e.to_string()))?;
    let mean = x.mean_axis(Axis(0)).ok_or(ClusterError::TooFew { rows: 0, needed: 1 })?;
    x -= &mean;
    let largest_of = |values: &mut dyn Iterator<Item = &f64>| values.fold(0.0_f64, |l, v| l.max(v.abs()));
    let (scale, size) = (largest_of(&mut x.iter()), largest_of(&mut rows.values().iter()));
    if scale <= 1e-12 * size {
        return Err(ClusterError::Constant);
    }
    // So that squares neither overflow nor vanish, and that the solver's tolerance fits.
    x /= scale;
    let whole: f64 = x.iter().map(|v| v * v).sum();
    let (explained, loadings) = eigen::largest(&x, count)?
        .into_iter()
        .map(|(value, vector)| (value / whole, upright(vector.to_vec())))
        .unzip();
    Ok(Components { explained, loadings, mean: mean.to_vec() })
}

/// With the largest loading, in size, above 0; of equal ones the first decides.
fn upright(mut vector: Vec<f64>) -> Vec<f64> {
    let largest = vector.iter().copied().fold(0.0_f64, |l, v| if v.abs() > l.abs() { v } else { l });
    if largest < 0.0 {
        vector.iter_mut().for_each(|v| *v = -*v);
    }
    vector
}
