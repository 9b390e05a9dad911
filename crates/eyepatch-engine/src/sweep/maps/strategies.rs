//! Maps that are alike: strategies that the model uses (Lapuschkin et al. 2019 cluster maps to find them).

use eyepatch_clusters::{Cluster, ClusterError, Clustering, Rows};
use eyepatch_core::Seed;
use eyepatch_maps::summary::{Frame, Scale};
use eyepatch_maps::{MapsError, NotEstimable};
use eyepatch_report::schema::{MapCluster, MapExample};

use super::assemble::Measured;
use super::draw;
use crate::Result;
use crate::data::RowSet;
use crate::sweep::gallery::Drawer;

/// Maps are compared in a frame of as many rows and columns.
const SIDE: usize = 16;
/// Clusters at most, and examples shown of each.
const MOST: usize = 5;
const SHOWN: usize = 2;

/// The clusters, and what the reader must know of them: why there are none, or that they are not clear.
pub(super) type Strategies = (Vec<MapCluster>, Option<String>);

/// Groups the maps of one class. `training` holds their images.
pub(super) fn strategies(
    drawer: &mut Drawer,
    class: &str,
    training: &RowSet,
    images: &[Measured<'_>],
    seed: &Seed,
) -> Result<Strategies> {
    let mut used = Vec::new();
    let mut values = Vec::new();
    for image in images {
        let frame = Frame { height: SIDE, width: SIDE, ..Frame::default() };
        match frame.aligned(&image.map, &image.roi, Scale::Relative) {
            // What lies beyond the image has no attribution.
            Ok(aligned) => values.extend(aligned.into_iter().map(|v| v.unwrap_or(0.0))),
            Err(MapsError::NotEstimable(NotEstimable::EmptyRoi | NotEstimable::ZeroMap)) => continue,
            Err(other) => return Err(other.into()),
        }
        used.push(image);
    }
    let rule = Clustering {
        most: MOST,
        seed: seed.child("strategies").to_u64(),
        representatives: SHOWN,
        ..Clustering::default()
    };
    let clusters = match Rows::new(values, SIDE * SIDE).and_then(|rows| rule.run(&rows)) {
        Ok(clusters) => clusters,
        Err(
            why @ (ClusterError::TooFew { .. } | ClusterError::Constant | ClusterError::NoClusters { .. }),
        ) => return Ok((Vec::new(), Some(format!("The maps form no groups: {why}.")))),
        Err(other) => return Err(other.into()),
    };
    let unclear = || {
        format!(
            "The groups are not clear (mean silhouette {:.2}): a cut through one cloud rather than strategies. The model goes about these \
             images in much the same way, or about each in its own.",
            clusters.silhouette
        )
    };
    let note = (!clusters.substantial()).then(unclear);
    let one = |(i, cluster): (usize, &Cluster)| shown(drawer, class, training, (i + 1, cluster), &used);
    let all: Result<Vec<Option<MapCluster>>> = clusters.clusters.iter().enumerate().map(one).collect();
    Ok((all?.into_iter().flatten().collect(), note))
}

/// A cluster with its pictures.
fn shown(
    drawer: &mut Drawer,
    class: &str,
    training: &RowSet,
    (number, cluster): (usize, &Cluster),
    images: &[&Measured<'_>],
) -> Result<Option<MapCluster>> {
    let members = || cluster.members.iter().map(|&i| images[i]);
    let alt =
        format!("Mean attribution for {class} over the {} maps of cluster {number}", cluster.members.len());
    let name = format!("maps-{class}-cluster-{number}");
    let Some(mean) = draw::mean_of(drawer, &name, &alt, members())? else { return Ok(None) };
    let mut examples = Vec::new();
    for &i in &cluster.representatives {
        examples.push(MapExample {
            sample: training.table.rows[images[i].found.row].id.clone(),
            picture: draw::example(drawer, &format!("{name}-{i}"), class, training, images[i])?,
        });
    }
    let outside: Vec<f64> = members().filter_map(Measured::outside).collect();
    Ok(Some(MapCluster {
        n_images: cluster.members.len(),
        n_positive: members().filter(|image| image.positive).count(),
        outside: (!outside.is_empty()).then(|| outside.iter().sum::<f64>() / outside.len() as f64),
        mean,
        examples,
    }))
}
