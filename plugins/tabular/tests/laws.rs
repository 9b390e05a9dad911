//! The laws of a probe, and the baseline on data whose answer is known.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

use std::collections::BTreeMap;

use eyepatch_core::{
    Ctx, Evidence, Finding, FoldRows, Meta, OutputSpace, Params, Probe, Row, ScoreSet, Scores, Table,
};
use plugin_tabular::Tabular;

eyepatch_testkit::probe_laws! {
    default: Tabular::default();
    columns_of_the_laws: Tabular::of(["age"]).ordinal("site");
}

/// 240 images of 120 patients; `tells` goes with the label in 9 of 10, `age` is of no use, `often` is missing.
fn table() -> Table {
    let row = |i: usize| {
        let (patient, label) = (i / 2, (i / 2).is_multiple_of(2));
        let tells = if (patient % 20 < 2) ^ label { "A" } else { "B" };
        let mut meta = BTreeMap::from([
            ("tells".to_owned(), Meta::Text(tells.into())),
            ("age".to_owned(), Meta::Number((patient * 7 % 31) as f64)),
        ]);
        if i.is_multiple_of(3) {
            meta.insert("often".into(), Meta::Number(i as f64));
        }
        Row {
            id: format!("s{i}"),
            patient: format!("p{patient}"),
            labels: vec![Some(label)],
            meta,
            image: None,
            roi: None,
            line: None,
        }
    };
    Table { classes: vec!["a".into()], rows: (0..240).map(row).collect() }
}

fn folds() -> Vec<FoldRows> {
    let test = |k: usize| (0..240).filter(|i| i / 2 % 4 / 2 == k).collect::<Vec<_>>();
    let fold = |k| FoldRows { train: test(1 - k), validation: vec![], test: test(k) };
    (0..2).map(fold).collect()
}

/// A model that is right where `right` says so.
fn scores(table: &Table, trained: &str, right: impl Fn(usize) -> bool) -> Vec<ScoreSet> {
    let set = |(fold, rows): (usize, FoldRows)| {
        let score = |&i: &usize| {
            let label = table.rows[i].labels[0] == Some(true);
            if right(i) == label { 1.0 } else { 0.0 }
        };
        let scores = Scores::new(1, OutputSpace::Logits, rows.test.iter().map(score).collect()).unwrap();
        ScoreSet {
            trained: trained.into(),
            evaluated: trained.into(),
            dilation: 0,
            fold,
            rows: rows.test,
            scores,
        }
    };
    folds().into_iter().enumerate().map(set).collect()
}

fn examine(probe: &Tabular, table: &Table, scores: &[ScoreSet]) -> Vec<Finding> {
    let splits = folds();
    let evidence =
        Evidence { table, maskings: &[], scores, splits: &splits, embeddings: &[], attributions: &[] };
    probe.examine(&evidence, &Ctx::for_tests(1)).unwrap()
}

#[test]
fn a_column_that_tells_beats_chance_and_one_that_does_not_does_not() {
    let table = table();
    let found = |column: &str| examine(&Tabular::of([column]), &table, &[]).remove(0);
    let tells = found("tells");
    // Both values are right in 9 of 10: AUC 0.9.
    assert!((tells.estimate.unwrap() - 0.9).abs() < 1e-9, "{tells:?}");
    assert!(tells.p.unwrap() < 1e-3 && tells.n_patients == 120 && tells.n_images == 240);
    let age = found("age");
    assert!(age.interval.unwrap().lower < 0.5, "{age:?}");
    assert!(found("often").estimate.is_some());
}

#[test]
fn an_image_model_is_held_against_it_on_the_same_images() {
    let table = table();
    let mut sets = scores(&table, "Full", |_| true);
    sets.extend(scores(&table, "Worse", |i| i % 3 == 0));
    let found = examine(&Tabular::of(["tells"]), &table, &sets);
    let of = |trained: &str| {
        let is = |f: &&Finding| f.at.get("trained").is_some_and(|t| t == trained);
        found.iter().find(is).unwrap()
    };
    assert!((of("Full").estimate.unwrap() - 0.1).abs() < 1e-9 && of("Full").p.unwrap() < 0.01);
    assert!(of("Worse").interval.unwrap().upper < 0.0 && of("Worse").p.unwrap() > 0.99);
}

#[test]
fn rows_that_are_tested_teach_nothing() {
    let mut turned = table();
    // Where it is tested in fold 0 the column means the opposite.
    for row in folds()[0].test.clone() {
        if let Some(Meta::Text(t)) = turned.rows[row].meta.get_mut("tells") {
            *t = if t == "A" { "B".into() } else { "A".into() };
        }
    }
    let found = examine(&Tabular::of(["tells"]), &turned, &[]).remove(0);
    assert!((found.estimate.unwrap() - 0.1).abs() < 1e-9, "{found:?}");
}

#[test]
fn what_is_not_there_is_said() {
    let found = examine(&Tabular::of(["nothing"]), &table(), &scores(&table(), "Full", |_| true));
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|f| f.estimate.is_none() && f.note.as_ref().unwrap().contains("`nothing`")));
}

#[test]
fn parameters_are_checked() {
    assert!(Tabular::of(Vec::<String>::new()).check().is_err());
    assert!(Tabular::of(["a", "a"]).check().is_err());
    assert!(Tabular { ordinal: vec!["b".into()], ..Tabular::of(["a"]) }.check().is_err());
    assert!(Tabular { level: 1.0, ..Tabular::default() }.check().is_err());
    assert_eq!(Tabular::of(["a"]).ordinal("b").columns, ["a", "b"]);
}
