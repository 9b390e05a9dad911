//! Shapley values of numbered players: exact, by permutations, by weighted least squares.

mod exact;
mod kernel;
mod permutation;
mod shapley;
mod solve;

pub use exact::{EXACT_PLAYERS, exact};
pub use kernel::{KERNEL_PLAYERS, kernel};
pub use permutation::permutation;
pub use shapley::{Sampling, Shapley};
