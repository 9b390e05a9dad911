use super::*;
use crate::golden::{cases, number, numbers};

fn images<'a>(patients: &'a [String], values: &[f64]) -> Vec<Observation<'a>> {
    patients.iter().zip(values).map(|(p, v)| Observation { patient: p, value: *v }).collect()
}

#[test]
fn equals_scipy_on_the_patients_means() {
    for case in cases("means") {
        let patients: Vec<String> = serde_json::from_value(case["patients"].clone()).unwrap();
        let found = clustered_mean(&images(&patients, &numbers(&case["values"])), 0.95).unwrap();
        for (name, value) in [("mean", found.mean), ("lower", found.lower), ("upper", found.upper)] {
            assert!((value - number(&case, name)).abs() < 1e-7, "{name}: {value}");
        }
        let bound = found.upper_bound(0.95).unwrap();
        assert!((bound - number(&case, "upper_bound")).abs() < 1e-7);
        assert!((found.lower_bound(0.95).unwrap() + bound - 2.0 * found.mean).abs() < 1e-12);
    }
}

#[test]
fn copies_of_images_change_nothing() {
    let names: Vec<String> = (0..6).map(|i| format!("p{i}")).collect();
    let values = [0.1, 0.5, 0.2, 0.9, 0.3, 0.35];
    let once = clustered_mean(&images(&names, &values), 0.95).unwrap();
    let thrice: Vec<_> = (0..3).flat_map(|_| images(&names, &values)).collect();
    let thrice = clustered_mean(&thrice, 0.95).unwrap();
    assert!((once.lower - thrice.lower).abs() < 1e-12 && (once.n_images, thrice.n_images) == (6, 18));
}

#[test]
fn shares() {
    let single = [("a", true), ("b", false), ("c", true)];
    let found = clustered_share(&single, 0.95).unwrap();
    assert_eq!((found.method, found.lower, found.upper), {
        let (lower, upper) = exact_interval(2, 3, 0.95).unwrap();
        (ShareMethod::Exact, lower, upper)
    });
    let all = [("a", true), ("a", true), ("b", true)];
    let found = clustered_share(&all, 0.95).unwrap();
    let (lower, upper) = exact_interval(2, 2, 0.95).unwrap();
    assert_eq!(
        (found.method, found.share, found.lower, found.upper),
        (ShareMethod::ExactPatients, 1.0, lower, upper)
    );
    let mixed = [("a", true), ("a", false), ("b", true), ("c", false), ("d", true), ("d", true)];
    let found = clustered_share(&mixed, 0.95).unwrap();
    assert_eq!((found.method, found.share, found.count), (ShareMethod::Clustered, 0.625, 4));
    assert!(found.lower >= 0.0 && found.upper <= 1.0);
}

#[test]
fn refusals() {
    let one = [Observation { patient: "a", value: 1.0 }, Observation { patient: "a", value: 2.0 }];
    let few = clustered_mean(&one, 0.95);
    assert!(matches!(few, Err(MapsError::NotEstimable(NotEstimable::TooFew { n: 1, needed: 2, .. }))));
    let nan = [Observation { patient: "a", value: f64::NAN }];
    assert!(matches!(clustered_mean(&nan, 0.95), Err(MapsError::NotFinite { index: 0, .. })));
    assert!(matches!(clustered_mean(&one, 0.0), Err(MapsError::OutOfRange { .. })));
    assert!(clustered_share(&[], 0.95).is_err());
    assert!(clustered_share(&[("a", true), ("a", false)], 0.95).is_err());
}
