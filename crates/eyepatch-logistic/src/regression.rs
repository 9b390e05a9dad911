use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression as Linfa;
use ndarray::{Array1, Array2};

use crate::{Features, FittedLogistic, LogisticError};

/// How a regression is fitted: the least sum over rows of log(1 + exp(-logit)) (of the row's own class) + |coefficients|^2 / (2 `c`),
/// scikit-learn's `LogisticRegression(C=c)` behind its `StandardScaler`. The intercept is not penalised.
///
/// The search starts from zeros and draws nothing, so the same rows give the same bits on one machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogisticRegression {
    /// Inverse strength of the penalty, above 0.
    pub c: f64,
    /// Iterations of L-BFGS at most.
    pub max_iterations: u64,
    /// What the largest component of the gradient of the mean loss may be at the end, above 0.
    pub tolerance: f64,
}

impl Default for LogisticRegression {
    /// `c` 1, at most 1,000 iterations to a gradient of 1e-6.
    fn default() -> Self {
        Self { c: 1.0, max_iterations: 1_000, tolerance: 1e-6 }
    }
}

impl LogisticRegression {
    /// Fits a regression of two classes.
    ///
    /// # Errors
    /// [`LogisticError`]: labels of one class or another number, values too large, a setting out of range, no convergence.
    pub fn fit(&self, features: Features<'_>, labels: &[bool]) -> Result<FittedLogistic, LogisticError> {
        self.check(features, labels)?;
        let (means, scales) = features.standardisation()?;
        let standardised: Vec<f64> = features
            .iter()
            .flat_map(|row| {
                row.iter().zip(means.iter().zip(&scales)).map(|(v, (mean, scale))| (v - mean) / scale)
            })
            .collect();
        let (rows, columns) = (features.rows(), features.columns());
        let shape = |e: ndarray::ShapeError| LogisticError::Solver(e.to_string());
        let x = Array2::from_shape_vec((rows, columns), standardised).map_err(shape)?;
        let data = DatasetBase::new(x, Array1::from(labels.to_vec()));
        // Its gradient is that of the sum and is measured by its length. What it reaches is measured below.
        let fitted = Linfa::default()
            .alpha(1.0 / self.c)
            .max_iterations(self.max_iterations)
            .gradient_tolerance(self.tolerance * 1e-3 * rows as f64)
            .fit(&data)
            .map_err(|e| LogisticError::Solver(e.to_string()))?;
        // It gives out its coefficients for the class that it calls positive, which is the larger one.
        let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
        let fitted = FittedLogistic {
            intercept: sign * fitted.intercept(),
            coefficients: fitted.params().iter().map(|w| sign * w).collect(),
            means,
            scales,
        };
        let gradient = self.gradient(data.records(), labels, &fitted);
        // A NaN is no convergence either.
        if gradient <= self.tolerance {
            return Ok(fitted);
        }
        Err(LogisticError::NotConverged {
            iterations: self.max_iterations,
            gradient,
            tolerance: self.tolerance,
        })
    }

    fn check(&self, features: Features<'_>, labels: &[bool]) -> Result<(), LogisticError> {
        for (name, found) in [("c", self.c), ("tolerance", self.tolerance)] {
            if !(found > 0.0 && found.is_finite()) {
                return Err(LogisticError::OutOfRange { name, range: "above 0", found });
            }
        }
        if features.rows() != labels.len() {
            return Err(LogisticError::LabelCount { rows: features.rows(), labels: labels.len() });
        }
        match labels.iter().filter(|l| **l).count() {
            positives if positives == 0 || positives == labels.len() => {
                Err(LogisticError::OneClass { positive: positives > 0, n: labels.len() })
            }
            _ => Ok(()),
        }
    }

    /// The largest component, in size, of the gradient of the mean loss.
    fn gradient(&self, standardised: &Array2<f64>, labels: &[bool], fitted: &FittedLogistic) -> f64 {
        let mut gradient: Vec<f64> = fitted.coefficients.iter().map(|w| w / self.c).collect();
        let mut of_intercept = 0.0;
        for (row, &label) in standardised.rows().into_iter().zip(labels) {
            let logit: f64 = row.iter().zip(&fitted.coefficients).map(|(v, w)| v * w).sum();
            let rest = 1.0 / (1.0 + (-logit - fitted.intercept).exp()) - f64::from(u8::from(label));
            of_intercept += rest;
            gradient.iter_mut().zip(row).for_each(|(g, v)| *g += rest * v);
        }
        let largest = gradient
            .iter()
            .chain([&of_intercept])
            .fold(0.0_f64, |m, g| if g.is_nan() { f64::NAN } else { m.max(g.abs()) });
        largest / labels.len() as f64
    }
}

#[cfg(test)]
#[path = "regression_tests.rs"]
mod tests;
