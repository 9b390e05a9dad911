#![doc = include_str!("../README.md")]

mod baseline;
mod error;
mod explain;
mod game;
mod partition;
mod players;
mod sampled;

pub use baseline::{Baseline, box_blur};
pub use error::Error;
pub use explain::{Explanation, PlayerValues, ShapKernel, ShapPartition, ShapPermutation};
pub use game::Game;
pub use partition::{Block, Canvas, Owen, PartitionSettings, Shown, partition};
pub use players::{Players, Segmentation, superpixels};
pub use sampled::{EXACT_PLAYERS, KERNEL_PLAYERS, Sampling, Shapley, exact, kernel, permutation};
