//! The first audit: one model that learns a true sign in the lungs, one that learns a planted marker, on synthetic
//! chest films that need no file. The report tells the two apart.

use eyepatch::prelude::*;
use plugin_attributes::Attributes;
use plugin_auc::AucMatrix;
use plugin_densenet::{DenseNet, densenet_tiny};
use plugin_embedding::Embedding;
use plugin_maskers::{Fill, controls, fills, published, verdict_maskings};
use plugin_phantom::{Association, Phantom, Tag, phantom_chest};
use plugin_saliency::Occlusion;
use plugin_tabular::Tabular;

/// Films of 64 px, enough patients for an interval of about 0.1.
fn films() -> Phantom {
    phantom_chest().with_patients(400).with_visits(1, 2)
}

/// A network that learns them in a few seconds.
fn network() -> DenseNet {
    DenseNet { epochs: 16, patience: 6, ..densenet_tiny() }
}

fn sweep(films: Phantom) -> MaskingSweep {
    MaskingSweep::new(network(), films)
        .maskers(published())
        .also(controls(Fill::Black))
        .also(fills([Fill::Mean, Fill::Noise, Fill::Inpaint, Fill::Blur { kx: 15, ky: 15 }]))
        .also(verdict_maskings(&["left_lung", "right_lung"]))
        .dilate([2, 4, 8])
        .folds(2)
        .probe(AucMatrix::default())
        .probe(Embedding::default().columns(["camera"]))
        // Fewer components and permutations than usual: this should take seconds.
        .probe(Attributes { components: 8, permutations: 19, ..Attributes::of(["camera", "sex"]) })
        .probe(Tabular::of(["age", "sex", "view"]))
        .explain(Occlusion::default())
        .verdict(VerdictRule::default().margin(0.10).attributes(["camera", "sex"]))
        .quick_images(160)
}

/// Opacities in the lungs are the only sign of disease. Does the model still find it when lungs and
/// heart are hidden?
#[audit(seed = 1907, tags = ["quickstart", "masking", "chest", "synthetic"])]
fn honest() -> MaskingSweep {
    sweep(films())
}

/// The disease barely shows, but the films of the ill carry a marker in a corner. Does the model still answer when
/// lungs and heart are hidden?
#[audit(seed = 1907, tags = ["quickstart", "masking", "chest", "synthetic", "shortcut"])]
fn planted_marker() -> MaskingSweep {
    sweep(films().with_strength(0.2).with_shortcut(Tag::marker('L'), Association::new(0.95, 0.05)))
}
