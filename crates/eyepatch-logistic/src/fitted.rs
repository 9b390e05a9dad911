use serde::{Deserialize, Serialize};

use crate::{Features, LogisticError};

/// A fitted regression: logit P(positive) = intercept + sum of coefficient x (feature - mean) / scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedLogistic {
    /// The logit where every feature is at its mean.
    pub intercept: f64,
    /// One a column: the change of the logit by one standard deviation.
    pub coefficients: Vec<f64>,
    /// Mean of each column in training.
    pub means: Vec<f64>,
    /// Standard deviation of each column in training; 1 where it has one value only.
    pub scales: Vec<f64>,
}

impl FittedLogistic {
    /// The logit of each row.
    ///
    /// # Errors
    /// [`LogisticError::ColumnCount`].
    pub fn logits(&self, features: Features<'_>) -> Result<Vec<f64>, LogisticError> {
        let (expected, found) = (self.coefficients.len(), features.columns());
        if expected != found {
            return Err(LogisticError::ColumnCount { expected, found });
        }
        let logit = |row: &[f64]| {
            let terms = row.iter().zip(&self.coefficients).zip(self.means.iter().zip(&self.scales));
            self.intercept + terms.map(|((v, c), (mean, scale))| c * ((v - mean) / scale)).sum::<f64>()
        };
        Ok(features.iter().map(logit).collect())
    }

    /// The probability of each row to be positive.
    ///
    /// # Errors
    /// As [`FittedLogistic::logits`].
    pub fn probabilities(&self, features: Features<'_>) -> Result<Vec<f64>, LogisticError> {
        Ok(self.logits(features)?.into_iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect())
    }
}
