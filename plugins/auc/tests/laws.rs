//! The laws of a probe, and the matrix against counting pairs.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

use std::collections::BTreeMap;

use eyepatch_core::{
    Ctx, Direction, Evidence, Finding, OutputSpace, Params, Probe, Row, ScoreSet, Scores, Table,
};
use eyepatch_stats::{FoldScores, mean_auc_over_folds};
use plugin_auc::AucMatrix;

eyepatch_testkit::probe_laws! {
    default: AucMatrix::default();
    strict: AucMatrix { level: 0.8, margin: 0.0 };
}

/// 40 images of 20 patients, two classes; the second has a missing label in every fifth row.
fn table() -> Table {
    let row = |i: usize| Row {
        id: format!("s{i}"),
        patient: format!("p{}", i / 2),
        labels: vec![Some(i.is_multiple_of(3)), (!i.is_multiple_of(5)).then_some(i.is_multiple_of(2))],
        meta: BTreeMap::new(),
        image: None,
        roi: None,
        line: None,
    };
    Table { classes: vec!["a".into(), "b".into()], rows: (0..40).map(row).collect() }
}

fn score(row: usize, class: usize, shift: usize) -> f32 {
    ((row * 7 + class * 5 + shift * 3) % 11) as f32 + if row.is_multiple_of(3) { 2.0 } else { 0.0 }
}

fn set(trained: &str, evaluated: &str, dilation: i32, fold: usize) -> ScoreSet {
    let rows: Vec<usize> = (0..40).filter(|r| r / 2 % 2 == fold).collect();
    let values = rows.iter().flat_map(|&r| [0, 1].map(|c| score(r, c, fold + trained.len()))).collect();
    ScoreSet {
        trained: trained.into(),
        evaluated: evaluated.into(),
        dilation,
        fold,
        scores: Scores::new(2, OutputSpace::Logits, values).unwrap(),
        rows,
    }
}

fn examine(probe: &AucMatrix, table: &Table, scores: &[ScoreSet]) -> eyepatch_core::Result<Vec<Finding>> {
    let evidence = Evidence { table, maskings: &[], scores, splits: &[], embeddings: &[], attributions: &[] };
    probe.examine(&evidence, &Ctx::for_tests(1))
}

/// The slow, obvious twin: the share of pairs in which the positive scores higher, ties half.
fn pairs(table: &Table, set: &ScoreSet, class: usize) -> f64 {
    let (mut wins, mut all) = (0.0, 0.0);
    for (i, _) in set.rows.iter().enumerate().filter(|(_, r)| table.rows[**r].labels[class] == Some(true)) {
        for (j, _) in
            set.rows.iter().enumerate().filter(|(_, r)| table.rows[**r].labels[class] == Some(false))
        {
            let (a, b) = (set.scores.row(i)[class], set.scores.row(j)[class]);
            wins += if a > b {
                1.0
            } else if a == b {
                0.5
            } else {
                0.0
            };
            all += 1.0;
        }
    }
    wins / all
}

#[test]
fn every_cell_is_the_mean_over_folds_of_counted_pairs() {
    let table = table();
    let mut scores = Vec::new();
    for (trained, evaluated, dilation) in
        [("Full", "Full", 0), ("Full", "NoROI", 0), ("Full", "NoROI", 10), ("NoROI", "Full", 0)]
    {
        scores.extend([set(trained, evaluated, dilation, 1), set(trained, evaluated, dilation, 0)]);
    }
    let found = examine(&AucMatrix::default(), &table, &scores).unwrap();
    assert_eq!(found.len(), 8);
    for f in &found {
        let class = usize::from(f.at["class"] == "b");
        let of = |s: &&ScoreSet| {
            s.trained == f.at["trained"]
                && s.evaluated == f.at["evaluated"]
                && s.dilation.to_string() == f.at["dilation"]
        };
        let folds: Vec<f64> = scores.iter().filter(of).map(|s| pairs(&table, s, class)).collect();
        assert!((f.estimate.unwrap() - (folds[0] + folds[1]) / 2.0).abs() < 1e-12, "{f:?}");
        assert_eq!((f.reference, f.margin, f.contrast.as_str()), (0.5, Some(0.05), "auc"));
        assert_eq!(f.n_images, if class == 0 { 40 } else { 32 });
        assert_eq!(f.n_patients, 20);
        assert_eq!(f.note.is_some(), class == 1, "missing labels are noted");
    }
    assert!(found[7].note.as_ref().unwrap().contains("8 images without this label"));
}

#[test]
fn interval_and_p_are_the_clustered_ones() {
    let table = table();
    let sets = [set("Full", "Full", 0, 0), set("Full", "Full", 0, 1)];
    let found = examine(&AucMatrix { level: 0.9, margin: 0.1 }, &table, &sets).unwrap();
    let columns: Vec<(Vec<bool>, Vec<f64>, Vec<String>)> = sets
        .iter()
        .map(|s| {
            let labels = s.rows.iter().map(|&r| table.rows[r].labels[0].unwrap()).collect();
            let scores = (0..s.rows.len()).map(|i| f64::from(s.scores.row(i)[0])).collect();
            (labels, scores, s.rows.iter().map(|&r| table.rows[r].patient.clone()).collect())
        })
        .collect();
    let folds: Vec<FoldScores<'_, String>> = columns
        .iter()
        .enumerate()
        .map(|(fold, (labels, scores, patients))| FoldScores { fold, labels, scores, patients })
        .collect();
    let expected = mean_auc_over_folds(&folds, 0.9).unwrap();
    let interval = found[0].interval.unwrap();
    assert_eq!((interval.lower, interval.upper, interval.level), (expected.lower, expected.upper, 0.9));
    assert_eq!(found[0].p, Some(expected.p_above(0.6)));
    assert_eq!(found[0].n_patients_positive, expected.n_patients_positive);
}

/// Five folds' models on one test set rest on its images and patients once, and say no more than one of them.
#[test]
fn a_common_test_set_counts_once() {
    let table = table();
    let folds: Vec<ScoreSet> = (0..5).map(|fold| ScoreSet { fold, ..set("Full", "Full", 0, 0) }).collect();
    let (one, five) = (&folds[..1], &folds[..]);
    let probe = AucMatrix::default();
    let (one, five) = (examine(&probe, &table, one).unwrap(), examine(&probe, &table, five).unwrap());
    for (a, b) in one.iter().zip(&five) {
        assert_eq!((a.n_images, a.n_patients, &a.note), (b.n_images, b.n_patients, &b.note));
        let (a, b) = (a.interval.unwrap(), b.interval.unwrap());
        assert!((a.lower - b.lower).abs() < 1e-12 && (a.upper - b.upper).abs() < 1e-12, "{a:?} {b:?}");
    }
}

#[test]
fn direction_follows_the_interval() {
    let table = table();
    let with = |of: &dyn Fn(usize) -> f32| {
        let mut sets = [set("Full", "Full", 0, 0), set("Full", "Full", 0, 1)];
        for s in &mut sets {
            s.scores.values = s.rows.iter().flat_map(|&r| [of(r), 0.0]).collect();
        }
        examine(&AucMatrix::default(), &table, &sets).unwrap()[0].direction
    };
    let label = |r: usize| f32::from(u8::from(r.is_multiple_of(3)));
    assert_eq!(with(&label), Direction::Above);
    assert_eq!(with(&|r| -label(r)), Direction::Below);
    assert_eq!(with(&|_| 0.0), Direction::Undecided);
}

#[test]
fn a_fold_of_one_class_is_left_out_and_named() {
    let mut table = table();
    let sets = [set("Full", "Full", 0, 0), set("Full", "Full", 0, 1)];
    sets[1].rows.iter().for_each(|&r| table.rows[r].labels[0] = Some(false));
    let found = examine(&AucMatrix::default(), &table, &sets).unwrap();
    let note = found[0].note.clone().unwrap();
    assert!(note.contains("fold 1 is left out: all 20 labels are negative"), "{note}");
    assert!((found[0].estimate.unwrap() - pairs(&table, &sets[0], 0)).abs() < 1e-12);
    assert_eq!(found[0].n_images, 20);
    table.rows.iter_mut().for_each(|r| r.labels[0] = Some(true));
    let found = examine(&AucMatrix::default(), &table, &sets).unwrap();
    assert_eq!((found[0].estimate, found[0].interval, found[0].p), (None, None, None));
    assert_eq!((found[0].direction, found[0].n_images), (Direction::Undecided, 40));
    assert!(found[0].note.as_ref().unwrap().contains("not estimable"));
}

#[test]
fn evidence_that_does_not_fit_is_refused() {
    let table = table();
    let (a, b) = (set("Full", "Full", 0, 0), set("Full", "Full", 0, 1));
    let says = |scores: &[ScoreSet]| examine(&AucMatrix::default(), &table, scores).unwrap_err().to_string();
    assert!(says(&[a.clone(), ScoreSet { fold: 0, ..b.clone() }]).contains("two sets of fold 0"));
    let mut beyond = a.clone();
    beyond.rows[3] = 40;
    assert!(says(&[beyond]).contains("row 40"));
    let mut twice = a.clone();
    twice.rows[3] = twice.rows[2];
    assert!(says(&[twice]).contains("twice"));
    let mut short = a;
    short.rows.pop();
    assert!(says(&[short, b]).contains("expected 19 x 2, found 20 x 2"));
}

#[test]
fn parameters_are_checked() {
    assert!(AucMatrix { level: 1.0, ..AucMatrix::default() }.check().unwrap_err().contains("`level` is 1"));
    assert!(
        AucMatrix { margin: f64::NAN, ..AucMatrix::default() }
            .check()
            .unwrap_err()
            .contains("`margin` is NaN")
    );
    AucMatrix::default().check().unwrap();
}
