//! Who plays: the parts of an image that are shown and hidden as one.

mod choose;
mod grid;
mod regions;
mod segmentation;
mod slic;

pub use choose::Players;
pub use segmentation::Segmentation;
pub use slic::superpixels;
