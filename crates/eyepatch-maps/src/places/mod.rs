//! Where an image's attribution lies: the places of an image by its ROI, the shares of attribution in them, and the
//! pointing game.

mod partition;
mod pointing;
mod shares;

pub use partition::{Around, Place, PlaceRule, Places};
pub use pointing::{Pointing, pointing};
pub use shares::{PlaceShare, PlaceShares, PlaceWeights};

#[cfg(test)]
mod tests;
