use serde::{Deserialize, Serialize};

use crate::error::within;
use crate::{MapsError, NotEstimable};

/// A statistic held against draws of it under a null hypothesis; large values speak against the hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NullTest {
    /// The statistic of the map itself.
    pub statistic: f64,
    /// Mean of the draws.
    pub mean: f64,
    /// The draws' quantile at `level`: the ceil(`level` (n + 1))-th smallest, so that a statistic lies above it
    /// exactly where `p` is at most 1 - `level`.
    pub quantile: f64,
    /// Where the quantile is taken, for instance 0.95.
    pub level: f64,
    /// One-sided: (r + 1) / (n + 1), where r of n draws are at least as large (Phipson & Smyth, Statistical
    /// Applications in Genetics and Molecular Biology 9, 2010).
    pub p: f64,
    /// Number of draws n.
    pub draws: usize,
}

impl NullTest {
    /// Holds `statistic` against `draws`, in any order.
    ///
    /// # Errors
    /// [`MapsError::OutOfRange`] unless 0 < `level` < 1, [`MapsError::NotFinite`], and [`NotEstimable::TooFew`] where
    /// so few draws have no such quantile: 19 are the fewest for 0.95.
    pub fn new(statistic: f64, draws: &[f64], level: f64) -> Result<Self, MapsError> {
        let sorted = Sorted::new(draws, level)?;
        if !statistic.is_finite() {
            return Err(MapsError::NotFinite { what: "the statistic", index: 0 });
        }
        Ok(Self {
            statistic,
            mean: draws.iter().sum::<f64>() / draws.len() as f64,
            quantile: sorted.quantile,
            level,
            p: sorted.p(statistic),
            draws: draws.len(),
        })
    }

    /// Whether the statistic lies above the quantile.
    #[must_use]
    pub fn exceeds(&self) -> bool {
        self.statistic > self.quantile
    }
}

/// Draws in their order, and their quantile.
pub(super) struct Sorted {
    values: Vec<f64>,
    pub(super) quantile: f64,
}

impl Sorted {
    pub(super) fn new(draws: &[f64], level: f64) -> Result<Self, MapsError> {
        within("level", "between 0 and 1", level, level > 0.0 && level < 1.0)?;
        if let Some(index) = draws.iter().position(|v| !v.is_finite()) {
            return Err(MapsError::NotFinite { what: "the draw", index });
        }
        // 0.95 x 20 is a little more than 19 in binary.
        let rank = |n: usize| (level * (n + 1) as f64 - 1e-9).ceil().max(1.0) as usize;
        if rank(draws.len()) > draws.len() {
            let needed = (draws.len()..).find(|n| rank(*n) <= *n).unwrap_or(usize::MAX);
            return Err(NotEstimable::TooFew { what: "draws".into(), n: draws.len(), needed }.into());
        }
        let mut values = draws.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        let quantile = values[rank(draws.len()) - 1];
        Ok(Self { values, quantile })
    }

    pub(super) fn p(&self, statistic: f64) -> f64 {
        let as_large = self.values.len() - self.values.partition_point(|v| *v < statistic);
        (as_large + 1) as f64 / (self.values.len() + 1) as f64
    }
}
