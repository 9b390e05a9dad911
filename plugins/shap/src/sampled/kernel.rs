use eyepatch_kernels::coalition::Coalitions;
use rand_core::RngCore;

use super::exact::{EXACT_PLAYERS, exact};
use super::shapley::{Ends, Sampling, Shapley, check_players, settled};
use super::solve::{Cholesky, below};
use crate::game::play_sets;
use crate::{Error, Game};

/// The largest number of players that [`kernel`] takes: its matrix has that many rows and columns.
pub const KERNEL_PLAYERS: usize = 2048;

/// Pairs drawn between two looks at a target, at least.
const FEWEST: usize = 32;

/// Shapley values by weighted least squares over sampled coalitions: Kernel SHAP (Lundberg & Lee 2017, theorem 2) with
/// paired sampling, as in Covert & Lee 2021. Coalitions of s of p players are drawn from `rng` in
/// proportion to (p - 1) / (s (p - s)), each with its complement; the sum of values is held to output - base. Where the
/// budget covers all `2^p` coalitions of at most [`EXACT_PLAYERS`] players, the values are exact.
///
/// A pair z, 1 - z is one observation of the values' sum over z: the mean of f(z) - f(none) and f(all) - f(1 - z). Standard errors
/// come from the observations' residuals and hold for unequal variances (White 1980, with n / (n - p + 1)).
///
/// # Errors
/// [`Error::Players`] for none or more than [`KERNEL_PLAYERS`], [`Error::Budget`] below `2 * players` evaluations,
/// [`Error::Singular`] where what was drawn does not determine the values, wrong outputs, and what the game says.
pub fn kernel<G: Game<Coalitions>>(
    game: &mut G,
    sampling: Sampling,
    rng: &mut impl RngCore,
) -> Result<Shapley, G::Error> {
    let Sampling { players, evaluations, target } = sampling;
    check_players("Kernel SHAP", players, KERNEL_PLAYERS)?;
    if players <= EXACT_PLAYERS && evaluations >= 1 << players {
        return exact(game, players);
    }
    let needed = 2 * players;
    if evaluations < needed {
        let what = format!("Kernel SHAP of {players} players");
        return Err(Error::Budget { evaluations, what, needed }.into());
    }
    let ends = Ends::play(game, players)?;
    let mut fit = Fit::new(players, &ends);
    let (most, stride) = ((evaluations - 2) / 2, FEWEST.max(players));
    loop {
        let pairs = if target.is_some() { stride.min(most - fit.rows.len()) } else { most };
        fit.draw(game, pairs, &ends, rng)?;
        let done = fit.rows.len() == most;
        let solution = match fit.solve() {
            Some(solution) => solution,
            None if done => return Err(Error::Singular { pairs: most, players }.into()),
            None => continue,
        };
        let settled = target
            .zip(solution.errors.as_ref())
            .is_some_and(|(target, errors)| settled(&solution.values, errors, game.classes(), target));
        if done || settled {
            let evaluations = 2 + 2 * fit.rows.len();
            let Solution { values, errors } = solution;
            return Ok(Shapley {
                players,
                values,
                errors,
                base: ends.base,
                output: ends.output,
                evaluations,
            });
        }
    }
}

/// The regression, with the last player's value put as what the others leave: `players - 1` unknowns.
struct Fit {
    players: usize,
    gains: Vec<f64>,
    /// Each observation's coefficients, -1, 0 or 1.
    rows: Vec<Vec<i8>>,
    /// Observations x classes.
    seen: Vec<f64>,
    /// Lower triangle of the normal equations.
    normal: Vec<f64>,
}

struct Solution {
    values: Vec<f64>,
    errors: Option<Vec<f64>>,
}

impl Fit {
    fn new(players: usize, ends: &Ends) -> Self {
        let n = players - 1;
        Self { players, gains: ends.gains(), rows: Vec::new(), seen: Vec::new(), normal: vec![0.0; n * n] }
    }

    /// Draws pairs, asks for their outputs and adds them to the equations.
    fn draw<G: Game<Coalitions>>(
        &mut self,
        game: &mut G,
        pairs: usize,
        ends: &Ends,
        rng: &mut impl RngCore,
    ) -> Result<(), G::Error> {
        let classes = self.gains.len();
        let drawn = draw(self.players, pairs, rng);
        let sets = Coalitions::from_fn(2 * pairs, self.players, |row, player| {
            drawn[row / 2][player] != (row % 2 == 1)
        });
        let mut outputs = Vec::new();
        play_sets(game, &sets, &mut outputs)?;
        for (z, outputs) in drawn.iter().zip(outputs.chunks_exact(2 * classes)) {
            let (with, without) = outputs.split_at(classes);
            let last = z[self.players - 1];
            let row: Vec<i8> = z[..self.players - 1].iter().map(|&z| i8::from(z) - i8::from(last)).collect();
            for class in 0..classes {
                let sum = 0.5 * (with[class] - ends.base[class] + ends.output[class] - without[class]);
                self.seen.push(sum - if last { self.gains[class] } else { 0.0 });
            }
            self.add(&row);
            self.rows.push(row);
        }
        Ok(())
    }

    fn add(&mut self, row: &[i8]) {
        for (i, (&a, normal)) in row.iter().zip(self.normal.chunks_exact_mut(row.len())).enumerate() {
            if a != 0 {
                normal.iter_mut().zip(&row[..=i]).for_each(|(sum, &b)| *sum += f64::from(a * b));
            }
        }
    }

    /// The values and their errors; `None` where the equations do not determine them.
    fn solve(&self) -> Option<Solution> {
        let (n, classes) = (self.players - 1, self.gains.len());
        let factor = Cholesky::new(n, self.normal.clone())?;
        let free: Vec<Vec<f64>> = (0..classes)
            .map(|class| {
                let mut x = vec![0.0; n];
                for (row, seen) in self.rows.iter().zip(self.seen.iter().skip(class).step_by(classes)) {
                    x.iter_mut().zip(row).for_each(|(x, &a)| *x += f64::from(a) * seen);
                }
                factor.solve(&mut x);
                x
            })
            .collect();
        let last = |class: usize| self.gains[class] - free[class].iter().sum::<f64>();
        let value = |i: usize, class: usize| if i < n { free[class][i] } else { last(class) };
        let values = (0..self.players * classes).map(|k| value(k / classes, k % classes)).collect();
        let errors = (self.rows.len() > n).then(|| self.errors(&factor.inverse(), &free));
        Some(Solution { values, errors })
    }

    fn errors(&self, inverse: &[f64], free: &[Vec<f64>]) -> Vec<f64> {
        let (n, classes) = (self.players - 1, self.gains.len());
        let mut squares = vec![0.0; self.players * classes];
        for (row, seen) in self.rows.iter().zip(self.seen.chunks_exact(classes)) {
            // How far this observation alone moves each value, for a residual of 1.
            let mut pull = vec![0.0; self.players];
            for (&a, column) in row.iter().zip(inverse.chunks_exact(n)).filter(|(a, _)| **a != 0) {
                pull.iter_mut().zip(column).for_each(|(pull, v)| *pull += f64::from(a) * v);
            }
            pull[n] = -pull[..n].iter().sum::<f64>();
            let residual = |class: usize| {
                seen[class] - row.iter().zip(&free[class]).map(|(&a, x)| f64::from(a) * x).sum::<f64>()
            };
            let residuals: Vec<f64> = (0..classes).map(residual).collect();
            for (squares, pull) in squares.chunks_exact_mut(classes).zip(&pull) {
                squares.iter_mut().zip(&residuals).for_each(|(sum, e)| *sum += (pull * e).powi(2));
            }
        }
        let rows = self.rows.len() as f64;
        squares.into_iter().map(|s| (s * rows / (rows - n as f64)).sqrt()).collect()
    }
}

/// Random coalitions, neither empty nor full.
fn draw(players: usize, n: usize, rng: &mut impl RngCore) -> Vec<Vec<bool>> {
    let weight = |s: usize| 1.0 / (s * (players - s)) as f64;
    let total: f64 = (1..players).map(weight).sum();
    let mut order: Vec<usize> = (0..players).collect();
    let mut one = || {
        let mut left = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64 * total;
        let size = (1..players - 1).find(|&s| {
            left -= weight(s);
            left < 0.0
        });
        let size = size.unwrap_or(players - 1);
        let mut z = vec![false; players];
        for i in 0..size {
            order.swap(i, i + below(players - i, rng));
            z[order[i]] = true;
        }
        z
    };
    (0..n).map(|_| one()).collect()
}
