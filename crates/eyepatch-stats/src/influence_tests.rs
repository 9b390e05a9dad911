use super::*;

#[test]
fn equal_weights_change_nothing_and_patients_apart_have_no_covariance() {
    let labels: Vec<bool> = (0..30).map(|i| i % 3 == 0).collect();
    let scores: Vec<f64> = (0..30).map(|i| f64::from(i * 7 % 31)).collect();
    let patients: Vec<u32> = (0..30).map(|i| i / 2).collect();
    let fold = FoldScores { fold: 0, labels: &labels, scores: &scores, patients: &patients };
    let plain = AucInfluence::new(&[fold]).unwrap();
    let weighted = AucInfluence::weighted(&[fold], &[&[0.3; 30]]).unwrap();
    assert!((plain.auc() - weighted.auc()).abs() < 1e-12);
    assert!((plain.variance() - weighted.variance()).abs() < 1e-12);
    assert!((covariance(&plain, &weighted) - plain.variance()).abs() < 1e-12);
    let others: Vec<u32> = patients.iter().map(|p| p + 100).collect();
    let apart = AucInfluence::new(&[FoldScores { patients: &others, ..fold }]).unwrap();
    assert_eq!(covariance(&plain, &apart), 0.0);
    assert_eq!(AucInfluence::weighted(&[fold], &[]), Err(StatsError::WeightCount { folds: 1, weights: 0 }));
}
