//! What a label table comes to before any image is looked for.

use std::collections::HashMap;
use std::path::PathBuf;

use eyepatch_core::{Result, Table};
use eyepatch_data::{Stream, quoted};

/// A label table without its images: for counting, and for data sets whose images are not at hand.
#[derive(Debug)]
pub struct LabelTable {
    /// The file.
    pub path: PathBuf,
    /// The rows that every filter keeps. They name no files yet.
    pub table: Table,
    /// Rows below the header, before any filter.
    pub read: usize,
    /// What each filter dropped, in the order in which they are applied.
    pub dropped: Vec<(String, usize)>,
    /// What the data card says of it.
    pub notes: Vec<String>,
    /// Where each row's image is looked for, below the images folder.
    pub(crate) names: Vec<String>,
}

impl LabelTable {
    /// Rows of each class, in the classes' order, that have it.
    #[must_use]
    pub fn positives(&self) -> Vec<usize> {
        let count = |class: usize| self.table.rows.iter().filter(|r| r.labels[class] == Some(true)).count();
        (0..self.table.classes.len()).map(count).collect()
    }

    /// Rows with any of the classes.
    #[must_use]
    pub fn with_any(&self) -> usize {
        self.table.rows.iter().filter(|r| r.labels.contains(&Some(true))).count()
    }

    /// The filters' counts as a sentence.
    pub(crate) fn filter_note(&self) -> String {
        let dropped = self.dropped.iter().filter(|(_, n)| *n > 0);
        let dropped: Vec<String> = dropped.map(|(why, n)| format!("{n} {why}")).collect();
        let (read, kept) = (self.read, self.table.rows.len());
        if dropped.is_empty() {
            return format!("{read} rows in the label table, all kept");
        }
        format!("{read} rows in the label table, {kept} kept; dropped in this order: {}", dropped.join(", "))
    }
}

/// Counts of filters by name, in the order in which they were made known.
pub(crate) struct Counts(Vec<(String, usize)>);

impl Counts {
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| (name, 0)).collect())
    }

    pub(crate) fn add(&mut self, filter: usize) {
        self.0[filter].1 += 1;
    }

    pub(crate) fn into_dropped(self) -> Vec<(String, usize)> {
        self.0
    }
}

/// Ids that are there and differ.
#[derive(Default)]
pub(crate) struct Ids(HashMap<String, usize>);

impl Ids {
    /// Takes in the id of a line.
    pub(crate) fn add(
        &mut self,
        stream_path: &std::path::Path,
        column: &str,
        id: &str,
        line: usize,
    ) -> Result<()> {
        let error = |problem: String, remedy: &str| {
            Err(eyepatch_data::table_error(stream_path, Some(line), Some(column), problem, remedy))
        };
        if id.is_empty() {
            return error("the image is missing".into(), "give every row its image, or remove the row");
        }
        match self.0.insert(id.to_owned(), line) {
            None => Ok(()),
            Some(first) => error(
                format!("image {} is also that of line {first}", quoted(id)),
                "remove one of the two rows",
            ),
        }
    }
}

/// The remedy where no row is left.
pub(crate) fn none_left(stream: &Stream, table: &LabelTable) -> eyepatch_core::Error {
    let problem = format!("no row is left: {}", table.filter_note());
    stream.error(None, None, problem, "check that this is the archive's own table, or loosen a filter")
}
