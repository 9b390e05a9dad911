//! What a statistic of a map would be if the map had nothing to do with the image.

mod draws;
mod moved;
mod reference;

pub use draws::NullTest;
pub use moved::{MovedNull, Moves};
pub use reference::{ReferenceTest, reference_test};

#[cfg(test)]
mod tests;
