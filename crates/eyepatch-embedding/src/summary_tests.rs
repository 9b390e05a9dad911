use super::*;

#[test]
fn the_healthy_have_no_class() {
    let (values, patients) = ([0.9, 0.8, 0.1, 0.2, 0.5, 0.6], ["a", "b", "c", "d", "e", "f"]);
    let effusion = Class {
        name: "effusion",
        positive: &[false, false, true, true, false, false],
        negative: &[true, true, false, false, true, true],
    };
    let pneumonia = Class {
        name: "pneumonia",
        positive: &[false, false, false, true, true, false],
        negative: &[true, true, true, false, false, true],
    };
    let found = by_class(&values, &patients, &[effusion, pneumonia], 0.95).unwrap();
    let mean = |o: &Outcome<ClusteredMean>| o.value().unwrap().mean;
    assert!((mean(&found.overall) - 3.1 / 6.0).abs() < 1e-12);
    assert!((mean(&found.classes[0].1) - 0.15).abs() < 1e-12);
    assert!((mean(&found.classes[1].1) - 0.35).abs() < 1e-12);
    let healthy = found.healthy.value().unwrap();
    assert!((healthy.mean - 2.3 / 3.0).abs() < 1e-12 && healthy.n_patients == 3);
    // One whose label nobody knows is not healthy.
    let lone = Class {
        name: "lone",
        positive: &[true, false, false, false, false, false],
        negative: &[false, true, true, true, false, false],
    };
    let found = by_class(&values, &patients, &[lone], 0.95).unwrap();
    assert!(matches!(found.classes[0].1, Outcome::NotEstimable(_)));
    assert_eq!(found.healthy.value().unwrap().n_patients, 3);
}

#[test]
fn refusals() {
    let short = Class { name: "x", positive: &[true], negative: &[false, true] };
    let patients = ["a", "b"];
    assert!(matches!(by_class(&[0.1, 0.2], &patients, &[short], 0.95), Err(EmbeddingError::Count { .. })));
    assert!(matches!(by_class(&[0.1], &patients, &[], 0.95), Err(EmbeddingError::Count { .. })));
    assert!(matches!(by_class(&[0.1, f64::NAN], &patients, &[], 0.95), Err(EmbeddingError::Mean(_))));
}
