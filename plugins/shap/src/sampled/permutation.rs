use eyepatch_kernels::coalition::Coalitions;
use rand_core::RngCore;

use super::shapley::{Ends, Sampling, Shapley, check_players, settled};
use super::solve::below;
use crate::game::play_sets;
use crate::{Error, Game};

/// The largest number of players: an antithetic pair takes twice as many evaluations.
const PLAYERS: usize = 1 << 20;

/// Pairs of permutations before a target can stop the sampling: fewer tell too little of the standard error.
const FEWEST: usize = 8;

/// Shapley values by permutation sampling (Strumbelj & Kononenko 2014, algorithm 1) in antithetic pairs: an order of the
/// players, drawn from `rng`, and the same order backwards (antithetic sampling; Mitchell et al. 2022), as
/// shap's `PermutationExplainer` walks them. A pair takes `2 (players - 1)` evaluations, and the two ends are evaluated once. Values add up
/// by construction. The standard error is that of the mean over pairs.
///
/// # Errors
/// [`Error::Players`] without players, [`Error::Budget`] where not one pair fits, wrong outputs, and what the game says.
pub fn permutation<G: Game<Coalitions>>(
    game: &mut G,
    sampling: Sampling,
    rng: &mut impl RngCore,
) -> Result<Shapley, G::Error> {
    let Sampling { players, evaluations, target } = sampling;
    check_players("permutation SHAP", players, PLAYERS)?;
    let needed = if players == 1 { 2 } else { 2 * players };
    if evaluations < needed {
        let what = format!("permutation SHAP of {players} players");
        return Err(Error::Budget { evaluations, what, needed }.into());
    }
    let ends = Ends::play(game, players)?;
    if players == 1 {
        return Ok(ends.of_one());
    }
    let each = 2 * (players - 1);
    let most = (evaluations - 2) / each;
    let mut moments = Moments::new(players * game.classes());
    // Without a target, as many pairs at a time as fill a batch.
    let stride = if target.is_some() { 1 } else { game.batch().div_ceil(each).max(1) };
    while moments.pairs < most {
        let pairs = stride.min(most - moments.pairs);
        let orders: Vec<Vec<u32>> = (0..pairs).map(|_| order(players, rng)).collect();
        walk(game, &orders, &ends, &mut moments)?;
        if target.is_some_and(|target| moments.settled(game.classes(), target)) {
            break;
        }
    }
    Ok(Shapley {
        players,
        errors: moments.errors(),
        evaluations: 2 + moments.pairs * each,
        values: moments.means,
        base: ends.base,
        output: ends.output,
    })
}

/// A random order of the players (Fisher and Yates).
fn order(players: usize, rng: &mut impl RngCore) -> Vec<u32> {
    let mut order: Vec<u32> = (0..players as u32).collect();
    for i in (1..players).rev() {
        order.swap(i, below(i + 1, rng));
    }
    order
}

/// Evaluates both directions of all orders and adds each pair's mean contributions.
fn walk<G: Game<Coalitions>>(
    game: &mut G,
    orders: &[Vec<u32>],
    ends: &Ends,
    moments: &mut Moments,
) -> Result<(), G::Error> {
    let (players, classes) = (orders[0].len(), game.classes());
    let steps = players - 1;
    let ranks: Vec<Vec<usize>> = orders.iter().map(|order| ranks(order)).collect();
    // Row `2 pair` forwards, `2 pair + 1` backwards; step `k` shows the first `k + 1` of its direction.
    let sets = Coalitions::from_fn(orders.len() * 2 * steps, players, |row, player| {
        let (chain, shown) = (row / steps, row % steps + 1);
        let rank = ranks[chain / 2][player];
        if chain % 2 == 0 { rank < shown } else { players - 1 - rank < shown }
    });
    let mut outputs = Vec::new();
    play_sets(game, &sets, &mut outputs)?;
    let chains = outputs.chunks_exact(steps * classes).collect::<Vec<_>>();
    for (order, chains) in orders.iter().zip(chains.chunks_exact(2)) {
        let mut gains = vec![0.0; players * classes];
        let backwards: Vec<u32> = order.iter().rev().copied().collect();
        for (order, chain) in [(order, chains[0]), (&backwards, chains[1])] {
            contributions(order, chain, ends, &mut gains);
        }
        moments.add(&gains);
    }
    Ok(())
}

/// The place of each player in an order.
fn ranks(order: &[u32]) -> Vec<usize> {
    let mut ranks = vec![0; order.len()];
    order.iter().enumerate().for_each(|(rank, &player)| ranks[player as usize] = rank);
    ranks
}

/// Adds half of what each player of a chain changed as it came in.
fn contributions(order: &[u32], chain: &[f64], ends: &Ends, gains: &mut [f64]) {
    let classes = ends.base.len();
    let after = chain.chunks_exact(classes).chain([ends.output.as_slice()]);
    let before = [ends.base.as_slice()].into_iter().chain(chain.chunks_exact(classes));
    for ((&player, before), after) in order.iter().zip(before).zip(after) {
        let gains = &mut gains[player as usize * classes..][..classes];
        for ((gain, before), after) in gains.iter_mut().zip(before).zip(after) {
            *gain += 0.5 * (after - before);
        }
    }
}

/// Running means and squared deviations (Welford 1962).
struct Moments {
    pairs: usize,
    means: Vec<f64>,
    squares: Vec<f64>,
}

impl Moments {
    fn new(n: usize) -> Self {
        Self { pairs: 0, means: vec![0.0; n], squares: vec![0.0; n] }
    }

    fn add(&mut self, gains: &[f64]) {
        self.pairs += 1;
        let n = self.pairs as f64;
        for ((mean, square), gain) in self.means.iter_mut().zip(&mut self.squares).zip(gains) {
            let off = gain - *mean;
            *mean += off / n;
            *square += off * (gain - *mean);
        }
    }

    fn errors(&self) -> Option<Vec<f64>> {
        let n = self.pairs as f64;
        (self.pairs > 1).then(|| self.squares.iter().map(|s| (s / (n - 1.0) / n).sqrt()).collect())
    }

    fn settled(&self, classes: usize, target: f64) -> bool {
        let errors = if self.pairs < FEWEST { None } else { self.errors() };
        errors.is_some_and(|errors| settled(&self.means, &errors, classes, target))
    }
}
