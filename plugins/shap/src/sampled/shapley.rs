use eyepatch_kernels::coalition::Coalitions;

use crate::game::play_sets;
use crate::{Error, Game};

/// How a sampling method spends its evaluations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Number of players, at least 1.
    pub players: usize,
    /// Largest number of evaluations.
    pub evaluations: usize,
    /// Stop early once the largest standard error of a class's values is at most this share of their range (the rule of
    /// Covert & Lee 2021), for every class; `None` spends all evaluations.
    pub target: Option<f64>,
}

/// Shapley values of numbered players.
#[derive(Debug, Clone, PartialEq)]
pub struct Shapley {
    /// Number of players.
    pub players: usize,
    /// Players x classes.
    pub values: Vec<f64>,
    /// Standard errors, players x classes: 0 where the values are exact, `None` where there were too few draws to tell.
    pub errors: Option<Vec<f64>>,
    /// Output without any player, one a class.
    pub base: Vec<f64>,
    /// Output with all of them, one a class.
    pub output: Vec<f64>,
    /// Evaluations used.
    pub evaluations: usize,
}

impl Shapley {
    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.base.len()
    }

    /// One class's values, one a player. `class` is below [`Shapley::classes`].
    #[must_use]
    pub fn of(&self, class: usize) -> Vec<f64> {
        self.values.iter().skip(class).step_by(self.classes()).copied().collect()
    }

    /// `output - base - sum of values` of a class.
    ///
    /// # Panics
    /// For a class that is not there.
    #[must_use]
    pub fn additivity_error(&self, class: usize) -> f64 {
        self.output[class] - self.base[class] - self.of(class).iter().sum::<f64>()
    }
}

/// Outputs without any player and with all of them.
pub(super) struct Ends {
    pub(super) base: Vec<f64>,
    pub(super) output: Vec<f64>,
}

impl Ends {
    pub(super) fn play<G: Game<Coalitions>>(game: &mut G, players: usize) -> Result<Self, G::Error> {
        let mut outputs = Vec::new();
        play_sets(game, &Coalitions::from_fn(2, players, |row, _| row == 1), &mut outputs)?;
        let output = outputs.split_off(game.classes());
        Ok(Self { base: outputs, output })
    }

    /// What one player alone, or all of them together, add: output - base.
    pub(super) fn gains(&self) -> Vec<f64> {
        self.output.iter().zip(&self.base).map(|(output, base)| output - base).collect()
    }

    /// The result where a game's only player gets all.
    pub(super) fn of_one(self) -> Shapley {
        let values = self.gains();
        let errors = Some(vec![0.0; values.len()]);
        Shapley { players: 1, values, errors, base: self.base, output: self.output, evaluations: 2 }
    }
}

/// Whether every class's largest error is at most `target` of the range of its values.
pub(super) fn settled(values: &[f64], errors: &[f64], classes: usize, target: f64) -> bool {
    (0..classes).all(|class| {
        let of = |all: &[f64]| all.iter().skip(class).step_by(classes).copied().collect::<Vec<f64>>();
        let largest = |all: Vec<f64>| all.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let range = largest(of(values)) + largest(of(values).into_iter().map(|v| -v).collect());
        largest(of(errors)) <= target * range
    })
}

pub(super) fn check_players(what: &'static str, found: usize, limit: usize) -> Result<(), Error> {
    if (1..=limit).contains(&found) { Ok(()) } else { Err(Error::Players { what, found, limit }) }
}
