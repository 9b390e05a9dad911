//! Audits of glaucoma classifiers on fundus photographs: the study's, on Chákṣu, and the same questions on phantoms with three
//! cameras, which need no file.

mod chaksu;
mod phantoms;

use eyepatch::prelude::*;
use plugin_attributes::Attributes;
use plugin_auc::AucMatrix;
use plugin_embedding::Embedding;
use plugin_tabular::Tabular;

/// What the study measured of a sweep, and what it did not: whether features tell the camera, and whether it matters.
fn measured(sweep: MaskingSweep) -> MaskingSweep {
    sweep
        .probe(AucMatrix::default())
        .probe(Embedding::default().columns(["camera"]))
        .probe(Attributes::of(["camera"]))
        .probe(Tabular::of(["camera"]))
        // As published: the three cameras as 0, 1 and 2.
        .probe(Tabular::of(["camera"]).ordinal("camera"))
}
