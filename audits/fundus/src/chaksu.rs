//! The study's fundus audit, on the published data.

use std::path::PathBuf;

use eyepatch::prelude::*;
use plugin_densenet::densenet121_study;
use plugin_fundus::chaksu;
use plugin_maskers::study;
use plugin_shap::{Baseline, ShapPartition};

use crate::measured;

/// The study's dilations, in pixels of 512.
const DILATIONS: [i32; 10] = [5, 10, 25, 50, 100, 150, 200, 300, 400, 500];

/// Where the archive was unpacked: the folder `chaksu` below `EYEPATCH_DATA`.
fn root() -> PathBuf {
    // Unset, the name itself stands in the path, and the error about the missing folder says what to set.
    let data =
        std::env::var_os("EYEPATCH_DATA").map_or_else(|| PathBuf::from("$EYEPATCH_DATA"), PathBuf::from);
    data.join("chaksu")
}

/// Can glaucoma be told from Chákṣu's photographs with the optic disc hidden, as published and as it should be?
///
/// DenseNet-121, five folds around the published test part, five maskings. Give it ImageNet weights with `weights`: without a file
/// the frozen part is random.
#[audit(seed = 1907, tags = ["masking", "fundus", "real", "profiles"])]
fn study_of_chaksu() -> Profiles {
    Profiles::of(|profile| {
        let photographs = chaksu(root()).profile(profile);
        measured(
            MaskingSweep::new(densenet121_study().profile(profile), photographs)
                .prepare_as(profile)
                .maskers(study(profile))
                .dilate(DILATIONS)
                .split(SplitScheme::study_fundus("part", "test"))
                .folds(5),
        )
        .explain(ShapPartition {
            baselines: vec![Baseline::Blur { kx: 512, ky: 512 }],
            ..ShapPartition::default()
        })
        .flag_if(auc(Keep::Outside).above(0.60))
    })
}
