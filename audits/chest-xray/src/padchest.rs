//! The study's chest audit, on the published data: PadChest with CheXmask, and from there to ChestX-ray14.

use eyepatch::prelude::*;
use plugin_attributes::Attributes;
use plugin_auc::AucMatrix;
use plugin_chest::{chestxray14, padchest, padchest_published};
use plugin_densenet::densenet121_study;
use plugin_embedding::Embedding;
use plugin_maskers::study;
use plugin_shap::{Baseline, ShapPartition};
use plugin_tabular::Tabular;

use crate::data;

/// The study's dilations, in pixels of 512.
const DILATIONS: [i32; 10] = [5, 10, 25, 50, 100, 150, 200, 300, 400, 500];

/// Can five findings be told from PadChest's films with the lungs hidden, and do the models hold on ChestX-ray14?
///
/// DenseNet-121, five folds around one test set, five maskings, as published and as it should be. The archives and CheXmask's tables
/// are looked for in `padchest` and `chestxray14` below `EYEPATCH_DATA`. Give the network ImageNet weights with `--model-params
/// '{"weights": "imagenet.safetensors"}'`: without a file the frozen part is random. It screens: the whole ROI is hidden, while regions
/// by class take a verdict. A run holds the prepared set in memory, 142 GB for these 108,071 films of 512 pixels.
#[audit(seed = 1907, tags = ["masking", "chest", "real", "profiles", "transfer"])]
fn study_of_padchest() -> Profiles {
    Profiles::of(|profile| {
        let home = data().join("padchest");
        let abroad = chestxray14(data().join("chestxray14"));
        // As published, the heart is no part of the region at home, so it is none there.
        let (films, abroad) = match profile {
            Profile::Published => (padchest_published(home), abroad.structures(["left lung", "right lung"])),
            Profile::Strict => (padchest(home), abroad),
        };
        MaskingSweep::new(densenet121_study().profile(profile), films)
            .prepare_as(profile)
            .maskers(study(profile))
            .dilate(DILATIONS)
            .split(SplitScheme::study_chest())
            .folds(5)
            .probe(AucMatrix::default())
            .probe(Embedding::default().columns(["view", "sex", "manufacturer"]))
            .probe(Attributes::of(["view", "sex", "age", "manufacturer"]))
            .probe(Tabular::of(["birth_year", "sex", "view"]))
            .transfer(Transfer::to(abroad).subgroups(["view", "sex"]))
            .explain(ShapPartition { baselines: vec![Baseline::Black], ..ShapPartition::default() })
            .evaluations(1000)
            .flag_if(auc(Keep::Outside).above(0.60))
    })
}
