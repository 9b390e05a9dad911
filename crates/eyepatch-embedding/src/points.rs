use std::ops::Deref;

use eyepatch_clusters::{ClusterError, Rows};

use crate::EmbeddingError;

/// Rows of finite numbers whose squared distances are finite, too, one an image: embeddings, or a map of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Points(Rows);

impl Deref for Points {
    type Target = Rows;

    fn deref(&self) -> &Rows {
        &self.0
    }
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
        let rows = Rows::new(values, columns).map_err(|e| match e {
            ClusterError::NotFinite { row, column } => EmbeddingError::NotFinite { row, column },
            other => other.into(),
        })?;
        if let Some(i) = rows.values().iter().position(|v| v.abs() > LARGEST) {
            return Err(EmbeddingError::TooLarge { row: i / columns, column: i % columns });
        }
        Ok(Self(rows))
    }

    /// Squared Euclidean distance of two rows, from their differences.
    pub(crate) fn squared(&self, a: usize, b: usize) -> f64 {
        self.row(a).iter().zip(self.row(b)).map(|(a, b)| (a - b) * (a - b)).sum()
    }
}
