use eyepatch_core::{Attribution, OutputSpace};

use super::*;
use crate::summary::{ClusteredMean, Observation, clustered_mean};
use crate::{MapsError, NotEstimable, Outcome};

fn mean(values: [f64; 4]) -> Taken<ClusteredMean> {
    let names = ["a", "b", "c", "d"];
    let images: Vec<_> =
        names.iter().zip(values).map(|(p, value)| Observation { patient: p, value }).collect();
    Taken::Measured(clustered_mean(&images, 0.95).unwrap())
}

fn good() -> MapSet {
    MapSet {
        additivity: Taken::Measured(1e-5),
        randomised_weights: mean([0.1, 0.0, -0.1, 0.2]),
        reseeding: mean([0.95, 0.97, 0.99, 0.96]),
        noise: mean([0.8, 0.85, 0.9, 0.8]),
        deletion: mean([0.2, 0.1, 0.3, 0.2]),
        ..MapSet::default()
    }
}

fn states(judged: &Judged) -> Vec<(Check, State)> {
    judged.reasons.iter().map(|j| (j.check, j.state.clone())).collect()
}

#[test]
fn a_good_set_passes_and_names_what_was_not_run() {
    let judged = MapChecks::default().judge(&good()).unwrap();
    assert!(judged.passes && judged.against().count() == 0, "{judged:?}");
    let not_run = || State::NotRun { reason: "not asked for".into() };
    let expected = Check::ALL.map(|check| match check {
        Check::RandomisedLabels | Check::Insertion | Check::Explainers | Check::Baselines => {
            (check, not_run())
        }
        _ => (check, State::Passed),
    });
    assert_eq!(states(&judged), expected);
}

#[test]
fn each_check_alone_fails_the_set() {
    let low = || mean([0.05, 0.0, -0.05, 0.1]);
    let high = || mean([0.9, 0.95, 0.9, 0.92]);
    let spoilt = [
        (Check::Additivity, MapSet { additivity: Taken::Measured(0.02), ..good() }),
        (Check::RandomisedWeights, MapSet { randomised_weights: high(), ..good() }),
        (Check::RandomisedLabels, MapSet { randomised_labels: high(), ..good() }),
        (Check::Reseeding, MapSet { reseeding: low(), ..good() }),
        (Check::Noise, MapSet { noise: low(), ..good() }),
        (Check::Deletion, MapSet { deletion: mean([-0.2, 0.1, -0.3, -0.2]), ..good() }),
        (Check::Insertion, MapSet { insertion: mean([-0.2, 0.1, -0.3, -0.2]), ..good() }),
        (Check::Explainers, MapSet { explainers: low(), ..good() }),
        (Check::Baselines, MapSet { baselines: low(), ..good() }),
    ];
    assert_eq!(spoilt.each_ref().map(|s| s.0), Check::ALL);
    for (check, set) in spoilt {
        let judged = MapChecks::default().judge(&set).unwrap();
        assert!(!judged.passes);
        let against: Vec<Check> = judged.against().map(|j| j.check).collect();
        assert_eq!(against, [check]);
    }
}

/// The mean lies on the right side, its bound does not.
#[test]
fn luck_does_not_pass() {
    let set = MapSet { randomised_weights: mean([0.0, 0.9, 0.1, 0.8]), ..good() };
    let judged = MapChecks::default().judge(&set).unwrap();
    let found = judged.against().next().unwrap();
    assert!(found.measured.unwrap() < 0.5 && found.bound.unwrap() > 0.5 && !judged.passes);
    assert_eq!(
        found.to_string(),
        format!(
            "similarity to maps of randomised weights: 0.45 (bound {:.2}), must be below 0.5",
            found.bound.unwrap()
        )
    );
}

#[test]
fn a_required_check_that_was_not_run_fails_the_set() {
    let constant: Outcome<ClusteredMean> = Outcome::NotEstimable(NotEstimable::ConstantMap);
    let set = MapSet { noise: constant.into(), ..good() };
    let judged = MapChecks::default().judge(&set).unwrap();
    let sentence = judged.against().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        sentence,
        ["similarity to maps of slightly noisy images: not measured (all values of a map are the same)"]
    );
    let free = MapChecks { required: vec![], ..MapChecks::default() };
    assert!(free.judge(&set).unwrap().passes);
    let text = serde_json::to_string(&judged).unwrap();
    assert!(text.contains(r#""check":"noise","state":"not_run","reason":"#), "{text}");
    assert_eq!(serde_json::from_str::<Judged>(&text).unwrap(), judged);
    let declared: MapChecks = serde_json::from_str(r#"{"randomised": 0.4}"#).unwrap();
    assert_eq!(declared, MapChecks { randomised: 0.4, ..MapChecks::default() });
}

#[test]
fn additivity_in_parts_of_what_was_shared_out() {
    let mut map = Attribution {
        height: 1,
        width: 2,
        values: vec![3.0, -1.0],
        class: 0,
        space: OutputSpace::Logits,
        base_value: 0.0,
        output_value: 2.04,
        additivity_error: Some(0.04),
        evaluations: 1,
    };
    assert!((relative_additivity_error(&map).unwrap() - 0.01).abs() < 1e-12);
    map.additivity_error = None;
    assert_eq!(relative_additivity_error(&map), None);
    let wrong = MapChecks { level: 1.0, ..MapChecks::default() };
    assert!(matches!(wrong.judge(&good()), Err(MapsError::OutOfRange { name: "level", .. })));
    let wrong = MapChecks { noise: f64::NAN, ..MapChecks::default() };
    assert!(wrong.judge(&good()).is_err());
}
