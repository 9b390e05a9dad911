use serde::{Deserialize, Serialize};

use crate::members::representatives;
use crate::{
    ClusterError, Components, Density, KMeans, Neighbourhood, Rows, density, k_means, principal_components,
    silhouettes,
};

/// How rows are clustered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Clustering {
    /// Principal components at most, 1 or more.
    pub components: usize,
    /// Smallest number of clusters that is tried, 2 or more.
    pub fewest: usize,
    /// Largest number that is tried; no more than rows less one.
    pub most: usize,
    /// Starts of k-means, 1 or more.
    pub starts: usize,
    /// Where the starts come from.
    pub seed: u64,
    /// For DBSCAN.
    pub neighbourhood: Neighbourhood,
    /// Representatives of a cluster, at most.
    pub representatives: usize,
}

impl Default for Clustering {
    /// 10 components, 2 to 8 clusters, 10 starts, 5 representatives.
    fn default() -> Self {
        Self {
            components: 10,
            fewest: 2,
            most: 8,
            starts: 10,
            seed: 0,
            neighbourhood: Neighbourhood::default(),
            representatives: 5,
        }
    }
}

/// What k-means found with one number of clusters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Partition {
    /// Number of clusters.
    pub k: usize,
    /// Mean silhouette of the rows.
    pub silhouette: f64,
    /// Sum of squared distances to the clusters' means, on the components.
    pub inertia: f64,
}

/// One cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cluster {
    /// Its rows, in order.
    pub members: Vec<usize>,
    /// Mean silhouette of its rows.
    pub silhouette: f64,
    /// The rows nearest to its medoid, the medoid first.
    pub representatives: Vec<usize>,
}

/// Strategies in a set of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Clusters {
    /// The principal components on which all else was done.
    pub components: Components,
    /// Rows on the components, row after row: `rows` x `components.explained.len()`.
    pub coordinates: Vec<f64>,
    /// Each row's cluster by k-means.
    pub groups: Vec<usize>,
    /// Each row's silhouette.
    pub silhouettes: Vec<f64>,
    /// Their mean.
    pub silhouette: f64,
    /// The clusters, the largest first.
    pub clusters: Vec<Cluster>,
    /// All numbers of clusters that were tried and could be told.
    pub tried: Vec<Partition>,
    /// What DBSCAN finds on the same components.
    pub density: Density,
}

impl Clusters {
    /// Whether the clusters are more than a cut through one cloud: a mean silhouette above 0.25 (Kaufman & Rousseeuw,
    /// "Finding groups in data", 1990, read less as "no substantial structure"). k-means always finds clusters; below
    /// this they name no strategies.
    #[must_use]
    pub fn substantial(&self) -> bool {
        self.silhouette > 0.25
    }
}

impl Clustering {
    /// Principal components, then k-means with the number of clusters of the largest mean silhouette (of equal ones
    /// the smallest), and DBSCAN beside it.
    ///
    /// # Errors
    /// [`ClusterError::TooFew`] for fewer than `fewest` + 1 rows or DBSCAN's `min_points`;
    /// [`ClusterError::Constant`]; [`ClusterError::NoClusters`]; [`ClusterError::OutOfRange`];
    /// [`ClusterError::Solver`].
    pub fn run(&self, rows: &Rows) -> Result<Clusters, ClusterError> {
        if self.fewest < 2 || self.most < self.fewest {
            let (name, range) = ("fewest", "2 or more, and at most `most`");
            return Err(ClusterError::OutOfRange { name, range, found: self.fewest as f64 });
        }
        let needed = (self.fewest + 1).max(self.neighbourhood.min_points);
        if rows.len() < needed {
            return Err(ClusterError::TooFew { rows: rows.len(), needed });
        }
        let components = principal_components(rows, self.components)?;
        let coordinates = components.project(rows)?;
        let (tried, best) = self.partitions(&coordinates)?;
        let found = silhouettes(&coordinates, &best.groups);
        let count = best.groups.iter().max().map_or(0, |g| g + 1);
        Ok(Clusters {
            silhouette: mean(found.iter().copied()),
            clusters: (0..count).map(|g| self.cluster(&coordinates, &best.groups, &found, g)).collect(),
            density: density(&coordinates, self.neighbourhood)?,
            components,
            coordinates: coordinates.values().to_vec(),
            groups: best.groups,
            silhouettes: found,
            tried,
        })
    }

    fn partitions(&self, rows: &Rows) -> Result<(Vec<Partition>, KMeans), ClusterError> {
        let (mut tried, mut best): (Vec<Partition>, Option<(f64, KMeans)>) = (Vec::new(), None);
        for k in self.fewest..=self.most.min(rows.len() - 1) {
            let Some(found) = k_means(rows, k, self.starts, self.seed)? else { continue };
            let silhouette = mean(silhouettes(rows, &found.groups).into_iter());
            tried.push(Partition { k, silhouette, inertia: found.inertia });
            if best.as_ref().is_none_or(|(largest, _)| silhouette > *largest) {
                best = Some((silhouette, found));
            }
        }
        let (_, best) = best.ok_or(ClusterError::NoClusters { k: self.fewest })?;
        Ok((tried, best))
    }

    fn cluster(&self, rows: &Rows, groups: &[usize], silhouettes: &[f64], group: usize) -> Cluster {
        let members: Vec<usize> = (0..rows.len()).filter(|i| groups[*i] == group).collect();
        Cluster {
            silhouette: mean(members.iter().map(|i| silhouettes[*i])),
            representatives: representatives(rows, &members, self.representatives),
            members,
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0_usize), |(sum, n), v| (sum + v, n + 1));
    sum / n.max(1) as f64
}
