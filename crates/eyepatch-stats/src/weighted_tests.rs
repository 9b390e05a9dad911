use super::*;

#[test]
fn refusals() {
    let labels = [true, false, false];
    let refused = |weights: &[f64]| weighted_auc(&labels, &[0.1, 0.2, 0.3], weights).unwrap_err();
    assert_eq!(refused(&[1.0, -0.5, 1.0]), NotEstimable::BadWeight { index: 1 });
    assert_eq!(refused(&[1.0, 1.0, f64::NAN]), NotEstimable::BadWeight { index: 2 });
    assert_eq!(refused(&[0.0, 1.0, 1.0]), NotEstimable::OneClass { positive: false, n: 2 });
    let short = NotEstimable::LengthMismatch { what: "weights".into(), labels: 3, found: 1 };
    assert_eq!(refused(&[1.0]), short);
}
