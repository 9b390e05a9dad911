use crate::LogisticError;

/// A table of finite numbers, row after row; a row a sample.
#[derive(Debug, Clone, Copy)]
pub struct Features<'a> {
    values: &'a [f64],
    columns: usize,
}

impl<'a> Features<'a> {
    /// `values.len() / columns` rows of `columns` numbers.
    ///
    /// # Errors
    /// [`LogisticError::Empty`], [`LogisticError::Shape`], [`LogisticError::NotFinite`].
    pub fn new(values: &'a [f64], columns: usize) -> Result<Self, LogisticError> {
        if values.is_empty() || columns == 0 {
            return Err(LogisticError::Empty);
        }
        if !values.len().is_multiple_of(columns) {
            return Err(LogisticError::Shape { values: values.len(), columns });
        }
        match values.iter().position(|v| !v.is_finite()) {
            Some(i) => Err(LogisticError::NotFinite { row: i / columns, column: i % columns }),
            None => Ok(Self { values, columns }),
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a [f64]> {
        self.values.chunks_exact(self.columns)
    }

    /// Mean and standard deviation (over n, as scikit-learn's `StandardScaler`) of every column; 1 for that of a column of one value.
    pub(crate) fn standardisation(&self) -> Result<(Vec<f64>, Vec<f64>), LogisticError> {
        let n = self.rows() as f64;
        let (mut means, mut scales) = (vec![0.0; self.columns], vec![0.0; self.columns]);
        for row in self.iter() {
            means.iter_mut().zip(row).for_each(|(mean, v)| *mean += v / n);
        }
        let first = &self.values[..self.columns];
        let mut constant = vec![true; self.columns];
        for row in self.iter() {
            for (j, v) in row.iter().enumerate() {
                scales[j] += (v - means[j]).powi(2) / n;
                constant[j] &= *v == first[j];
            }
        }
        for j in 0..self.columns {
            (means[j], scales[j]) = if constant[j] { (first[j], 1.0) } else { (means[j], scales[j].sqrt()) };
            if !means[j].is_finite() || !scales[j].is_normal() {
                return Err(LogisticError::TooLarge { column: j });
            }
        }
        Ok((means, scales))
    }
}
