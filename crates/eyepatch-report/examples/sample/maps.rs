//! Judged maps of the sample.

use std::collections::BTreeMap;

use eyepatch_core::Interval;
use eyepatch_report::schema::{
    Beyond, CheckState, Estimate, MapCheck, MapCluster, MapExample, MapGroup, MapPlace, Maps, Null,
};
use serde_json::json;

use super::draw;
use super::parts::spec;

fn interval(value: f64, half: f64) -> Interval {
    Interval { lower: (value - half).max(0.0), upper: (value + half).min(1.0), level: 0.95 }
}

fn estimate(value: f64) -> Option<Estimate> {
    Some(Estimate { value, interval: Some(interval(value, 0.02)) })
}

fn beyond(null: Null, share: f64, chance: Option<f64>, threshold: Option<f64>) -> Beyond {
    Beyond {
        null,
        what: format!("Counted are images that lie beyond ({null:?})."),
        share: Some(share),
        interval: Some(interval(share, 0.03)),
        chance,
        threshold,
        note: None,
    }
}

fn check(check: &str, state: CheckState, what: &str, required: bool) -> MapCheck {
    MapCheck { check: check.into(), state, what: what.into(), required }
}

pub(crate) fn maps(pictures: &mut BTreeMap<String, Vec<u8>>) -> Vec<Maps> {
    let place = |place: &str, area: f64, share: f64| MapPlace {
        place: place.into(),
        area,
        absolute: estimate(share),
        positive: estimate(share * 0.9),
    };
    let group = |value: &str, outside: f64| MapGroup {
        column: "label".into(),
        value: value.into(),
        n_images: 40,
        n_patients: 40,
        outside: estimate(outside),
    };
    let mean = draw::mean_map("All maps", pictures);
    let example = |sample: &str, pictures: &mut BTreeMap<String, Vec<u8>>| MapExample {
        sample: sample.into(),
        picture: draw::mean_map(sample, pictures),
    };
    vec![Maps {
        class: "opacity".into(),
        plugin: spec("eyepatch/occlusion", json!({ "patch": 12 })),
        explainer: "Occlusion".into(),
        n_images: 80,
        n_patients: 80,
        n_checked: 16,
        counts: true,
        sentence: "The maps pass their checks. On 94 % of the images what lies outside of the region tells the label, beyond what \
                   chance gives on 5 %."
            .into(),
        checks: vec![
            check("randomised_weights", CheckState::Passed, "similarity to maps of randomised weights: 0.08 (bound 0.17), must be below 0.5", true),
            check("noise", CheckState::Failed, "similarity to maps of slightly noisy images: 0.41 (bound 0.33), must be above 0.5", true),
            check("explainers", CheckState::NotRun, "similarity to other explainers' maps: not measured (no other explainer was named)", false),
        ],
        places: vec![
            place("inside the region", 0.28, 0.09),
            place("in the corners", 0.15, 0.52),
            place("elsewhere", 0.57, 0.39),
        ],
        pointing: estimate(0.04).map(|hit| (hit, 0.28)),
        groups: vec![group("negative", 0.88), group("positive", 0.94)],
        game: estimate(0.86),
        roi_alone: estimate(0.12),
        rest_alone: estimate(0.91),
        beyond: vec![
            beyond(Null::OtherLabel, 0.94, Some(0.05), None),
            beyond(Null::MovedMaps, 0.06, Some(0.05), None),
            beyond(Null::Half, 0.99, None, Some(0.5)),
        ],
        clusters: vec![MapCluster {
            n_images: 44,
            n_positive: 40,
            outside: Some(0.93),
            mean: mean.clone(),
            examples: vec![example("p0017-1", pictures)],
        }],
        clusters_note: None,
        mean: Some(mean),
    }]
}
