//! Made-up patients and scores whose true AUC is known.

use eyepatch_stats::{AucInfluence, FoldScores, StatsError, normal_quantile};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

/// What a study looks like. A third of the patients have positive images.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Design {
    /// Patients with a positive image; twice as many have none.
    pub(crate) smaller: usize,
    /// Images of every patient.
    pub(crate) images: usize,
    /// Correlation between two scores of one patient, beyond what the label makes of it.
    pub(crate) rho: f64,
    /// Whether the images of a patient of the smaller class are positive and negative by turns, positive first.
    pub(crate) mixed: bool,
}

/// Images in order of patient.
pub(crate) struct Cohort {
    pub(crate) design: Design,
    pub(crate) labels: Vec<bool>,
    pub(crate) patients: Vec<u32>,
}

impl Cohort {
    pub(crate) fn new(design: Design) -> Self {
        let all = 0..3 * design.smaller;
        let images = all.flat_map(|p| (0..design.images).map(move |i| (p, i)));
        let label = |(p, i): (usize, usize)| p < design.smaller && (!design.mixed || i % 2 == 0);
        Self {
            design,
            labels: images.clone().map(label).collect(),
            patients: images.map(|(p, _)| p as u32).collect(),
        }
    }

    /// Noise of several models, each of variance 1: `rho` of it is the patient's, the rest the image's, and `shared` of either
    /// is the same for all models.
    pub(crate) fn noise(&self, draws: &mut Draws, models: usize, shared: f64) -> Vec<Vec<f64>> {
        let rho = if self.design.images == 1 { 0.0 } else { self.design.rho };
        let mut noise = vec![Vec::with_capacity(self.labels.len()); models];
        for _ in 0..3 * self.design.smaller {
            let own = if rho > 0.0 { draws.alike(models, shared) } else { vec![0.0; models] };
            for _ in 0..self.design.images {
                for ((noise, own), image) in noise.iter_mut().zip(&own).zip(draws.alike(models, shared)) {
                    noise.push(rho.sqrt() * own + (1.0 - rho).sqrt() * image);
                }
            }
        }
        noise
    }

    /// Raises the scores of positive images so that a positive and a negative image of different patients make `auc`.
    pub(crate) fn raise(&self, scores: &mut [f64], auc: f64) {
        let by = std::f64::consts::SQRT_2 * normal_quantile(auc);
        for (score, _) in scores.iter_mut().zip(&self.labels).filter(|(_, label)| **label) {
            *score += by;
        }
    }

    pub(crate) fn influence(&self, scores: &[f64]) -> Result<AucInfluence<u32>, StatsError> {
        AucInfluence::new(&[self.fold(scores)])
    }

    pub(crate) fn fold<'a>(&'a self, scores: &'a [f64]) -> FoldScores<'a, u32> {
        FoldScores { fold: 0, labels: &self.labels, scores, patients: &self.patients }
    }
}

/// The random numbers of one run: they follow from the numbers of condition and run, so threads do not matter.
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    pub(crate) fn new(condition: usize, run: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1997);
        rng.set_stream(((condition as u64) << 32) | run as u64);
        Self(rng)
    }

    /// Uniform in the open interval from 0 to 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }

    /// Normal numbers of variance 1 and correlation `shared`.
    fn alike(&mut self, n: usize, shared: f64) -> Vec<f64> {
        let common = if shared > 0.0 { shared.sqrt() * self.normal() } else { 0.0 };
        (0..n).map(|_| common + (1.0 - shared).sqrt() * self.normal()).collect()
    }
}
