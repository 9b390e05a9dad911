//! Folds that each leave one camera, one hospital, one value of a column out of the training.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use eyepatch_core::{Meta, Seed, Table};

use super::splits::{Fold, hold_out};
use crate::{Error, Result};

/// One fold for each of the `folds` values of a column that most rows have, in the order of the values: its rows are tested; of the
/// other values' rows those train and watch whose patients have no row that is tested.
///
/// # Errors
/// [`Error::Declaration`] where a row has no text in the column, or it has fewer values than folds.
pub(super) fn leave_one_out(
    table: &Table,
    column: &str,
    (folds, validation): (usize, f64),
    seed: &Seed,
) -> Result<Vec<Fold>> {
    let mut rows: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, row) in table.rows.iter().enumerate() {
        match row.meta.get(column) {
            Some(Meta::Text(text)) => rows.entry(text).or_default().push(index),
            _ => {
                let problem = format!("sample `{}` has no text in column `{column}`", row.id);
                return Err(wrong(problem, "name a column that says of every row where it comes from"));
            }
        }
    }
    if rows.len() < folds.max(2) {
        let problem = format!("{folds} folds by `{column}`, which has {} values", rows.len());
        return Err(wrong(problem, "declare as many folds as the column has values, at least 2"));
    }
    let mut values: Vec<&str> = rows.keys().copied().collect();
    values.sort_by_key(|value| Reverse(rows[value].len()));
    values.truncate(folds);
    values.sort_unstable();
    values.into_iter().map(|value| fold(table, &rows[value], validation, seed.child(value))).collect()
}

fn fold(table: &Table, test: &[usize], validation: f64, seed: Seed) -> Result<Fold> {
    let tested: BTreeSet<&str> = test.iter().map(|&r| table.rows[r].patient.as_str()).collect();
    let rest: Vec<usize> =
        (0..table.rows.len()).filter(|&r| !tested.contains(table.rows[r].patient.as_str())).collect();
    let (train, watched) = hold_out(table, &rest, validation, seed)?;
    Ok(Fold { train, validation: watched, test: test.to_vec() })
}

fn wrong(problem: String, remedy: &str) -> Error {
    Error::Declaration { audit: "splits".into(), problem, remedy: remedy.into() }
}

#[cfg(test)]
mod tests {
    use eyepatch_core::Row;

    use super::*;

    /// 60 patients of two images; every tenth was seen by two cameras.
    fn table() -> Table {
        let row = |i: usize| {
            let patient = i / 2;
            let camera = if patient % 10 == 9 && i % 2 == 1 { 0 } else { patient % 3 };
            let meta = BTreeMap::from([("camera".to_owned(), Meta::Text(["A", "B", "C"][camera].into()))]);
            let labels = vec![Some((patient / 3).is_multiple_of(2))];
            let (id, patient) = (format!("s{i}"), format!("p{patient}"));
            Row { id, patient, labels, meta, image: None, roi: None, line: None }
        };
        Table { classes: vec!["c".into()], rows: (0..120).map(row).collect() }
    }

    fn value(table: &Table, row: usize) -> &Meta {
        &table.rows[row].meta["camera"]
    }

    #[test]
    fn each_value_is_tested_by_a_model_that_saw_neither_it_nor_its_patients() {
        let table = table();
        let folds = leave_one_out(&table, "camera", (3, 0.2), &Seed::root(1)).unwrap();
        assert_eq!(folds.len(), 3);
        for (fold, name) in folds.iter().zip(["A", "B", "C"]) {
            let text = Meta::Text(name.into());
            let all: Vec<usize> = (0..120).filter(|&r| *value(&table, r) == text).collect();
            assert_eq!(fold.test, all);
            let tested: BTreeSet<&String> = all.iter().map(|&r| &table.rows[r].patient).collect();
            let seen = || fold.train.iter().chain(&fold.validation);
            assert!(seen().all(|&r| *value(&table, r) != text && !tested.contains(&table.rows[r].patient)));
            let others = (0..120).filter(|&r| !tested.contains(&table.rows[r].patient)).count();
            assert_eq!(seen().count(), others);
            assert!(!fold.validation.is_empty());
        }
    }

    #[test]
    fn fewer_folds_take_the_commonest_values_and_more_are_refused() {
        let table = table();
        let two = leave_one_out(&table, "camera", (2, 0.2), &Seed::root(1)).unwrap();
        assert!(two.len() == 2 && *value(&table, two[0].test[0]) == Meta::Text("A".into()));
        for (column, folds) in [("camera", 4), ("site", 2)] {
            let error = leave_one_out(&table, column, (folds, 0.2), &Seed::root(1)).unwrap_err();
            assert!(error.to_string().contains(&format!("`{column}`")), "{error}");
        }
    }
}
