//! t-SNE (van der Maaten & Hinton, Journal of Machine Learning Research 9, 2008) by Barnes and Hut's tree (van der
//! Maaten, ibid. 15, 2014).
//!
//! Ours, and not linfa-tsne's (0.8): bhtsne 0.4 below it draws vantage points from the thread's generator, so no seed
//! repeats a map. On the benchmark's 1000 rows two maps of one seed had divergences of 1.232 and 1.238 (ours 1.135,
//! scikit-learn's 1.148).

mod affinities;
mod calibrate;
mod descent;
mod divergence;
mod forces;
mod start;
mod tree;

use serde::{Deserialize, Serialize};

use crate::error::{at_least, within};
use crate::{EmbeddingError, Points};

pub use divergence::kl_divergence;

/// How a map is made. The defaults are scikit-learn's, but for the perplexity, which is the study's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Tsne {
    /// Neighbours that count, effectively: 2 to the entropy in bits of each row's neighbourhood; 1 or more, below the
    /// rows less one.
    pub perplexity: f64,
    /// Steps in all, 1 or more.
    pub steps: usize,
    /// The first steps, in which attraction is multiplied by `exaggeration`, with a momentum of 0.5; later 0.8.
    pub early: usize,
    /// 1 or more.
    pub exaggeration: f64,
    /// `None` for rows / `exaggeration` / 4, at least 50 (Belkina et al., Nature Communications 10, 2019).
    pub learning_rate: Option<f64>,
    /// A cell of the tree whose side is below this part of its distance counts as one point; 0 (exact) to 0.7.
    pub angle: f64,
    /// Decides only where rows lie on one line, or all are the same: what their map lacks is drawn.
    pub seed: u64,
}

impl Default for Tsne {
    /// Perplexity 10, 1000 steps, 250 of them exaggerated 12 times, angle 0.5.
    fn default() -> Self {
        Self {
            perplexity: 10.0,
            steps: 1000,
            early: 250,
            exaggeration: 12.0,
            learning_rate: None,
            angle: 0.5,
            seed: 0,
        }
    }
}

/// A map of two dimensions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TsneMap {
    /// Each row's place.
    pub places: Vec<[f64; 2]>,
    /// Neighbours of a row that attract it: 3 times the perplexity and one, or all.
    pub neighbours: usize,
    /// The learning rate that was taken.
    pub learning_rate: f64,
}

impl TsneMap {
    /// The map as rows of two numbers, for [`crate::trustworthiness`] and [`kl_divergence`].
    ///
    /// # Errors
    /// None for what [`Tsne::map`] gives; otherwise as [`Points::new`].
    pub fn points(&self) -> Result<Points, EmbeddingError> {
        Points::owned(self.places.iter().flatten().copied().collect(), self.places.len(), 2)
    }
}

impl Tsne {
    /// Maps rows. It starts from the two first principal components, brought to a standard deviation of 1e-4 on the
    /// first. The same bits at any number of threads.
    ///
    /// # Errors
    /// [`EmbeddingError::TooFew`] below 3 rows; [`EmbeddingError::OutOfRange`]; [`EmbeddingError::Diverged`];
    /// [`EmbeddingError::Components`].
    pub fn map(&self, points: &Points) -> Result<TsneMap, EmbeddingError> {
        self.check(points.len())?;
        let neighbours = ((3.0 * self.perplexity + 1.0) as usize).min(points.len() - 1);
        let p = affinities::Affinities::new(&crate::nearest(points, neighbours)?, self.perplexity);
        let default = (points.len() as f64 / self.exaggeration / 4.0).max(50.0);
        let learning_rate = self.learning_rate.unwrap_or(default);
        let places = descent::descend(self, &p, start::start(points, self.seed)?, learning_rate)?;
        Ok(TsneMap { places, neighbours, learning_rate })
    }

    fn check(&self, rows: usize) -> Result<(), EmbeddingError> {
        at_least("rows", 3, rows)?;
        check_perplexity(self.perplexity, rows)?;
        within("steps", "1 or more", self.steps as f64, self.steps > 0)?;
        let (e, a) = (self.exaggeration, self.angle);
        within("exaggeration", "1 or more and finite", e, e.is_finite() && e >= 1.0)?;
        // Up to 1 / sqrt(2) no cell that holds a point is far from it.
        within("angle", "0 to 0.7", a, (0.0..=0.7).contains(&a))?;
        let rate = self.learning_rate.unwrap_or(1.0);
        within("learning_rate", "above 0 and finite", rate, rate.is_finite() && rate > 0.0)
    }
}

fn check_perplexity(perplexity: f64, rows: usize) -> Result<(), EmbeddingError> {
    let most = rows.saturating_sub(1) as f64;
    within(
        "perplexity",
        format!("1 or more, and below {most}"),
        perplexity,
        perplexity >= 1.0 && perplexity < most,
    )
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
