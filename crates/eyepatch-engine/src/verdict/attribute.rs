//! Groups of images by what a column says of them, or a number that was measured.

use std::collections::BTreeSet;

use eyepatch_core::{Meta, Table};

/// Groups of equal size that numbers are cut into.
const GROUPS: usize = 5;

/// An attribute: a group a row, `None` where there is no value.
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) groups: Vec<Option<usize>>,
    /// What each group is: a text, or the smallest and the largest of its numbers.
    pub(crate) values: Vec<String>,
}

impl Attribute {
    /// A column of the table: its texts, or its numbers in fifths.
    ///
    /// # Errors
    /// Where no row has a value, in words.
    pub(super) fn column(table: &Table, name: &str) -> Result<Self, String> {
        if let Some(texts) = Self::texts(table, name) {
            return Ok(texts);
        }
        let number = |row: usize| match of(table, row, name) {
            Meta::Number(x) => Some(*x),
            _ => None,
        };
        Self::numbers(name, &(0..table.rows.len()).map(number).collect::<Vec<_>>())
    }

    /// The texts of a column, a group each, in order; `None` where it has none.
    pub(crate) fn texts(table: &Table, name: &str) -> Option<Self> {
        let text = |row: usize| match of(table, row, name) {
            Meta::Text(t) => Some(t.as_str()),
            _ => None,
        };
        let rows = 0..table.rows.len();
        let texts: BTreeSet<&str> = rows.clone().filter_map(text).collect();
        let texts: Vec<&str> = texts.into_iter().collect();
        let groups = rows.map(|row| texts.binary_search(&text(row)?).ok()).collect();
        let values: Vec<String> = texts.iter().map(|t| (*t).to_owned()).collect();
        (!values.is_empty()).then(|| Self { name: name.to_owned(), groups, values })
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

fn of<'a>(table: &'a Table, row: usize, name: &str) -> &'a Meta {
    table.rows[row].meta.get(name).unwrap_or(&Meta::Missing)
}
