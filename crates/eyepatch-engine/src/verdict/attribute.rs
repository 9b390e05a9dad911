//! Groups of images by what a column says of them, or a number that was measured.

use std::collections::BTreeSet;

use eyepatch_core::{Meta, Table};

/// Groups of equal size that numbers are cut into.
const GROUPS: usize = 5;

/// An attribute: a group a row, `None` where there is no value.
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) groups: Vec<Option<usize>>,
    /// What each group is: a text, or the smallest and the largest of its numbers.
    pub(super) values: Vec<String>,
}

impl Attribute {
    /// A column of the table: its texts, or its numbers in fifths.
    ///
    /// # Errors
    /// Where no row has a value, in words.
    pub(super) fn column(table: &Table, name: &str) -> Result<Self, String> {
        let of = |row: usize| table.rows[row].meta.get(name).unwrap_or(&Meta::Missing);
        let rows = 0..table.rows.len();
        let texts: BTreeSet<&str> = rows
            .clone()
            .filter_map(|r| if let Meta::Text(t) = of(r) { Some(t.as_str()) } else { None })
            .collect();
        if texts.is_empty() {
            let number = |r: usize| if let Meta::Number(x) = of(r) { Some(*x) } else { None };
            return Self::numbers(name, &rows.map(number).collect::<Vec<_>>());
        }
        let texts: Vec<&str> = texts.into_iter().collect();
        let group =
            |r: usize| if let Meta::Text(t) = of(r) { texts.binary_search(&t.as_str()).ok() } else { None };
        Ok(Self {
            name: name.to_owned(),
            groups: rows.map(group).collect(),
            values: texts.iter().map(|t| (*t).to_owned()).collect(),
        })
    }

    /// Numbers, cut into fifths; equal numbers stay together.
    ///
    /// # Errors
    /// Where no row has a value, in words.
    pub(super) fn numbers(name: &str, values: &[Option<f64>]) -> Result<Self, String> {
        let mut sorted: Vec<f64> = values.iter().flatten().copied().filter(|v| v.is_finite()).collect();
        if sorted.is_empty() {
            return Err(format!("the table has no column `{name}` with values"));
        }
        sorted.sort_unstable_by(f64::total_cmp);
        let cuts: Vec<f64> = (1..GROUPS).map(|k| sorted[k * sorted.len() / GROUPS]).collect();
        let group = |v: f64| cuts.iter().filter(|cut| v >= **cut).count();
        let span = |g: usize| {
            let within = || sorted.iter().copied().filter(|v| group(*v) == g);
            let (least, most) = (within().next(), within().next_back());
            least.zip(most).map_or_else(String::new, |(least, most)| format!("{least} to {most}"))
        };
        Ok(Self {
            name: name.to_owned(),
            groups: values.iter().map(|v| v.filter(|v| v.is_finite()).map(group)).collect(),
            values: (0..GROUPS).map(span).collect(),
        })
    }
}
