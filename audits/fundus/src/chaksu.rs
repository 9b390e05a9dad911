//! The study's fundus audit, on the published data.

use std::path::PathBuf;

use eyepatch::prelude::*;
use plugin_densenet::densenet121_study;
use plugin_fundus::{airogs, chaksu};
use plugin_maskers::study;
use plugin_shap::{Baseline, ShapPartition};

use crate::measured;

/// The study's dilations, in pixels of 512.
const DILATIONS: [i32; 10] = [5, 10, 25, 50, 100, 150, 200, 300, 400, 500];

/// Where the archives were unpacked.
fn data() -> PathBuf {
    // Unset, the name itself stands in the path, and the error about the missing folder says what to set.
    std::env::var_os("EYEPATCH_DATA").map_or_else(|| PathBuf::from("$EYEPATCH_DATA"), PathBuf::from)
}

/// Can glaucoma be told from Chákṣu's photographs with the optic disc hidden, and do the models hold on AIROGS?
///
/// DenseNet-121, five folds around the published test part, five maskings, as published and as it should be. The archives are looked
/// for in `chaksu` and `airogs` below `EYEPATCH_DATA`; AIROGS has no masks, so it is shown whole. Give the network ImageNet weights
/// with `--model-params '{"weights": "imagenet.safetensors"}'`: without a file the frozen part is random. It screens: the whole ROI is
/// hidden, without the margin that a verdict adds.
#[audit(seed = 1907, tags = ["masking", "fundus", "real", "profiles", "transfer"])]
fn study_of_chaksu() -> Profiles {
    Profiles::of(|profile| {
        // As published, Chákṣu's photographs come stretched and cut to 8 bits already: once is as often as the study did it.
        let photographs = chaksu(data().join("chaksu")).profile(profile);
        let elsewhere = airogs(data().join("airogs")).classes(profile);
        measured(
            MaskingSweep::new(densenet121_study().profile(profile), photographs)
                .maskers(study(profile))
                .dilate(DILATIONS)
                .split(SplitScheme::study_fundus("part", "test"))
                .folds(5),
        )
        .transfer(Transfer::to(elsewhere))
        .explain(ShapPartition {
            baselines: vec![Baseline::Blur { kx: 512, ky: 512 }],
            ..ShapPartition::default()
        })
        .evaluations(1000)
        .flag_if(auc(Keep::Outside).above(0.60))
    })
}
