//! What a logistic curve would have to change in probabilities so that they agree with the outcomes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::reliability::{check_probabilities, outcome};
use crate::{NotEstimable, StatsError, normal_quantile};

/// A coefficient, its standard error between patients and its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// The most likely value.
    pub estimate: f64,
    /// Its standard error: the sandwich over patients, times I / (I - 1) for I of them.
    pub se: f64,
    /// Lower end of the two-sided normal interval.
    pub lower: f64,
    /// Upper end of the two-sided normal interval.
    pub upper: f64,
}

/// Logistic recalibration (Cox, Biometrika 45, 1958): logit P(positive) = intercept + slope logit(p).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recalibration {
    /// 1 where calibrated; below 1 the probabilities are too extreme (overfitting), above 1 too timid.
    pub slope: Coefficient,
    /// The intercept beside that slope; 0 where calibrated.
    pub intercept: Coefficient,
    /// Calibration in the large: the intercept where the slope is held at 1; above 0 the probabilities are too low on the
    /// whole.
    pub in_the_large: Coefficient,
    /// Coverage of the intervals, for instance 0.95.
    pub level: f64,
    /// Different patients.
    pub n_patients: usize,
}

/// Slope and intercept of probabilities, by maximum likelihood without any penalty.
///
/// Standard errors are clustered (Liang and Zeger, Biometrika 73, 1986): the scores of a patient's images are summed before
/// they are squared, and the whole is multiplied by I / (I - 1). statsmodels' `cov_type="cluster"` multiplies by
/// (N - 1) / (N - K) besides.
///
/// # Errors
/// [`StatsError::NotEstimable`] where a probability is NaN, below 0, above 1, or exactly 0 or 1; where all are the same; where the
/// classes do not overlap; where a class or every patient but one is missing; where lengths differ.
/// [`StatsError::OutOfRange`] unless 0 < `level` < 1.
pub fn recalibration<P: Ord>(
    labels: &[bool],
    probabilities: &[f64],
    patients: &[P],
    level: f64,
) -> Result<Recalibration, StatsError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::OutOfRange { name: "level", range: "between 0 and 1", found: level });
    }
    let logits = logits(labels, probabilities)?;
    if patients.len() != labels.len() {
        let (labels, found) = (labels.len(), patients.len());
        return Err(NotEstimable::LengthMismatch { what: "patients".into(), labels, found }.into());
    }
    let mut numbers = BTreeMap::new();
    for patient in patients {
        let next = numbers.len();
        numbers.entry(patient).or_insert(next);
    }
    let n_patients = numbers.len();
    if n_patients < 2 {
        return Err(NotEstimable::TooFew { what: "patients".into(), n: n_patients, needed: 2 }.into());
    }
    let patients: Vec<usize> = patients.iter().map(|p| numbers[p]).collect();
    let data = Data { labels, logits: &logits, patients: &patients, n_patients };
    let z = normal_quantile(0.5 + level / 2.0);
    let coefficient = |estimate: f64, variance: f64| {
        let se = variance.max(0.0).sqrt();
        Coefficient { estimate, se, lower: estimate - z * se, upper: estimate + z * se }
    };
    let (both, covariance) = data.fit(true);
    let (alone, variance) = data.fit(false);
    Ok(Recalibration {
        intercept: coefficient(both[0], covariance[0]),
        slope: coefficient(both[1], covariance[1]),
        in_the_large: coefficient(alone[0], variance[0]),
        level,
        n_patients,
    })
}

/// The logits, of which a slope can be had.
fn logits(labels: &[bool], probabilities: &[f64]) -> Result<Vec<f64>, NotEstimable> {
    check_probabilities(labels, probabilities)?;
    if let Some(index) = probabilities.iter().position(|p| *p == 0.0 || *p == 1.0) {
        return Err(NotEstimable::InfiniteLogit { index });
    }
    if labels.iter().all(|l| *l == labels[0]) {
        return Err(NotEstimable::OneClass { positive: labels[0], n: labels.len() });
    }
    let logits: Vec<f64> = probabilities.iter().map(|p| p.ln() - (-p).ln_1p()).collect();
    if logits.iter().all(|x| *x == logits[0]) {
        return Err(NotEstimable::Constant { what: "probabilities".into() });
    }
    let range = |wanted: bool| {
        let of = labels.iter().zip(&logits).filter(|(l, _)| **l == wanted).map(|(_, x)| *x);
        of.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
    };
    let (positive, negative) = (range(true), range(false));
    // One touching value is not enough: the likelihood still grows with the slope.
    if positive.0 >= negative.1 || negative.0 >= positive.1 {
        return Err(NotEstimable::Separated);
    }
    Ok(logits)
}

struct Data<'a> {
    labels: &'a [bool],
    logits: &'a [f64],
    /// Numbers from 0 on.
    patients: &'a [usize],
    n_patients: usize,
}

/// Gradient and (negative) second derivatives: of the intercept, of the slope and of both.
#[derive(Clone, Copy)]
struct Curve {
    gradient: [f64; 2],
    hessian: [f64; 3],
}

impl Data<'_> {
    /// Intercept and slope (held at 1 unless `slope`), and their clustered variances.
    fn fit(&self, slope: bool) -> ([f64; 2], [f64; 2]) {
        // Logits far from 0 flatten the likelihood there, so the search starts at their middle, without a slope.
        let share = self.labels.iter().filter(|l| **l).count() as f64 / self.labels.len() as f64;
        let mut at = if slope { [(share / (1.0 - share)).ln(), 0.0] } else { [self.offset(share), 1.0] };
        let far = self.logits.iter().fold(1.0_f64, |far, x| far.max(x.abs()));
        // Newton's method on a concave function with its maximum inside, each step halved until it goes up. Few are needed.
        for _ in 0..200 {
            let step = self.curve(at).newton(slope);
            if step[0].abs() + step[1].abs() * far < 1e-3 {
                break;
            }
            at = self.up(at, step);
        }
        // Here a step squares the error, which the likelihood's last bits no longer show.
        for _ in 0..4 {
            let step = self.curve(at).newton(slope);
            at = [at[0] + step[0], at[1] + step[1]];
        }
        (at, self.clustered(at, slope))
    }

    /// The longest of the step, its half, its quarter, ... that does not make the labels less likely.
    fn up(&self, at: [f64; 2], step: [f64; 2]) -> [f64; 2] {
        let value = self.log_likelihood(at);
        let lengths = std::iter::successors(Some(1.0), |l| Some(l / 2.0)).take(60);
        lengths
            .map(|l| [at[0] + l * step[0], at[1] + l * step[1]])
            .find(|there| self.log_likelihood(*there) >= value)
            .unwrap_or(at)
    }

    /// Where an intercept alone is looked for: the mean logit moved to the share of positives.
    fn offset(&self, share: f64) -> f64 {
        (share / (1.0 - share)).ln() - self.logits.iter().sum::<f64>() / self.logits.len() as f64
    }

    fn log_likelihood(&self, [a, b]: [f64; 2]) -> f64 {
        let one = |(label, x): (&bool, &f64)| {
            let t = if *label { a + b * x } else { -(a + b * x) };
            t.min(0.0) - (-t.abs()).exp().ln_1p()
        };
        self.labels.iter().zip(self.logits).map(one).sum()
    }

    fn curve(&self, [a, b]: [f64; 2]) -> Curve {
        let mut curve = Curve { gradient: [0.0; 2], hessian: [0.0; 3] };
        for (&label, &x) in self.labels.iter().zip(self.logits) {
            let p = logistic(a + b * x);
            let (rest, weight) = (outcome(label) - p, p * (1.0 - p));
            curve.gradient[0] += rest;
            curve.gradient[1] += rest * x;
            curve.hessian[0] += weight;
            curve.hessian[1] += weight * x * x;
            curve.hessian[2] += weight * x;
        }
        curve
    }

    /// The diagonal of H^-1 (sum over patients of g g') H^-1, times I / (I - 1).
    fn clustered(&self, at: [f64; 2], slope: bool) -> [f64; 2] {
        let mut sums = vec![[0.0; 2]; self.n_patients];
        for ((&label, &x), &patient) in self.labels.iter().zip(self.logits).zip(self.patients) {
            let rest = outcome(label) - logistic(at[0] + at[1] * x);
            sums[patient][0] += rest;
            sums[patient][1] += rest * x;
        }
        let curve = self.curve(at);
        let n = self.n_patients as f64;
        let mut variance = [0.0; 2];
        for gradient in sums {
            let moved = Curve { gradient, ..curve }.newton(slope);
            variance[0] += moved[0].powi(2);
            variance[1] += moved[1].powi(2);
        }
        variance.map(|v| v * n / (n - 1.0))
    }
}

impl Curve {
    /// H^-1 g; of the intercept alone unless `slope`.
    fn newton(&self, slope: bool) -> [f64; 2] {
        let ([g, h], [aa, bb, ab]) = (self.gradient, self.hessian);
        if !slope {
            return [g / aa, 0.0];
        }
        let determinant = aa * bb - ab * ab;
        [(bb * g - ab * h) / determinant, (aa * h - ab * g) / determinant]
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
#[path = "recalibration_tests.rs"]
mod tests;
