//! The patient bootstrap of many AUCs at once.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use rayon::prelude::*;

use crate::influence::gather;
use crate::jackknife::left_out;
use crate::presorted::{LANES, Presorted, Weights};
use crate::{FoldScores, StatsError};

/// Replicates of the mean within-fold AUC of many cells, such as every training masking evaluated on every evaluation
/// masking, in which patients were drawn anew.
///
/// Patients are drawn with replacement, with all their images, within strata: those with a positive image and those without,
/// and among them those that lie in the same folds. So every replicate has as many patients of each kind as the study. Replicate
/// r of all cells is made of the same draw (common random numbers): differences between cells are paired.
///
/// The replicates give intervals. p-values come from the clustered test ([`crate::contrast`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    /// The cells' mean AUCs.
    pub(crate) estimates: Vec<f64>,
    /// One a cell, and in it one a replicate; NaN where a fold lacks a class.
    pub(crate) replicates: Vec<Vec<f64>>,
    /// One a cell, and in it one a patient: the mean AUC without that patient; NaN where a fold then lacks a class.
    pub(crate) jackknife: Vec<Vec<f64>>,
    /// The stratum of each patient.
    pub(crate) strata: Vec<usize>,
}

/// Draws `replicates` bootstrap samples of patients and evaluates every cell on each. A cell is the scores of one or more folds,
/// as [`crate::AucInfluence::new`] takes them; all cells draw from the same patients. The result depends on `seed`, never on the
/// number of threads. O(rows) a cell and replicate, after one sort a cell.
///
/// # Errors
/// [`StatsError::NoTerms`] without cells; [`StatsError::OutOfRange`] without replicates, or where the patients times the most
/// images of one reach 2^31; for a cell as [`crate::AucInfluence::new`].
pub fn bootstrap<P: Ord + Sync>(
    cells: &[Vec<FoldScores<'_, P>>],
    replicates: usize,
    seed: u64,
) -> Result<Bootstrap, StatsError> {
    if cells.is_empty() {
        return Err(StatsError::NoTerms);
    }
    if replicates == 0 {
        return Err(StatsError::OutOfRange { name: "replicates", range: "at least 1", found: 0.0 });
    }
    let estimates = cells
        .par_iter()
        .map(|folds| Ok(gather(folds, None)?.auc()))
        .collect::<Result<Vec<_>, StatsError>>()?;
    let patients = Patients::new(cells);
    patients.check_size(cells)?;
    let sorted: Vec<Presorted> =
        cells.par_iter().map(|folds| Presorted::new(folds, &patients.index)).collect();
    let jackknife =
        cells.par_iter().map(|folds| left_out(folds, &patients.index)).collect::<Result<Vec<_>, _>>()?;
    let blocks: Vec<Vec<[f64; LANES]>> = (0..replicates.div_ceil(LANES))
        .into_par_iter()
        .map_init(
            || Weights::new(patients.strata.len()),
            |weights, block| {
                patients.draw(weights, seed, (block * LANES) as u64);
                sorted.iter().map(|cell| cell.mean_aucs(weights)).collect()
            },
        )
        .collect();
    let of_cell = |cell: usize| {
        let values = blocks.iter().flat_map(|block| block[cell]);
        values.take(replicates).collect()
    };
    let replicates = (0..cells.len()).map(of_cell).collect();
    Ok(Bootstrap { estimates, replicates, jackknife, strata: patients.strata })
}

/// The patients of all cells, numbered in their order.
struct Patients<'a, P> {
    index: BTreeMap<&'a P, usize>,
    strata: Vec<usize>,
    /// The patients of each stratum.
    members: Vec<Vec<usize>>,
}

impl<'a, P: Ord> Patients<'a, P> {
    fn new(cells: &[Vec<FoldScores<'a, P>>]) -> Self {
        let mut kinds: BTreeMap<&P, (bool, Vec<usize>)> = BTreeMap::new();
        for fold in cells.iter().flatten() {
            for (patient, label) in fold.patients.iter().zip(fold.labels) {
                let (positive, folds) = kinds.entry(patient).or_default();
                *positive |= label;
                if let Err(at) = folds.binary_search(&fold.fold) {
                    folds.insert(at, fold.fold);
                }
            }
        }
        let mut numbers: BTreeMap<&(bool, Vec<usize>), usize> =
            kinds.values().map(|kind| (kind, 0)).collect();
        for (number, (_, stratum)) in numbers.iter_mut().enumerate() {
            *stratum = number;
        }
        let strata: Vec<usize> = kinds.values().map(|kind| numbers[kind]).collect();
        let mut members = vec![Vec::new(); numbers.len()];
        for (patient, &stratum) in strata.iter().enumerate() {
            members[stratum].push(patient);
        }
        Self { index: kinds.keys().enumerate().map(|(i, p)| (*p, i)).collect(), strata, members }
    }

    /// Weights of a fold's images are added up in 32 bits: no draw may weigh 2^31.
    fn check_size(&self, cells: &[Vec<FoldScores<'a, P>>]) -> Result<(), StatsError> {
        let images_of_one = |fold: &FoldScores<'a, P>| {
            let mut counts = vec![0_usize; self.strata.len()];
            fold.patients.iter().for_each(|p| counts[self.index[p]] += 1);
            counts.into_iter().max().unwrap_or(0)
        };
        let most = cells.iter().flatten().map(images_of_one).max().unwrap_or(0);
        let found = self.strata.len() as f64 * most as f64;
        let range = "below 2^31";
        if found < 2.0_f64.powi(31) {
            return Ok(());
        }
        Err(StatsError::OutOfRange { name: "patients x images of one patient", range, found })
    }

    /// How often each patient is drawn in `LANES` replicates from `first` on; each has a random stream of its own.
    fn draw(&self, weights: &mut Weights, seed: u64, first: u64) {
        weights.clear();
        for lane in 0..LANES {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(first + lane as u64);
            for members in &self.members {
                for _ in members {
                    weights.add(members[below(&mut rng, members.len())], lane);
                }
            }
        }
    }
}

/// A whole number below `n`, all equally likely: Lemire, "Fast random integer generation in an interval", ACM Transactions on
/// Modeling and Computer Simulation 29 (2019). `n` from 1 to 2^32.
pub(crate) fn below(rng: &mut impl RngCore, n: usize) -> usize {
    let n = n as u64;
    let mut product = u64::from(rng.next_u32()) * n;
    if (product & 0xffff_ffff) < n {
        let uneven = (1_u64 << 32) % n;
        while (product & 0xffff_ffff) < uneven {
            product = u64::from(rng.next_u32()) * n;
        }
    }
    (product >> 32) as usize
}

#[cfg(test)]
#[path = "bootstrap_tests.rs"]
mod tests;
