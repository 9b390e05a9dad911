use crate::EmbeddingError;

/// Rows of finite numbers, one an image: embeddings, or a map of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    values: Vec<f64>,
    columns: usize,
}

/// A number beyond this could make a squared distance overflow.
const LARGEST: f64 = 1e150;

impl Points {
    /// `rows` rows of `columns` numbers, one row after the other; at least one row and one column.
    ///
    /// # Errors
    /// [`EmbeddingError::Shape`], [`EmbeddingError::TooFew`], [`EmbeddingError::NotFinite`],
    /// [`EmbeddingError::TooLarge`] beyond 1e150.
    pub fn new(values: &[f64], rows: usize, columns: usize) -> Result<Self, EmbeddingError> {
        Self::owned(values.to_vec(), rows, columns)
    }

    /// The same from 32 bits, as networks give them.
    ///
    /// # Errors
    /// As [`Points::new`].
    pub fn from_f32(values: &[f32], rows: usize, columns: usize) -> Result<Self, EmbeddingError> {
        Self::owned(values.iter().copied().map(f64::from).collect(), rows, columns)
    }

    pub(crate) fn owned(values: Vec<f64>, rows: usize, columns: usize) -> Result<Self, EmbeddingError> {
        if columns == 0 || rows.checked_mul(columns) != Some(values.len()) {
            return Err(EmbeddingError::Shape { values: values.len(), rows, columns });
        }
        crate::error::at_least("rows", 1, rows)?;
        let place = |i: usize| (i / columns, i % columns);
        if let Some((row, column)) = values.iter().position(|v| !v.is_finite()).map(place) {
            return Err(EmbeddingError::NotFinite { row, column });
        }
        if let Some((row, column)) = values.iter().position(|v| v.abs() > LARGEST).map(place) {
            return Err(EmbeddingError::TooLarge { row, column });
        }
        Ok(Self { values, columns })
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

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.columns)
    }

    /// Squared Euclidean distance of two rows, from their differences.
    pub(crate) fn squared(&self, a: usize, b: usize) -> f64 {
        self.row(a).iter().zip(self.row(b)).map(|(a, b)| (a - b) * (a - b)).sum()
    }
}
