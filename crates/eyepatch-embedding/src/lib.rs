//! What a network's embeddings say: how far a masking moves them, what they part, and a map of them to look at.
//!
//! Pure functions over [`Points`] (one row an image), seeds and names in, numbers or a typed refusal out. All is the
//! same at any number of threads.
//!
//! - [`Tsne`]: a map of two dimensions, with its Kullback-Leibler divergence from the exact P and its
//!   [`trustworthiness`]; it says why not linfa-tsne's;
//! - [`to_full`], [`to_others`], [`to_noise`]: cosine similarities, [`by_class`] their means over patients;
//! - [`silhouette`], [`purity`]: how far groups (maskings, labels, cameras) lie apart;
//! - [`discrepancy`]: whether two groups are distributed alike, with a permutation test over patients.

mod discrepancy;
mod distances;
mod error;
mod neighbours;
mod points;
mod purity;
mod silhouette;
mod similarity;
mod summary;
mod trustworthiness;
pub mod tsne;

pub use discrepancy::{Discrepancy, DiscrepancyTest, discrepancy};
pub use error::EmbeddingError;
pub use neighbours::{Neighbours, nearest};
pub use points::Points;
pub use purity::{Purity, purity};
pub use silhouette::{Silhouette, silhouette};
pub use similarity::{to_full, to_noise, to_others};
pub use summary::{Class, Similarity, by_class};
pub use trustworthiness::trustworthiness;
pub use tsne::{Tsne, TsneMap};

#[cfg(test)]
mod golden;
