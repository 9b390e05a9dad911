use eyepatch::prelude::*;
use plugin_attributes::Attributes;
use plugin_auc::AucMatrix;
use plugin_densenet::densenet_small;
use plugin_embedding::Embedding;
use plugin_folder::{Folder, folder};
use plugin_maskers::{Fill, controls, fills, published, study, verdict_maskings};
use plugin_saliency::Occlusion;
use plugin_shap::{Baseline, ShapPartition};
use plugin_tabular::Tabular;

use crate::data;

/// How far beyond the predicted lungs pneumonia may show, as a share of the image's width.
const LUNG_MARGIN: f32 = 0.03;

/// 1000 frontal films of NIH ChestX-ray14, half of them labelled pneumonia, with predicted lung masks.
fn nih_pneumonia_1000() -> Folder {
    let home = data().join("nih_pneumonia_1000");
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

/// 600 films of children of one to five years, half of them with pneumonia, with lung masks by the same network, which has seen adults
/// only.
fn kermany_pediatric_600() -> Folder {
    let home = data().join("kermany_pediatric_600");
    folder(home.join("labels.csv"), home.join("images"), home.join("masks_lung_pred"))
        .patient("patient_id")
        .label_as("pneumonia", "label")
        .filter("lung_pred_uncertainty<=0.12")
        // They are stored in three equal channels.
        .grey()
        .name("paediatric pneumonia, Guangzhou")
        .licence("CC BY 4.0 (Kermany et al. 2018)")
        .origin("Guangzhou Women and Children's Medical Center; 300 films without finding and 300 with pneumonia, 224 px JPEG")
        .roi_origin("predicted masks: a small U-Net trained on adult lung masks, not validated on children")
        .bias("Children of one to five years; the audit's own films are of all ages.")
        .bias("Films were brought to squares before they came here: their aspect is lost.")
}

/// Does a small DenseNet still find pneumonia on NIH films when the lungs are hidden, and on children's films?
#[audit(seed = 1907, tags = ["masking", "chest", "real"])]
fn nih_pneumonia() -> MaskingSweep {
    MaskingSweep::new(densenet_small(), nih_pneumonia_1000())
        .maskers(published())
        .also(controls(Fill::Black))
        .also(fills([Fill::Mean, Fill::Noise, Fill::Inpaint, Fill::Blur { kx: 31, ky: 31 }]))
        .also(lungs_with_margin())
        .dilate([2, 5, 10, 20])
        .probe(AucMatrix::default())
        .probe(Embedding::default().columns(["view", "sex", "age"]))
        .probe(Attributes::of(["view", "sex", "age", "follow_up"]))
        .probe(Tabular::of(["age", "sex", "view"]))
        .transfer(Transfer::to(kermany_pediatric_600()))
        .explain(ShapPartition { baselines: vec![Baseline::Mean], ..ShapPartition::default() })
        .agreeing_with([Occlusion::default()])
        .agreeing_with([ShapPartition {
            baselines: vec![Baseline::Others { count: 4 }],
            ..ShapPartition::default()
        }])
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
