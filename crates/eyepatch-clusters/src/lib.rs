//! Strategies in a set of attribution maps: principal components, k-means and DBSCAN on rows of numbers, a row a map
//! (Lapuschkin et al., "Unmasking Clever Hans predictors", Nature Communications 10, 2019, cluster maps to find
//! them).
//!
//! A crate of its own because linfa and what it brings take half a minute of processor time to build, and nothing that
//! only measures maps should wait for it. All is seeded, and the same at any number of threads.

mod clusters;
mod density;
mod eigen;
mod error;
mod kmeans;
mod members;
mod pca;
mod rows;
mod silhouette;

pub use clusters::{Cluster, Clustering, Clusters, Partition};
pub use density::{Density, Neighbourhood, density};
pub use error::ClusterError;
pub use kmeans::{KMeans, k_means};
pub use pca::{Components, principal_components};
pub use rows::Rows;
pub use silhouette::silhouettes;

#[cfg(test)]
mod tests;
