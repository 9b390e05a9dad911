//! What explainers do with a black-box model: show it an image with some segments ("players") replaced by a
//! background, for many sets of shown players ("coalitions"), and add up what each player changed.

mod bits;
mod images;
mod marginal;

pub use bits::Coalitions;
pub use images::{Ids, Segments, composite};
pub use marginal::{Pair, Pairs, add_signed};

#[cfg(test)]
mod tests;
