//! Data card, model card, maskings, splits and findings of the sample.

use std::collections::BTreeMap;

use eyepatch_core::{
    ContentHash, DataCard, Direction, Epoch, Finding, Interval, Keep, LegitimateRegion, MaskingCard,
    ModelCard, Normalise, OutputSpace, PluginSpec, Shape, Step, Task,
};
use eyepatch_report::schema::{
    AnswerOf, AuditResult, Choice, ClassCount, ColumnSummary, ComparedAuc, Comparison, DataSummary, Estimate,
    MaskingSummary, ModelSummary, PartCount, SplitSummary, Training,
};
use serde_json::{Value, json};

pub(crate) const MASKINGS: [&str; 5] = ["Full", "NoROI", "NoROI-BB", "OnlyROI", "OnlyROI-BB"];

/// An estimate with a symmetric 95 % interval, cut at 1.
pub(crate) fn estimate(value: f64, half: f64) -> Estimate {
    let interval = Interval { lower: value - half, upper: (value + half).min(1.0), level: 0.95 };
    Estimate { value, interval: Some(interval) }
}

pub(crate) fn spec(id: &str, params: Value) -> PluginSpec {
    let name = id.split_once('/').map_or(id, |(_, n)| n);
    PluginSpec {
        id: id.into(),
        params,
        revision: 1,
        crate_name: format!("plugin-{name}"),
        version: "0.1.0".into(),
    }
}

pub(crate) fn plugins() -> Vec<PluginSpec> {
    vec![
        spec("eyepatch/phantom", json!({ "kind": "chest", "patients": 541, "size": 96, "tag": 0.97 })),
        spec("eyepatch/densenet", json!({ "growth": 8, "blocks": [2, 4, 4], "epochs": 12 })),
        spec("eyepatch/region", json!({ "keep": "outside", "shape": "exact", "fill": "mean" })),
        spec("eyepatch/auc", Value::Null),
        spec("eyepatch/occlusion", json!({ "patch": 12, "stride": 12 })),
    ]
}

pub(crate) fn data(shortcut: bool) -> DataSummary {
    let column = |name: &str, missing, summary: &str| ColumnSummary {
        name: name.into(),
        missing,
        summary: summary.into(),
    };
    DataSummary {
        plugin: plugins().swap_remove(0),
        card: DataCard {
            name: if shortcut { "Chest phantoms with a tag" } else { "Chest phantoms" }.into(),
            licence: "generated, no licence needed".into(),
            origin: "Drawn by eyepatch/phantom from seed 1907; no patient was imaged.".into(),
            roi_origin: "The truth that the images were drawn from: left lung, right lung.".into(),
            biases: if shortcut {
                vec![
                    "97 % of images with opacity carry a tag in the upper right corner, 3 % of the others."
                        .into(),
                ]
            } else {
                vec!["Site B overexposes, at the same rate in both classes.".into()]
            },
            notes: vec!["Patients have one to three images.".into()],
        },
        n_images: 720,
        n_patients: 541,
        classes: vec![ClassCount {
            class: "opacity".into(),
            positive: 301,
            negative: 419,
            missing: 0,
            patients_positive: 232,
        }],
        columns: vec![
            column("age", 12, "18 to 91, median 57"),
            column("sex", 0, "F 371, M 349"),
            column("site", 0, "A 402, B 318"),
            column("view", 3, "PA 655, AP 62"),
        ],
        legitimate: BTreeMap::from([(
            "opacity".into(),
            LegitimateRegion {
                structures: vec!["left lung".into(), "right lung".into()],
                margin: 0.02,
                reason: "opacities are drawn inside the lungs".into(),
            },
        )]),
        content: Some(ContentHash::of(&[u8::from(shortcut)])),
    }
}

pub(crate) fn model(shortcut: bool) -> ModelSummary {
    let training = MASKINGS.iter().enumerate().flat_map(|(m, trained)| {
        (0..3).map(move |fold| {
            let floor = if shortcut || m == 0 || m > 2 { 0.18 } else { 0.63 };
            let history = (1..=12).map(|epoch| {
                let fall = (-0.32 * epoch as f64).exp();
                let wobble = 0.02 * f64::from((epoch * 5 + fold * 3 + m) as u32 % 7) / 7.0;
                Epoch {
                    epoch,
                    train_loss: floor + (0.72 - floor) * fall + wobble,
                    validation_loss: Some(floor + 0.05 + (0.7 - floor) * fall + 1.6 * wobble),
                    learning_rate: Some(5e-4 * (1.0 + (0.26 * (epoch - 1) as f64).cos())),
                }
            });
            Training { trained: (*trained).into(), fold, history: history.collect() }
        })
    });
    ModelSummary {
        plugin: plugins().swap_remove(1),
        card: ModelCard {
            name: "DenseNet, small".into(),
            task: Task::SingleLogit,
            output: OutputSpace::Logits,
            preprocessing: vec![
                Step::Decode,
                Step::Resize,
                Step::Mask,
                Step::Normalise(Normalise::Standardise { mean: 0.449, std: 0.226 }),
                Step::Augment("shifts of up to 4 px".into()),
            ],
            trained_here: true,
            parameters: Some(61_337),
            description: "A densely connected network with three blocks, trained from scratch for each masking and fold."
                .into(),
        },
        size: (96, 96),
        training: training.collect(),
    }
}

pub(crate) fn maskings() -> Vec<MaskingSummary> {
    let describe = [
        "Nothing is hidden.",
        "The lungs are filled; their outline stays.",
        "The lungs' bounding box is filled; the outline goes too.",
        "All but the lungs is filled.",
        "All but the lungs' bounding box is filled.",
    ];
    let visible = [1.0, 0.716, 0.48, 0.284, 0.52];
    let one = |i: usize| {
        let keep = [Keep::Full, Keep::Outside, Keep::Outside, Keep::Inside, Keep::Inside][i];
        let shape = if MASKINGS[i].ends_with("BB") { Shape::Box } else { Shape::Exact };
        let card = MaskingCard {
            name: MASKINGS[i].into(),
            keep,
            shape,
            fill: if i == 0 { "none" } else { "mean" }.into(),
            hides: i != 0,
            description: describe[i].into(),
            ..MaskingCard::default()
        };
        let plugin = spec("eyepatch/region", json!({ "keep": keep, "shape": shape }));
        MaskingSummary { plugin, card, further: false, visible: visible[i] }
    };
    (0..5).map(one).collect()
}

pub(crate) fn splits() -> SplitSummary {
    let counts = [("train", 384, 289, 160), ("validation", 96, 72, 40), ("test", 240, 180, 101)];
    let part = |fold: usize, (part, images, patients, positive): (&str, usize, usize, usize)| PartCount {
        fold,
        part: part.into(),
        images: images + fold,
        patients,
        positives: vec![positive],
    };
    SplitSummary {
        scheme:
            "3 folds grouped by patient and stratified by class; a fifth of each training part validates."
                .into(),
        parts: (0..3).flat_map(|fold| counts.map(|c| part(fold, c))).collect(),
        leak_check:
            "No patient and no image content appears in two parts of a fold (541 patients, 720 hashes)."
                .into(),
    }
}

pub(crate) fn findings(auc: impl Fn(usize, usize) -> f64) -> Vec<Finding> {
    let one = |row: usize, column: usize| {
        let e = estimate(auc(row, column), 0.032);
        let lower = e.interval.map_or(0.0, |i| i.lower);
        Finding {
            contrast: "auc".into(),
            at: BTreeMap::from([
                ("class".into(), "opacity".into()),
                ("evaluated".into(), MASKINGS[column].into()),
                ("trained".into(), MASKINGS[row].into()),
            ]),
            estimand: "Mean over folds of the within-fold AUC, clustered by patient".into(),
            reference: 0.5,
            margin: Some(0.05),
            estimate: Some(e.value),
            interval: e.interval,
            p: Some(if lower > 0.5 { 0.0002 } else { 0.31 }),
            n_images: 720,
            n_patients: 541,
            n_patients_positive: 232,
            n_patients_negative: 318,
            direction: if lower > 0.5 { Direction::Above } else { Direction::Undecided },
            ..Finding::default()
        }
    };
    (0..25).map(|i| one(i / 5, i % 5)).collect()
}

/// The two audits as if they were variants of one.
pub(crate) fn comparison(audits: &[AuditResult]) -> Comparison {
    let choice = |what: &str, values: [Option<&str>; 2]| Choice {
        what: what.into(),
        values: values.map(|v| v.map(str::to_owned)).into(),
    };
    let classes: Vec<_> = audits.iter().map(|a| &a.answer.classes[0]).collect();
    let matrices: Vec<_> = audits.iter().map(|a| &a.matrices[0]).collect();
    let cells = (0..MASKINGS.len()).map(|column| ComparedAuc {
        class: "opacity".into(),
        trained: "Full".into(),
        evaluated: if column == 2 { "NoROI-BB* / NoROI-BB".into() } else { MASKINGS[column].into() },
        aucs: matrices.iter().map(|m| m.cells[0][column]).collect(),
    });
    Comparison {
        of: "quickstart/honest".into(),
        question: audits[0].question.clone(),
        variants: vec!["published".into(), "strict".into()],
        kinds: audits.iter().map(|a| a.answer.kind).collect(),
        choices: vec![
            choice("maskers.3.shape", [Some("box-published"), Some("box")]),
            choice("model.order", [Some("published"), Some("strict")]),
            choice("model.size", [None, Some("512")]),
        ],
        answers: vec![AnswerOf {
            class: "opacity".into(),
            statuses: classes.iter().map(|c| Some(c.status)).collect(),
            full: classes.iter().map(|c| c.full).collect(),
            hidden: classes.iter().map(|c| c.hidden).collect(),
        }],
        aucs: cells.collect(),
    }
}
