use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::Row;

use super::*;

/// scikit-learn 1.9.1 on `table(60)` with patients as integers: test patients, and those who watch in folds 0 and 4.
const CHEST_TEST: [u32; 12] = [2, 4, 8, 9, 25, 26, 30, 35, 38, 43, 56, 57];
const CHEST_FOLDS: [&[u32]; 2] =
    [&[6, 16, 17, 24, 34, 41, 42, 52, 54, 59], &[1, 12, 19, 20, 27, 37, 44, 55, 58]];
const FUNDUS_FOLDS: [&[u32]; 2] = [&[0, 2, 4, 20, 21, 22, 40, 41, 42], &[1, 17, 18, 36, 37, 38, 56, 57, 58]];

/// `patients` patients with 1 to 3 images each, named so that their order as numbers and as text differ; `set` names a part.
fn table(patients: usize) -> Table {
    let images = (0..patients).flat_map(|p| (0..1 + p * 7 % 3).map(move |i| (p, i)));
    let row = |(p, i): (usize, usize)| Row {
        id: format!("p{p}-{i}"),
        patient: p.to_string(),
        labels: vec![Some(p % 3 == 0)],
        meta: BTreeMap::from([
            ("set".to_owned(), Meta::Text(if p % 4 == 3 { "Test" } else { "Train" }.into())),
            ("year".to_owned(), Meta::Number(if p % 4 == 3 { 2020.0 } else { 2019.0 })),
        ]),
        image: None,
        roi: None,
        line: None,
    };
    Table { classes: vec!["c".into()], rows: images.map(row).collect() }
}

fn splits(scheme: &SplitScheme, table: &Table) -> Splits {
    scheme.splits(table, 5, 0.15, Seed::root(3)).unwrap()
}

fn of(table: &Table, rows: &[usize]) -> BTreeSet<String> {
    rows.iter().map(|&r| table.rows[r].patient.clone()).collect()
}

fn numbers(table: &Table, rows: &[usize]) -> Vec<u32> {
    of(table, rows).iter().map(|p| p.parse().unwrap()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// `GroupShuffleSplit(1, test_size=0.2, random_state=1907)`, then `GroupKFold(5)` on the rest.
#[test]
fn the_chest_protocol_has_one_test_set() {
    let table = table(60);
    let splits = splits(&SplitScheme::study_chest(), &table);
    assert!(splits.folds.len() == 5 && splits.common_test());
    let numbers = |rows: &[usize]| numbers(&table, rows);
    assert_eq!(numbers(&splits.folds[0].test), CHEST_TEST);
    assert_eq!(numbers(&splits.folds[0].validation), CHEST_FOLDS[0]);
    assert_eq!(numbers(&splits.folds[4].validation), CHEST_FOLDS[1]);
    let mut watched: Vec<usize> = splits.folds.iter().flat_map(|f| f.validation.clone()).collect();
    watched.extend(&splits.folds[0].test);
    watched.sort_unstable();
    assert!(watched.into_iter().eq(0..table.rows.len()), "each row is tested, or watches once");
    assert!(
        splits
            .summary(&table)
            .scheme
            .starts_with("20 % of the patients, drawn with seed 1907, are the one test set")
    );
}

/// `StratifiedGroupKFold(5)` of the rows that are not in the test folder.
#[test]
fn the_fundus_protocol_keeps_the_tables_own_test_rows() {
    let table = table(60);
    let splits = splits(&SplitScheme::study_fundus("set", "Test"), &table);
    let test: Vec<usize> =
        (0..table.rows.len()).filter(|&r| table.rows[r].meta["set"] == Meta::Text("Test".into())).collect();
    assert!(splits.folds.iter().all(|f| f.test == test) && splits.common_test());
    let numbers = |rows: &[usize]| numbers(&table, rows);
    assert_eq!(numbers(&splits.folds[0].validation), FUNDUS_FOLDS[0]);
    assert_eq!(numbers(&splits.folds[4].validation), FUNDUS_FOLDS[1]);
    // A number in the column is a number in the scheme.
    assert_eq!(splits.folds, self::splits(&SplitScheme::study_fundus("year", "2020.0"), &table).folds);
    assert!(
        splits
            .summary(&table)
            .scheme
            .contains("the rows with `Test` in `set` are the one test set of all 5 folds")
    );
}

#[test]
fn without_a_test_part_each_row_is_tested_once() {
    let table = table(60);
    for shuffle in [None, Some(1907)] {
        let scheme = SplitScheme::StratifiedGroupKfold { shuffle, test_where: None };
        let splits = splits(&scheme, &table);
        let mut tested: Vec<usize> = splits.folds.iter().flat_map(|f| f.test.clone()).collect();
        tested.sort_unstable();
        assert!(tested.into_iter().eq(0..table.rows.len()) && !splits.common_test());
        for fold in &splits.folds {
            assert!(!fold.validation.is_empty());
            assert!(of(&table, &fold.train).is_disjoint(&of(&table, &fold.validation)));
        }
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let whole = table(60);
    let refused = |scheme: &SplitScheme, table: &Table| {
        scheme.splits(table, 5, 0.15, Seed::root(3)).unwrap_err().to_string()
    };
    let fundus = |column: &str, value: &str| SplitScheme::study_fundus(column, value);
    let none = refused(&fundus("set", "test"), &whole);
    assert!(none.contains("no row has `test` in column `set`"), "{none}");
    let column = refused(&fundus("folder", "Test"), &whole);
    assert!(column.contains("sample `p0-0` has no value in column `folder`"), "{column}");
    let mut torn = whole.clone();
    let row = torn.rows.iter().position(|r| r.patient == "1").unwrap();
    torn.rows[row].meta.insert("set".into(), Meta::Text("Test".into()));
    let torn = refused(&fundus("set", "Test"), &torn);
    assert!(torn.contains("patient `1`") && torn.contains("in test"), "{torn}");
    let few = refused(&SplitScheme::study_chest(), &table(5));
    assert!(few.contains("greater than the number of groups: 4"), "{few}");
    let share = SplitScheme::GroupHoldoutKfold { test: 1.0, seed: 1 }.check().unwrap_err();
    assert!(share.0.contains("a test share of 1"), "{share:?}");
}

#[test]
fn a_scheme_is_data() {
    let read = |text: &str| serde_json::from_str::<SplitScheme>(text);
    assert_eq!(read(r#"{"scheme":"group-holdout-kfold"}"#).unwrap(), SplitScheme::study_chest());
    assert_eq!(read(r#"{"scheme":"balanced"}"#).unwrap(), SplitScheme::default());
    let fundus = r#"{"scheme":"stratified-group-kfold","test_where":{"column":"set","value":"Test"}}"#;
    assert_eq!(read(fundus).unwrap(), SplitScheme::study_fundus("set", "Test"));
    assert_eq!(serde_json::to_string(&SplitScheme::study_fundus("set", "Test")).unwrap(), fundus);
    for wrong in [r#"{"scheme":"kfold"}"#, r#"{"scheme":"group-holdout-kfold","tets":0.1}"#] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
