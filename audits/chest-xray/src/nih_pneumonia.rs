use std::path::PathBuf;

use eyepatch::prelude::*;
use plugin_auc::AucMatrix;
use plugin_densenet::densenet_small;
use plugin_folder::{Folder, folder};
use plugin_maskers::{Fill, controls, fills, published, study, verdict_maskings};
use plugin_saliency::Occlusion;
use plugin_shap::{Baseline, ShapPartition};

/// How far beyond the predicted lungs pneumonia may show, as a share of the image's width.
const LUNG_MARGIN: f32 = 0.03;

/// 1000 frontal films of NIH ChestX-ray14, half of them labelled pneumonia, with predicted lung masks.
fn nih_pneumonia_1000() -> Folder {
    // Unset, the name itself stands in the path, and the error about the missing table says what to set.
    let data =
        std::env::var_os("EYEPATCH_DATA").map_or_else(|| PathBuf::from("$EYEPATCH_DATA"), PathBuf::from);
    let home = data.join("nih_pneumonia_1000");
    folder(home.join("labels.csv"), home.join("images"), home.join("masks_lung_pred"))
        .patient("patient_id")
        .label_as("pneumonia", "label")
        .filter("lung_pred_uncertainty<=0.12")
        .legitimate(
            "pneumonia",
            LegitimateRegion {
                structures: Vec::new(),
                margin: LUNG_MARGIN,
                reason: "Consolidation lies in the lungs; the margin is for what the predicted masks miss at their borders and \
                         behind the heart's edge."
                    .into(),
            },
        )
        .name("NIH ChestX-ray14, pneumonia subset")
        .licence("NIH Clinical Center ChestX-ray14: free use with attribution (Wang et al. 2017)")
        .origin("NIH Clinical Center; 500 films without finding and 500 with pneumonia, 512 px JPEG")
        .roi_origin(
            "predicted masks: a small U-Net trained on adult lung masks, not validated on these films",
        )
        .bias("Pneumonia goes with the posteroanterior view and with later follow-up films in this subset.")
        .bias("Original image size differs by label.")
        .bias("Labels were mined from reports by text search and hold errors.")
}

/// Does a small DenseNet still find pneumonia on NIH films when the lungs are hidden?
#[audit(seed = 1907, tags = ["masking", "chest", "real"])]
fn nih_pneumonia() -> MaskingSweep {
    MaskingSweep::new(densenet_small(), nih_pneumonia_1000())
        .maskers(published())
        .also(controls(Fill::Black))
        .also(fills([Fill::Mean, Fill::Noise, Fill::Inpaint, Fill::Blur { kx: 31, ky: 31 }]))
        .also(lungs_with_margin())
        .dilate([2, 5, 10, 20])
        .probe(AucMatrix::default())
        .explain(ShapPartition { baselines: vec![Baseline::Mean], ..ShapPartition::default() })
        .agreeing_with([Occlusion::default()])
        .agreeing_with([ShapPartition::default()])
        .judge_maps(MapRule::default().attributes(["view", "sex"]))
        .verdict(VerdictRule::default().attributes(["view", "sex", "age", "follow_up"]))
}

/// What the verdict looks at: the lungs with the margin of the legitimate region.
fn lungs_with_margin() -> Vec<Handle<dyn Masker>> {
    let width = densenet_small().size as f32;
    let margin = (LUNG_MARGIN * width).ceil() as i32;
    // Border, corners and background have no region to dilate.
    verdict_maskings(&[]).into_iter().map(|m| m.dilated(margin).unwrap_or(m)).collect()
}

/// How much of the answer on NIH films is due to choices of the published study that should have been others?
///
/// The same small DenseNet and the same folds twice: with the study's way of preparing, normalising, boxing and training, and
/// with these mended.
#[audit(seed = 1907, tags = ["masking", "chest", "real", "profiles"])]
fn nih_as_published() -> Profiles {
    Profiles::of(|profile| {
        MaskingSweep::new(densenet_small().profile(profile), nih_pneumonia_1000())
            .prepare_as(profile)
            .maskers(study(profile))
            .probe(AucMatrix::default())
            .flag_if(auc(Keep::Outside).above(0.60))
    })
}
