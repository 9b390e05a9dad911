use eyepatch_kernels::coalition::Coalitions;

use super::shapley::{Shapley, check_players};
use crate::Game;
use crate::game::play_sets;

/// The largest number of players that [`exact`] takes: 65,536 evaluations.
pub const EXACT_PLAYERS: usize = 16;

/// Coalitions asked for at a time; what is kept of them is small.
const STRETCH: usize = 1024;

/// Shapley values by enumeration of all `2^players` coalitions (Shapley 1953; Lundberg & Lee 2017, eq. 4): a coalition of
/// s of p players counts (s-1)! (p-s)! / p! for those in it, and -s! (p-s-1)! / p! for the others.
///
/// # Errors
/// [`crate::Error::Players`] for none or more than [`EXACT_PLAYERS`], wrong outputs, and what the game says.
pub fn exact<G: Game<Coalitions>>(game: &mut G, players: usize) -> Result<Shapley, G::Error> {
    check_players("exact enumeration", players, EXACT_PLAYERS)?;
    let (classes, all) = (game.classes(), 1usize << players);
    let weights = weights(players);
    let mut values = vec![0.0; players * classes];
    let (mut base, mut output) = (Vec::new(), Vec::new());
    for start in (0..all).step_by(STRETCH) {
        let rows = STRETCH.min(all - start);
        let sets = Coalitions::from_fn(rows, players, |row, player| (start + row) >> player & 1 == 1);
        let mut outputs = Vec::new();
        play_sets(game, &sets, &mut outputs)?;
        for (row, outputs) in outputs.chunks_exact(classes).enumerate() {
            add(start + row, outputs, &weights, &mut values);
        }
        if start == 0 {
            base = outputs[..classes].to_vec();
        }
        output = outputs[outputs.len() - classes..].to_vec();
    }
    let errors = Some(vec![0.0; values.len()]);
    Ok(Shapley { players, values, errors, base, output, evaluations: all })
}

/// Adds one coalition, a bit a player, to everybody's values.
fn add(set: usize, outputs: &[f64], weights: &[(f64, f64)], values: &mut [f64]) {
    let (shown, hidden) = weights[set.count_ones() as usize];
    for (player, values) in values.chunks_exact_mut(outputs.len()).enumerate() {
        let weight = if set >> player & 1 == 1 { shown } else { -hidden };
        values.iter_mut().zip(outputs).for_each(|(value, output)| *value += weight * output);
    }
}

/// For coalitions of 0 to `players`: what those in it count, and those outside.
fn weights(players: usize) -> Vec<(f64, f64)> {
    let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
    let ratio = |a: usize, b: usize| factorial(a) * factorial(b) / factorial(players);
    let one = |s: usize| {
        let shown = if s > 0 { ratio(s - 1, players - s) } else { 0.0 };
        let hidden = if s < players { ratio(s, players - s - 1) } else { 0.0 };
        (shown, hidden)
    };
    (0..=players).map(one).collect()
}
