//! Permutation tests whose units are patients.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use rayon::prelude::*;

use crate::auc::in_order;
use crate::bootstrap::below;
use crate::label_draws::images_by_patient;
use crate::{LabelDraws, NotEstimable, StatsError, auc};

/// What permuted data say of a statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PermutationTest {
    /// The statistic of the data as they are: an AUC, or a difference of two.
    pub statistic: f64,
    /// Two-sided p, (1 + hits) / (1 + permutations), where a hit lies as far from the null value as the statistic does or farther
    /// (Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9, 2010). Never 0.
    pub p: f64,
    /// Permutations drawn.
    pub permutations: usize,
}

/// Whether scores tell the label at all: "scores and labels are independent", tested through |AUC - 0.5|.
///
/// Labels are permuted as [`LabelDraws`] has it: images of one patient may depend on each other in any way that is the same for
/// all patients.
///
/// # Errors
/// As [`auc`]; [`StatsError::OutOfRange`] without permutations.
pub fn permute_labels<P: Ord>(
    labels: &[bool],
    scores: &[f64],
    patients: &[P],
    permutations: usize,
    seed: u64,
) -> Result<PermutationTest, StatsError> {
    let statistic = auc(labels, scores)?;
    at_least_one(permutations)?;
    let draws = LabelDraws::new(labels, patients)?;
    let ranks = half_ranks(scores);
    let far = (statistic - 0.5).abs();
    let hit = |rng: &mut ChaCha8Rng| {
        let drawn = draws.next(rng);
        // Labels of patients with unequally many images may leave one class empty: nothing is told then.
        (auc_of_ranks(&ranks, &drawn).unwrap_or(0.5) - 0.5).abs() >= far - SLACK
    };
    Ok(run(statistic, permutations, seed, hit))
}

/// Whether two models tell the label equally well: "a patient's scores might as well have come from the other model", tested
/// through |AUC of `first` - AUC of `second`|. The two change places in all images of a patient at once, or in none.
///
/// Scores of two models have scales of their own, so their ranks among all images change places (Venkatraman and Begg,
/// Biometrika 83, 1996). Identical scores give p = 1.
///
/// # Errors
/// As [`auc`]; [`StatsError::OutOfRange`] without permutations.
pub fn swap_scores<P: Ord>(
    labels: &[bool],
    first: &[f64],
    second: &[f64],
    patients: &[P],
    permutations: usize,
    seed: u64,
) -> Result<PermutationTest, StatsError> {
    let statistic = auc(labels, first)? - auc(labels, second)?;
    at_least_one(permutations)?;
    let images = images_by_patient(labels, patients)?;
    let ranks = [half_ranks(first), half_ranks(second)];
    let hit = |rng: &mut ChaCha8Rng| {
        let mut drawn = ranks.clone();
        for own in &images {
            if below(rng, 2) == 1 {
                for &i in own {
                    (drawn[0][i], drawn[1][i]) = (drawn[1][i], drawn[0][i]);
                }
            }
        }
        let [one, other] = [0, 1].map(|k| auc_of_ranks(&drawn[k], labels).unwrap_or(0.5));
        (one - other).abs() >= statistic.abs() - SLACK
    };
    Ok(run(statistic, permutations, seed, hit))
}

/// AUCs are right to about 1e-16; permutations that give the same statistic are hits.
const SLACK: f64 = 1e-12;

fn run(
    statistic: f64,
    permutations: usize,
    seed: u64,
    hit: impl Fn(&mut ChaCha8Rng) -> bool + Sync,
) -> PermutationTest {
    let one = |number: &usize| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(*number as u64);
        hit(&mut rng)
    };
    let hits = (0..permutations).into_par_iter().filter(one).count();
    PermutationTest { statistic, p: (1 + hits) as f64 / (1 + permutations) as f64, permutations }
}

fn at_least_one(permutations: usize) -> Result<(), StatsError> {
    if permutations == 0 {
        return Err(StatsError::OutOfRange { name: "permutations", range: "at least 1", found: 0.0 });
    }
    Ok(())
}

/// Of each score twice the number of lower ones plus the number of equal others: twice its rank from 0 on, ties shared.
fn half_ranks(scores: &[f64]) -> Vec<usize> {
    let order = in_order(scores);
    let mut ranks = vec![0; scores.len()];
    let mut lower = 0;
    for run in order.chunk_by(|a, b| a.0 == b.0) {
        run.iter().for_each(|(_, i)| ranks[*i] = 2 * lower + run.len() - 1);
        lower += run.len();
    }
    ranks
}

/// The AUC of half ranks, counted in O(n) by rank.
fn auc_of_ranks(ranks: &[usize], labels: &[bool]) -> Result<f64, NotEstimable> {
    let mut at = vec![[0_u64; 2]; 2 * ranks.len()];
    for (rank, label) in ranks.iter().zip(labels) {
        at[*rank][usize::from(*label)] += 1;
    }
    let (mut negatives, mut half_wins) = (0_u64, 0_u128);
    for [n, p] in &at {
        half_wins += u128::from(*p) * u128::from(2 * negatives + n);
        negatives += n;
    }
    let positives = labels.len() as u64 - negatives;
    if positives == 0 || negatives == 0 {
        return Err(NotEstimable::OneClass { positive: negatives == 0, n: labels.len() });
    }
    Ok(half_wins as f64 / (2.0 * positives as f64 * negatives as f64))
}

#[cfg(test)]
#[path = "permutation_tests.rs"]
mod tests;
