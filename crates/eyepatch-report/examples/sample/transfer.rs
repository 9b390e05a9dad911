//! What a transfer could have found.

use eyepatch_core::ContentHash;
use eyepatch_report::schema::{
    Calibration, Carried, Estimate, Transfer, TransferClass, TransferGroup, TransferRow,
};
use serde_json::json;

use super::parts::{MASKINGS, estimate, spec};

pub(crate) fn transfer() -> Transfer {
    let hash = ContentHash::of(b"the same steps");
    Transfer {
        plugin: spec("eyepatch/folder", json!({ "images": "elsewhere" })),
        card: super::parts::data(false).card,
        n_images: 412,
        n_patients: 398,
        preparation: [hash, hash],
        classes: vec![class()],
        notes: vec!["Masking learnt learns from the images that it masks, so it is not carried over.".into()],
    }
}

fn class() -> TransferClass {
    let row = |evaluated: &str, home: f64, there: f64| TransferRow {
        trained: "Full".into(),
        evaluated: evaluated.into(),
        internal: Some(estimate(home, 0.03)),
        external: Some(estimate(there, 0.05)),
        drop: Some(estimate(home - there, 0.058)),
        p: Some(if home - there > 0.1 { 0.0004 } else { 0.21 }),
        note: None,
    };
    let missing = TransferRow {
        internal: None,
        drop: None,
        p: None,
        note: Some("at home not estimable: fold 1 has one class only".into()),
        ..row(MASKINGS[3], 0.6, 0.55)
    };
    let group = |value: &str, n: [usize; 2], auc: Option<Estimate>| TransferGroup {
        column: "sex".into(),
        value: value.into(),
        n_patients: n,
        auc,
    };
    TransferClass {
        class: "opacity".into(),
        positive: 120,
        negative: 292,
        sentence: "The AUC of the full-image model falls: 0.930 at home, 0.710 there, a drop of 0.220 [0.162, 0.278].".into(),
        rows: vec![row(MASKINGS[0], 0.93, 0.71), row(MASKINGS[1], 0.84, 0.52), missing],
        groups: vec![group("F", [60, 140], Some(estimate(0.73, 0.06))), group("other than F", [3, 10], None)],
        calibration: vec![
            calibration("internal", "as delivered", 0.02, 1.04),
            calibration("external", "as delivered", 0.19, 0.41),
            calibration("external", "recalibrated at home", 0.18, 0.39),
            calibration("external", "recalibrated there", 0.03, 0.98),
        ],
        operating: Some(Carried {
            target: 0.9,
            sensitivity: [estimate(0.91, 0.03), estimate(0.64, 0.08)],
            specificity: [estimate(0.78, 0.04), estimate(0.69, 0.06)],
            prevalence: [0.43, 0.29],
            ppv: [0.757, 0.457, 0.609].map(Some),
            npv: [0.92, 0.824, 0.718].map(Some),
        }),
        note: None,
    }
}

fn calibration(data: &str, form: &str, ece: f64, slope: f64) -> Calibration {
    let bin = |i: usize| {
        let p = (i as f64 + 0.5) / 10.0;
        let logit = slope * (p / (1.0 - p)).ln();
        (p, 1.0 / (1.0 + (-logit).exp()))
    };
    Calibration {
        data: data.into(),
        form: form.into(),
        brier: 0.12 + ece,
        ece,
        slope: Some(slope),
        in_the_large: Some(ece - 0.1),
        bins: (0..10).map(bin).collect(),
    }
}
