use proptest::prelude::*;

use super::*;
use crate::fixture::{CASES, files, key, saved};
use crate::{Answer, read_all};

fn near(measure: &Measure, expected: f64) -> bool {
    measure.value.is_some_and(|v| (v - expected).abs() < 1e-12)
}

fn three() -> Scores {
    let (key, folder) = (key(&["Full"]), tempfile::tempdir().unwrap());
    let all: Vec<_> = (0..3).map(|r| saved(&key, r)).collect();
    score(&key, &read_all(&key, &files(&folder, &all)).unwrap())
}

/// scikit-learn 1.9.1: `roc_auc_score` of the signed confidences and of the model's scores; counts by hand; exact intervals by
/// SciPy's `binomtest`.
#[test]
fn known_answers_give_the_known_aucs_and_shares() {
    let scores = three();
    let aucs = [0.8333333333333333, 0.8472222222222223, 0.7916666666666666];
    let counts = [(4, 4), (5, 5), (4, 4)];
    for (r, reading) in scores.readings[..3].iter().enumerate() {
        assert!(near(&reading.auc, aucs[r]), "{reading:?}");
        assert!(near(&reading.model_auc, 0.8333333333333333));
        assert!(near(&reading.difference, aucs[r] - 0.8333333333333333));
        assert!(near(&reading.sensitivity.share, f64::from(counts[r].0) / 6.0));
        assert!(near(&reading.specificity.share, f64::from(counts[r].1) / 6.0));
        let interval = reading.auc.interval.unwrap();
        assert!(interval.lower < aucs[r] && aucs[r] < interval.upper && interval.upper < 1.0);
    }
    let exact = scores.readings[0].sensitivity.share.interval.unwrap();
    assert!(
        (exact.lower - 0.22277809550354957).abs() < 1e-9 && (exact.upper - 0.9567281317071105).abs() < 1e-9
    );
    let all = &scores.readings[3];
    assert_eq!((all.reader.as_deref(), all.answered, all.cases), (None, 36, 12));
    assert!(near(&all.auc, aucs.iter().sum::<f64>() / 3.0));
    assert!(near(&all.sensitivity.share, 13.0 / 18.0));
    // One reader is the mean of one.
    let own = scores.readings[0].auc.interval.unwrap();
    let labels: Vec<bool> = CASES.iter().map(|c| c.0).collect();
    let signed: Vec<f64> =
        CASES.iter().map(|c| f64::from(c.2[0].1) * if c.2[0].0 == 1 { 1.0 } else { -1.0 }).collect();
    let patients: Vec<usize> = (0..12).collect();
    let fold = eyepatch_stats::FoldScores { fold: 0, labels: &labels, scores: &signed, patients: &patients };
    let alone = eyepatch_stats::mean_auc_over_folds(&[fold], LEVEL).unwrap();
    assert!((own.lower - alone.lower).abs() < 1e-12 && (own.upper - alone.upper).abs() < 1e-12);
}

/// scikit-learn 1.9.1's `cohen_kappa_score`, statsmodels' `fleiss_kappa`.
#[test]
fn known_answers_give_the_known_kappas() {
    let scores = three();
    let of = |names: &[&str]| scores.agreement.iter().find(|a| a.between == names).unwrap();
    let (a, b, c) = ("reader 0", "reader 1", "reader 2");
    assert!(near(&of(&[a, b]).kappa, 0.33333333333333337));
    assert!(near(&of(&[a, c]).kappa, 0.0));
    assert!(near(&of(&[a, "model"]).kappa, 0.33333333333333337));
    let all = of(&[a, b, c]);
    assert!(near(&all.kappa, 0.11111111111111094) && all.method == "fleiss");
    let same = CASES.iter().filter(|c| c.2.iter().all(|r| r.0 == c.2[0].0)).count();
    assert_eq!((all.cases, all.same), (12, same));
    assert!(all.kappa.interval.is_some_and(|i| i.lower < 0.11 && i.upper > 0.12));
}

/// One who answered a single positive case has no AUC; the others' mean stays.
#[test]
fn a_reader_without_an_auc_does_not_take_it_from_all() {
    let (key, folder) = (key(&["Full"]), tempfile::tempdir().unwrap());
    let mut all: Vec<_> = (0..3).map(|r| saved(&key, r)).collect();
    let positive = |i: usize| CASES[i].0;
    let cases = all[1]["cases"].as_array_mut().unwrap();
    let mut i = 0;
    cases.retain(|_| {
        i += 1;
        !positive(i - 1) || i == 1
    });
    let scores = score(&key, &read_all(&key, &files(&folder, &all)).unwrap());
    let of = |r: usize| &scores.readings[r];
    assert_eq!([of(0).readers, of(1).readers, of(2).readers, of(3).readers], [1, 0, 1, 2]);
    assert!(of(1).auc.value.is_none() && of(1).auc.note.as_ref().unwrap().contains("positive"));
    let mean = (of(0).auc.value.unwrap() + of(2).auc.value.unwrap()) / 2.0;
    assert!(near(&of(3).auc, mean) && of(3).auc.interval.is_some() && of(3).p.is_some());
    assert_eq!(of(3).answered, 12 + 7 + 12);
}

#[test]
fn a_masking_without_cases_says_why_it_has_no_numbers() {
    let (key, folder) = (key(&["Full", "NoROI"]), tempfile::tempdir().unwrap());
    let scores = score(&key, &read_all(&key, &files(&folder, &[saved(&key, 0)])).unwrap());
    let none = scores.readings.iter().find(|r| r.masking == "NoROI").unwrap();
    assert!(none.auc.value.is_none() && none.auc.note.is_some() && none.sensitivity.share.note.is_some());
    let text = markdown(&scores);
    assert!(
        text.contains("| reader 0 | 12 | 0 | 0 |")
            && text.contains("| NoROI | pneumonia | reader 0 | 0 | 0 | – |"),
        "{text}"
    );
    let [(_, readings), (_, agreement)] = csv(&scores).unwrap();
    assert_eq!(readings.lines().count(), 3);
    assert!(
        agreement.lines().nth(1).unwrap().starts_with("reader 0 and model,cohen,all,pneumonia,12,8,0.33333")
    );
}

/// All pairs of a positive and a negative, one by one.
fn slow_auc(rows: &[(bool, f64)]) -> Option<f64> {
    let of = |label| rows.iter().filter(move |r| r.0 == label).map(|r| r.1);
    let (mut wins, mut pairs) = (0.0, 0.0);
    for a in of(true) {
        for b in of(false) {
            wins += if a > b {
                1.0
            } else if a == b {
                0.5
            } else {
                0.0
            };
            pairs += 1.0;
        }
    }
    (of(true).count() > 1 && of(false).count() > 1).then(|| wins / pairs)
}

proptest! {
    #[test]
    fn equals_the_slow_twins(given in prop::collection::vec(prop::option::of((any::<bool>(), 1u8..=5)), 24)) {
        let key = key(&["Full"]);
        let answer = |a: &Option<(bool, u8)>| vec![a.map(|(yes, confidence)| Answer { yes, confidence })];
        let reader = |r: usize| Answers {
            file: format!("{r}.json").into(),
            reader: format!("reader {r}"),
            given: given[12 * r..12 * (r + 1)].iter().map(answer).collect(),
            excluded: Vec::new(),
        };
        let answers = [reader(0), reader(1)];
        let scores = score(&key, &answers);
        for (r, (answers, reading)) in answers.iter().zip(&scores.readings).enumerate() {
            let rows: Vec<(usize, Answer)> =
                answers.given.iter().enumerate().filter_map(|(i, a)| Some((i, a[0]?))).collect();
            prop_assert_eq!(scores.readers[r].missing, 12 - rows.len());
            let signed: Vec<_> = rows.iter().map(|(i, a)| (CASES[*i].0, a.score())).collect();
            let model: Vec<_> = rows.iter().map(|(i, _)| (CASES[*i].0, CASES[*i].1)).collect();
            let close = |a: Option<f64>, b: Option<f64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-12,
                (a, b) => a == b,
            };
            prop_assert!(close(reading.auc.value, slow_auc(&signed)), "{reading:?}");
            prop_assert!(close(reading.model_auc.value, slow_auc(&model)));
            let positives: Vec<bool> = rows.iter().filter(|(i, _)| CASES[*i].0).map(|(_, a)| a.yes).collect();
            let hits = positives.iter().filter(|y| **y).count() as f64;
            let share = (!positives.is_empty()).then(|| hits / positives.len() as f64);
            prop_assert!(close(reading.sensitivity.share.value, share));
        }
        // Two readers, on the cases that both answered: observed less expected agreement, over what chance leaves.
        let both: Vec<(bool, bool)> =
            (0..12).filter_map(|i| Some((answers[0].given[i][0]?.yes, answers[1].given[i][0]?.yes))).collect();
        let n = both.len() as f64;
        let share = |f: fn(&(bool, bool)) -> bool| both.iter().filter(|b| f(b)).count() as f64 / n;
        let expected = share(|b| b.0) * share(|b| b.1) + share(|b| !b.0) * share(|b| !b.1);
        let found = &scores.agreement[0];
        prop_assert_eq!(found.cases, both.len());
        match found.kappa.value {
            Some(kappa) => prop_assert!((kappa - (share(|b| b.0 == b.1) - expected) / (1.0 - expected)).abs() < 1e-12),
            None => prop_assert!(both.is_empty() || expected == 1.0),
        }
    }
}
