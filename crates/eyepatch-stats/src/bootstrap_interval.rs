//! Intervals of cells and of their contrasts from bootstrap replicates.

use serde::{Deserialize, Serialize};

use crate::jackknife::acceleration;
use crate::{Bootstrap, NotEstimable, StatsError, normal_cdf, normal_quantile};

/// How an interval is read off replicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BootstrapMethod {
    /// The replicates' quantiles.
    Percentile,
    /// Quantiles corrected for bias and skewness: Efron, "Better bootstrap confidence intervals", Journal of the American
    /// Statistical Association 82 (1987), with the acceleration from leaving out one patient at a time.
    Bca,
}

/// An interval from bootstrap replicates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BootstrapInterval {
    /// The estimate from the study itself.
    pub estimate: f64,
    /// Standard deviation of the replicates.
    pub se: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Coverage, for instance 0.95.
    pub level: f64,
    /// How the ends were read off.
    pub method: BootstrapMethod,
    /// Replicates that have a value.
    pub n_replicates: usize,
    /// Replicates without one: a fold lacked a class.
    pub n_failed: usize,
}

impl Bootstrap {
    /// The cells' mean AUCs, in the order given.
    #[must_use]
    pub fn estimates(&self) -> &[f64] {
        &self.estimates
    }

    /// The replicates of a contrast of cells: the sum of weight x mean AUC of the cell at that position. NaN where a fold lacks
    /// a class. `None` for a position that is not there.
    #[must_use]
    pub fn replicates(&self, terms: &[(f64, usize)]) -> Option<Vec<f64>> {
        combined(&self.replicates, terms)
    }

    /// The two-sided interval of a contrast of cells, of coverage `level`.
    ///
    /// # Errors
    /// [`StatsError::NoTerms`] without terms; [`StatsError::OutOfRange`] for a position that is not there or unless 0 < `level` <
    /// 1; [`NotEstimable::FewReplicates`] where less than half of the replicates have a value; [`NotEstimable::NoJackknife`] for
    /// BCa where a fold has a class of one patient only.
    pub fn interval(
        &self,
        terms: &[(f64, usize)],
        level: f64,
        method: BootstrapMethod,
    ) -> Result<BootstrapInterval, StatsError> {
        if !(level > 0.0 && level < 1.0) {
            return Err(StatsError::OutOfRange { name: "level", range: "between 0 and 1", found: level });
        }
        if terms.is_empty() {
            return Err(StatsError::NoTerms);
        }
        if let Some((_, cell)) = terms.iter().find(|(_, cell)| *cell >= self.estimates.len()) {
            return Err(StatsError::OutOfRange {
                name: "cell",
                range: "one of the cells",
                found: *cell as f64,
            });
        }
        let estimate = terms.iter().map(|(w, cell)| w * self.estimates[*cell]).sum();
        let mut values = combined(&self.replicates, terms).unwrap_or_default();
        let all = values.len();
        values.retain(|v| !v.is_nan());
        if 2 * values.len() < all || values.is_empty() {
            return Err(NotEstimable::FewReplicates { failed: all - values.len(), replicates: all }.into());
        }
        values.sort_unstable_by(f64::total_cmp);
        let ends = [(1.0 - level) / 2.0, f64::midpoint(1.0, level)];
        let [low, high] = match method {
            BootstrapMethod::Percentile => ends,
            BootstrapMethod::Bca => {
                let jackknife = combined(&self.jackknife, terms).unwrap_or_default();
                corrected(ends, estimate, &values, acceleration(&jackknife, &self.strata)?)
            }
        };
        Ok(BootstrapInterval {
            estimate,
            se: deviation(&values),
            lower: quantile(&values, low),
            upper: quantile(&values, high),
            level,
            method,
            n_replicates: values.len(),
            n_failed: all - values.len(),
        })
    }
}

/// Sums over cells, value by value.
fn combined(of_cells: &[Vec<f64>], terms: &[(f64, usize)]) -> Option<Vec<f64>> {
    let mut sum = vec![0.0; of_cells.first()?.len()];
    for (weight, cell) in terms {
        for (sum, value) in sum.iter_mut().zip(of_cells.get(*cell)?) {
            *sum += weight * value;
        }
    }
    Some(sum)
}

/// BCa's shares of sorted `values` for nominal `ends`. Replicates equal to the estimate count one half as below it. Where all
/// lie on one side of the estimate the bias has no measure, and the ends stay.
pub(crate) fn corrected(ends: [f64; 2], estimate: f64, values: &[f64], acceleration: f64) -> [f64; 2] {
    // Sums over cells round, so what should be equal may differ in the last bits.
    let slack = 1e-12;
    let below = values.partition_point(|v| *v < estimate - slack);
    let up_to = values.partition_point(|v| *v <= estimate + slack);
    let bias = normal_quantile((below + up_to) as f64 / (2 * values.len()) as f64);
    if !bias.is_finite() {
        return ends;
    }
    ends.map(|end| {
        let z = bias + normal_quantile(end);
        normal_cdf(bias + z / (1.0 - acceleration * z))
    })
}

/// The quantile of sorted values at a share, linear between neighbours (Hyndman and Fan's type 7, NumPy's default).
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let at = share.clamp(0.0, 1.0) * (values.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(values.len() - 1);
    values[below] + (at - at.floor()) * (values[above] - values[below])
}

fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (squares / (n - 1.0).max(1.0)).sqrt()
}
