//! The table's own columns.

use std::collections::BTreeSet;

use eyepatch_core::{Meta, Table};

use crate::column::{Column, Values};
use crate::families::Source;

/// Whole numbers of so many different values are tried as kinds, too: codes of hospitals have no order.
const CODES: std::ops::RangeInclusive<usize> = 3..=20;

/// Every metadata column as it is, whether a value is missing, and the place in the table.
pub(crate) fn columns(table: &Table) -> Vec<Column> {
    let names: BTreeSet<&String> = table.rows.iter().flat_map(|r| r.meta.keys()).collect();
    let mut columns: Vec<Column> = names.into_iter().flat_map(|name| of_name(table, name)).collect();
    columns.push(Column {
        name: "place in the table".into(),
        family: "place in the table".into(),
        source: Source::Order,
        values: Values::Numbers {
            of: (0..table.rows.len()).map(|row| Some(row as f64)).collect(),
            high: "rows further down".into(),
            low: "rows further up".into(),
        },
    });
    columns
}

fn of_name(table: &Table, name: &String) -> Vec<Column> {
    let values: Vec<&Meta> = table.rows.iter().map(|r| r.meta.get(name).unwrap_or(&Meta::Missing)).collect();
    let of = |name: String, values| Column { family: name.clone(), name, source: Source::Table, values };
    let mut columns = Vec::new();
    let missing: Vec<bool> = values.iter().map(|v| matches!(v, Meta::Missing)).collect();
    if missing.contains(&true) && missing.contains(&false) {
        let of_missing = missing.iter().map(|m| Some(f64::from(u8::from(*m)))).collect();
        let (high, low) = (format!("no `{name}`"), format!("some `{name}`"));
        columns.push(of(format!("{name} is missing"), Values::Numbers { of: of_missing, high, low }));
    }
    let numbers: Vec<Option<f64>> =
        values.iter().map(|v| if let Meta::Number(x) = v { Some(*x) } else { None }).collect();
    // A column of numbers and words is one of words.
    if values.iter().any(|v| matches!(v, Meta::Text(_))) {
        let texts: Vec<Option<String>> = values.iter().map(|v| text(v)).collect();
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        columns.extend(Column::of_texts(name.clone(), name.clone(), Source::Table, &texts, |t| {
            format!("{name} `{t}`")
        }));
        return columns;
    }
    let different: BTreeSet<u64> = numbers.iter().flatten().map(|x| x.to_bits()).collect();
    if different.len() < 2 {
        return columns;
    }
    let whole = numbers.iter().flatten().all(|x| x.fract() == 0.0);
    if whole && CODES.contains(&different.len()) {
        let texts: Vec<Option<String>> = numbers.iter().map(|x| x.map(|x| x.to_string())).collect();
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        let as_kinds = format!("{name} as kinds");
        columns.extend(Column::of_texts(as_kinds, name.clone(), Source::Table, &texts, |t| {
            format!("{name} {t}")
        }));
    }
    let (high, low) = (format!("higher `{name}`"), format!("lower `{name}`"));
    columns.push(of(name.clone(), Values::Numbers { of: numbers, high, low }));
    columns
}

fn text(value: &Meta) -> Option<String> {
    match value {
        Meta::Missing => None,
        Meta::Number(x) => Some(x.to_string()),
        Meta::Text(t) => Some(t.clone()),
    }
}
