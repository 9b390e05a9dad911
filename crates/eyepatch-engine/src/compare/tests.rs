use std::fmt::Write as _;

use eyepatch_report::compared::How;
use eyepatch_report::schema::Estimate;
use eyepatch_stats::{AucInfluence, FoldScores, contrast};

use super::numbers;
use super::scores::{Set, influence, read, same_rows};

const HEADER: &str = "sample,patient,trained,masking,fill,dilation,fold,class,label,score\n";

/// Two images a patient, label by patient, score by a rule of the image's number; `folds` patients stand in turn in the folds.
fn table(folds: usize, score: impl Fn(usize) -> f64) -> String {
    let mut text = HEADER.to_owned();
    for i in 0..80 {
        let patient = i / 2;
        let (fold, label) = (patient / 2 % folds, patient % 2);
        let _ = writeln!(text, "s{i},p{patient},Full,NoROI,zero,0,{fold},opacity,{label},{}", score(i));
    }
    text
}

/// A score that knows a part of the label, differently for every image.
fn noisy(i: usize, gain: f64, step: usize) -> f64 {
    gain * (i / 2 % 2) as f64 + ((i * step) % 83) as f64 / 83.0
}

fn set(text: &str) -> Set {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    std::fs::write(&path, text).unwrap();
    read(&path).unwrap().into_values().next().unwrap()
}

#[test]
fn rows_are_the_same_whatever_their_folds_but_not_with_another_label_or_patient() {
    let (a, b) = (table(2, |i| noisy(i, 0.4, 37)), table(4, |i| noisy(i, 0.1, 29)));
    assert!(same_rows(&set(&a), &set(&b)));
    assert!(!same_rows(&set(&a), &set(&b.replace("s3,p1,", "s3,p2,"))));
    assert!(!same_rows(
        &set(&a),
        &set(&b.replace("s0,p0,Full,NoROI,zero,0,0,opacity,0", "s0,p0,Full,NoROI,zero,0,0,opacity,1"))
    ));
    let (shorter, _) = b.trim_end().rsplit_once('\n').unwrap();
    assert!(!same_rows(&set(&a), &set(shorter)));
}

/// The paired test of the comparison is the contrast of the statistics crate, from the same rows put together by hand.
#[test]
fn the_paired_difference_is_the_clustered_contrast() {
    let (one, other) = (|i| noisy(i, 0.9, 37), |i| noisy(i, 0.1, 29));
    let by_hand = |folds: usize, score: &dyn Fn(usize) -> f64| {
        let of = |f: usize| (0..80).filter(move |i| i / 2 / 2 % folds == f);
        let rows: Vec<_> = (0..folds)
            .map(|f| {
                let labels: Vec<bool> = of(f).map(|i| i / 2 % 2 == 1).collect();
                let scores: Vec<f64> = of(f).map(score).collect();
                let patients: Vec<usize> = of(f).map(|i| i / 2).collect();
                (labels, scores, patients)
            })
            .collect();
        let folds: Vec<_> = rows
            .iter()
            .enumerate()
            .map(|(fold, (labels, scores, patients))| FoldScores { fold, labels, scores, patients })
            .collect();
        AucInfluence::new(&folds).unwrap()
    };
    let (a, b) = (by_hand(2, &one), by_hand(2, &other));
    let expected = contrast(&[(1.0, &b), (-1.0, &a)], 0.0).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let scores = [table(2, one), table(2, other)].map(|text| {
        let path = folder.path().join("scores.csv");
        std::fs::write(&path, text).unwrap();
        read(&path).unwrap()
    });
    let found = numbers::judge(&scores, ("opacity", "Full", "NoROI"), [None, None]);
    assert_eq!(found.1, How::SameRows);
    assert!((found.0.unwrap().value - expected.estimate).abs() < 1e-12);
    assert!((found.2.unwrap() - expected.p_two_sided()).abs() < 1e-12);
    assert!(expected.p_two_sided() < 0.05, "the two do differ: {}", expected.p_two_sided());
    let (found, folds) = influence(scores[0].values().next().unwrap()).unwrap();
    assert!((found.auc() - a.auc()).abs() < 1e-12 && folds.len() == 2);
}

/// As the AUC probe leaves it out.
#[test]
fn a_fold_without_positives_is_left_out_of_a_paired_difference() {
    let without = |text: String| {
        let negative = |l: &str| {
            if l.contains(",0,0,opacity,1,") { l.replace(",opacity,1,", ",opacity,0,") } else { l.to_owned() }
        };
        text.lines().map(|l| negative(l) + "\n").collect::<String>()
    };
    let tables = [table(2, |i| noisy(i, 0.9, 37)), table(2, |i| noisy(i, 0.1, 29))].map(without);
    let scores = tables.each_ref().map(|text| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.csv");
        std::fs::write(&path, text).unwrap();
        read(&path).unwrap()
    });
    let (_, folds) = influence(&set(&tables[0])).unwrap();
    assert_eq!(folds.into_iter().collect::<Vec<_>>(), [1]);
    let found = numbers::judge(&scores, ("opacity", "Full", "NoROI"), [None, None]);
    assert!(found.1 == How::SameRows && found.0.is_some() && found.2.is_some());
}

/// A spreadsheet would run `=x`, so tables have it with an apostrophe.
#[test]
fn names_are_looked_up_as_tables_have_them() {
    let text = table(2, |i| noisy(i, 0.9, 37)).replace(",opacity,", ",'=x,");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    std::fs::write(&path, text).unwrap();
    let scores = [read(&path).unwrap(), read(&path).unwrap()];
    assert_eq!(numbers::judge(&scores, ("=x", "Full", "NoROI"), [None, None]).1, How::Identical);
}

#[test]
fn without_the_same_rows_only_intervals_are_left() {
    let e = |value: f64, half: f64| {
        let interval = eyepatch_core::Interval { lower: value - half, upper: value + half, level: 0.95 };
        Some(Estimate { value, interval: Some(interval) })
    };
    let none = [super::scores::Scores::new(), super::scores::Scores::new()];
    let judge = |pair| numbers::judge(&none, ("c", "Full", "Full"), pair);
    let (difference, how, p) = judge([e(0.7, 0.03), e(0.8, 0.04)]);
    // Half widths add like the sides of a right angle: 0.05. So z = 0.1 / (0.05 / 1.95996).
    let interval = difference.unwrap().interval.unwrap();
    assert_eq!(how, How::Independent);
    assert!((interval.lower - 0.05).abs() < 1e-9 && (interval.upper - 0.15).abs() < 1e-9);
    assert!((p.unwrap() - 8.857e-5).abs() < 1e-6, "{p:?}");
    assert_eq!(judge([e(0.7, 0.03), e(0.7, 0.03)]).1, How::Identical);
    assert_eq!(judge([e(0.7, 0.03), None]).1, How::NotTested);
    assert_eq!(judge([e(0.7, 0.0), e(0.8, 0.0)]).1, How::NotTested);
}

#[test]
fn a_damaged_table_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    let refused = |text: String, words: &str| {
        std::fs::write(&path, text).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    let good = table(2, |i| i as f64);
    refused(good.replace("opacity,1,3\n", "opacity,2,3\n"), "line 5: column label: `2`");
    refused(good.replace("opacity,1,3\n", "opacity,1,NaN\n"), "line 5: column score");
    refused(good.replace("s1,p0", "s0,p0"), "line 3: a second score");
    refused(good.replace("opacity,1,3\n", "opacity,1\n"), "line: 5");
}
