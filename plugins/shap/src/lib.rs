#![doc = include_str!("../README.md")]

mod baseline;
mod error;
mod game;
mod partition;

pub use baseline::box_blur;
pub use error::Error;
pub use game::Game;
pub use partition::{Block, Canvas, Owen, PartitionSettings, Shown, partition};
