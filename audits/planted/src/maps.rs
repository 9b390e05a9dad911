//! What attribution maps tell of a marker that a model relies on, and of one that is not there.

use eyepatch::prelude::*;
use plugin_auc::AucMatrix;
use plugin_maskers::Region;
use plugin_phantom::{Association, Phantom, Tag};
use plugin_saliency::Occlusion;
use plugin_shap::{Baseline, ShapPartition};

use crate::{SHORTCUTS, films, network};

/// Films explained.
const FILMS: usize = 240;

/// Partition SHAP against each film's own mean, with occlusion to agree with.
fn explained(films: Phantom) -> MaskingSweep {
    MaskingSweep::new(network(), films)
        .maskers([Region { keep: Keep::Full, ..Region::default() }])
        .split(SplitScheme::Holdout { test: SHORTCUTS.0 })
        .folds(1)
        .validation(0.15)
        .probe(AucMatrix::default())
        .explain(ShapPartition { baselines: vec![Baseline::Mean], ..ShapPartition::default() })
        .agreeing_with([Occlusion::default()])
        .agreeing_with([ShapPartition::default()])
        .judge_maps(MapRule::default().images(FILMS).attributes(["sex", "camera"]))
        .unchecked()
}

/// Do maps tell, film by film, that a model reads a marker?
///
/// 99 % of the ill and 1 % of the healthy have a marker in a corner.
#[audit(seed = 1907, tags = ["planted", "maps", "synthetic"])]
fn maps_of_a_marker() -> MaskingSweep {
    explained(films(1, SHORTCUTS.1).with_shortcut(Tag::marker('L'), Association::new(0.99, 0.01)))
}

/// Do maps keep quiet of a model that has nothing but the lungs to go by?
#[audit(seed = 1907, tags = ["planted", "maps", "synthetic"])]
fn maps_without_a_marker() -> MaskingSweep {
    explained(films(1, SHORTCUTS.1))
}
