//! The real tables, where they are there: EYEPATCH_DATA names the folder that holds `label_tables`. What is expected was
//! counted by pandas (`golden/tables.py`).

use std::collections::BTreeSet;
use std::path::PathBuf;

use eyepatch_core::{Meta, Roi};
use plugin_chest::chexmask::CheXmask;
use plugin_chest::{FINDINGS, LabelTable, Match, chestxray14, padchest, padchest_published};
use serde_json::Value;

fn tables() -> Option<PathBuf> {
    let tables = std::env::var_os("EYEPATCH_DATA").map(|d| PathBuf::from(d).join("label_tables"));
    if tables.is_none() {
        println!("skipped: EYEPATCH_DATA is not set");
    }
    tables
}

fn golden(part: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("golden/golden.json")).unwrap();
    all[part].clone()
}

fn patients(labels: &LabelTable) -> usize {
    labels.table.rows.iter().map(|row| &row.patient).collect::<BTreeSet<_>>().len()
}

#[track_caller]
fn expect_counts(labels: &LabelTable, golden: &Value) {
    let expected: Vec<usize> = serde_json::from_value(golden["positives"].clone()).unwrap();
    assert_eq!(labels.table.classes, FINDINGS);
    assert_eq!(labels.positives(), expected);
    assert_eq!(labels.with_any(), golden["any"]);
}

#[test]
fn the_nih_table_counts_as_pandas_counts_it() {
    let Some(tables) = tables() else { return };
    let set = chestxray14(&tables).label_table(tables.join("Data_Entry_2017_v2020.csv.gz"));
    let (labels, golden) = (set.read_labels().unwrap(), golden("nih"));
    let rows = &labels.table.rows;
    assert_eq!((rows.len(), patients(&labels)), (112_120, 30_805));
    assert_eq!((golden["rows"].clone(), golden["patients"].clone()), (112_120.into(), 30_805.into()));
    expect_counts(&labels, &golden);
    let sum = |name: &str| {
        let number = |m: &Meta| if let Meta::Number(x) = m { *x } else { 0.0 };
        rows.iter().map(|row| number(&row.meta[name])).sum::<f64>()
    };
    assert_eq!(Some(sum("follow_up")), golden["follow_up_sum"].as_f64());
    assert_eq!(Some(sum("age")), golden["age_sum"].as_f64());
    let view = |view: &str| rows.iter().filter(|row| row.meta["view"] == Meta::Text(view.into())).count();
    assert_eq!(
        (golden["views"]["PA"].clone(), golden["views"]["AP"].clone()),
        (view("PA").into(), view("AP").into())
    );
    assert_eq!(rows[0].line, Some(2));
    labels.table.check().unwrap();
}

#[test]
fn the_padchest_excerpt_is_filtered_as_the_study_says() {
    let Some(tables) = tables() else { return };
    let file = tables.join("padchest_excerpt_reconstructed.csv");
    let golden_rows = golden("padchest_published");
    for (by, name) in
        [(Match::Exact, "exact"), (Match::Substring, "substring"), (Match::Hierarchy, "hierarchy")]
    {
        let labels = padchest_published(&tables).label_table(&file).match_by(by).read_labels().unwrap();
        assert_eq!(
            (labels.read, labels.table.rows.len()),
            (115, golden_rows["rows"].as_u64().unwrap() as usize)
        );
        assert_eq!(patients(&labels), golden_rows["patients"]);
        let expected = golden_rows["dropped"].as_object().unwrap();
        for (filter, dropped) in &labels.dropped {
            assert_eq!(
                *dropped,
                expected.get(filter).map_or(0, |n| n.as_u64().unwrap() as usize),
                "{filter}"
            );
        }
        expect_counts(&labels, &golden_rows[name]);
    }
    let strict = padchest(&tables).label_table(&file).read_labels().unwrap();
    let golden_rows = golden("padchest_strict");
    assert_eq!(strict.table.rows.len(), golden_rows["rows"].as_u64().unwrap() as usize);
    expect_counts(&strict, &golden_rows);
    let unchanged = strict.dropped.iter().find(|(name, _)| name == "excluded by `Unchanged`");
    assert!(unchanged.is_some_and(|(_, n)| *n > 0), "{:?}", strict.dropped);
}

#[test]
fn every_mask_of_the_excerpts_decodes_to_pandas_areas() {
    let Some(tables) = tables() else { return };
    let structures = plugin_chest::chexmask::STRUCTURES.map(str::to_owned);
    let golden = golden("chexmask");
    for file in ["Padchest.csv", "ChestX-Ray8.csv"] {
        let index = CheXmask::index(&tables.join("chexmask_excerpt").join(file), |_| true).unwrap();
        let expected = golden[file].as_array().unwrap();
        assert_eq!((index.rows(), expected.len(), index.common_size()), (50, 50, Some((1024, 1024))));
        for row in expected {
            let id = row[0].as_str().unwrap();
            let entry = index.get(id).unwrap();
            assert_eq!(Some(entry.rca), row[3].as_f64(), "{id}");
            let size = (row[2].as_u64().unwrap() as usize, row[1].as_u64().unwrap() as usize);
            let roi = Roi::new(index.masks(id, entry, &structures, size).unwrap()).unwrap();
            let areas: Vec<usize> = structures.iter().map(|s| roi.structures()[s].area()).collect();
            let whole = roi.union(&[]).unwrap().area();
            let expected: Vec<usize> = (4..8).map(|i| row[i].as_u64().unwrap() as usize).collect();
            assert_eq!([areas, vec![whole]].concat(), expected, "{id}");
        }
    }
}
