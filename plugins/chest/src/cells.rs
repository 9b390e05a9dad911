//! From a cell to a typed value.

use std::collections::BTreeMap;

use eyepatch_core::Meta;
use eyepatch_data::{Stream, StreamRow};

/// What the published tables write where nothing is known; those that pandas takes for missing, too.
const MISSING: [&str; 10] = ["", "nan", "NaN", "NAN", "None", "NA", "N/A", "n/a", "null", "NULL"];

/// Whether a cell says nothing.
pub(crate) fn is_missing(cell: &str) -> bool {
    MISSING.contains(&cell.trim())
}

/// A finite number.
pub(crate) fn number(cell: &str) -> Option<f64> {
    cell.trim().parse().ok().filter(|x: &f64| x.is_finite())
}

/// A published column, the name under which it becomes metadata, and whether it holds numbers.
pub(crate) type Known = (&'static str, &'static str, bool);

/// Metadata columns of a table.
pub(crate) struct MetaColumns {
    /// Column, name, whether it holds numbers, cells that should and do not.
    columns: Vec<(usize, &'static str, bool, usize)>,
}

impl MetaColumns {
    /// Those of `known` that the table has.
    pub(crate) fn find(stream: &Stream, known: &[Known]) -> Self {
        let index = |name: &str| stream.headers().iter().position(|h| h == name);
        let columns =
            known.iter().filter_map(|&(column, name, numbers)| Some((index(column)?, name, numbers, 0)));
        Self { columns: columns.collect() }
    }

    /// The metadata of a row.
    pub(crate) fn of(&mut self, row: &StreamRow<'_>) -> Vec<(&'static str, Meta)> {
        let mut meta = Vec::with_capacity(self.columns.len() + 2);
        for (column, name, numbers, odd) in &mut self.columns {
            let cell = row.cell(*column);
            let value = match (cell.trim(), *numbers) {
                (text, _) if is_missing(text) => Meta::Missing,
                (text, false) => Meta::Text(text.to_owned()),
                (text, true) => number(text).map_or_else(
                    || {
                        *odd += 1;
                        Meta::Missing
                    },
                    Meta::Number,
                ),
            };
            meta.push((*name, value));
        }
        meta
    }

    /// A note for each column with cells that are no numbers.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> + '_ {
        let odd = self.columns.iter().filter(|(_, _, _, odd)| *odd > 0);
        odd.map(|(_, name, _, odd)| {
            format!("metadata `{name}`: {odd} cells hold no number and count as missing")
        })
    }
}

/// The score of a row's mask, which is known once masks are looked for.
pub(crate) const MASK_RCA: &str = "mask_rca";

/// Metadata as a row keeps them. All go in at once, the mask's score with its place kept: a map that grows takes more memory,
/// and there are 160,000.
pub(crate) fn collected(meta: Vec<(&'static str, Meta)>) -> BTreeMap<String, Meta> {
    let all = meta.into_iter().chain([(MASK_RCA, Meta::Missing)]);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A number, where there is one.
pub(crate) fn maybe(number: Option<f64>) -> Meta {
    number.map_or(Meta::Missing, Meta::Number)
}
