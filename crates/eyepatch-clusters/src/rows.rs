use crate::ClusterError;

/// A table of finite numbers, row after row.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    values: Vec<f64>,
    columns: usize,
}

impl Rows {
    /// `values.len() / columns` rows of `columns` numbers; at least one.
    ///
    /// # Errors
    /// [`ClusterError::Shape`], [`ClusterError::TooFew`], [`ClusterError::NotFinite`].
    pub fn new(values: Vec<f64>, columns: usize) -> Result<Self, ClusterError> {
        if columns == 0 || !values.len().is_multiple_of(columns) {
            return Err(ClusterError::Shape { values: values.len(), columns });
        }
        if values.is_empty() {
            return Err(ClusterError::TooFew { rows: 0, needed: 1 });
        }
        match values.iter().position(|v| !v.is_finite()) {
            Some(i) => Err(ClusterError::NotFinite { row: i / columns, column: i % columns }),
            None => Ok(Self { values, columns }),
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.columns
    }

    /// Always false: there is at least one row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// One row.
    ///
    /// # Panics
    /// Where there is no such row.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.columns..][..self.columns]
    }

    /// All numbers, row after row.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Row by row.
    pub fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.columns)
    }

    /// Euclidean distance of two rows.
    pub(crate) fn distance(&self, a: usize, b: usize) -> f64 {
        squared(self.row(a), self.row(b)).sqrt()
    }
}

/// Squared Euclidean distance.
pub(crate) fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}
