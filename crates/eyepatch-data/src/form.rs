//! What every table must be like, however it is read.

use std::path::Path;

use eyepatch_core::{Error, Result};

use crate::sheet::{quoted, table_error};

/// The separator that the header, outside of quotes, holds most of; a comma where there is none.
pub(crate) fn delimiter(text: &str) -> u8 {
    let header = text.trim_start().lines().next().unwrap_or("");
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut inside = false;
    for byte in header.bytes() {
        inside ^= byte == b'"';
        counts.iter_mut().filter(|(d, _)| *d == byte && !inside).for_each(|(_, n)| *n += 1);
    }
    let mut best = counts[0];
    for next in &counts[1..] {
        if next.1 > best.1 {
            best = *next;
        }
    }
    best.0
}

/// A separator in words.
pub(crate) fn delimiter_name(delimiter: u8) -> &'static str {
    match delimiter {
        b';' => "semicolons",
        b'\t' => "tabs",
        _ => "commas",
    }
}

/// No column is named twice.
pub(crate) fn check_names(path: &Path, headers: &[String], line: usize) -> Result<()> {
    let mut all = headers.iter().enumerate();
    match all.find(|(i, name)| !name.is_empty() && headers[..*i].contains(name)) {
        None => Ok(()),
        Some((_, name)) => {
            let remedy = "rename or remove one of the two";
            Err(table_error(path, Some(line), Some(name), "the header names this column twice", remedy))
        }
    }
}

/// The error for a row of more or fewer cells than the header.
pub(crate) fn wrong_length(path: &Path, line: usize, found: usize, wanted: usize, delimiter: u8) -> Error {
    table_error(
        path,
        Some(line),
        None,
        format!("the row has {found} cells and the header {wanted}"),
        format!(
            "give every row {wanted} cells separated by {}; put a cell that holds the separator, a quote or a line \
             break in double quotes",
            delimiter_name(delimiter)
        ),
    )
}

/// The index of a column that a parameter names.
pub(crate) fn column(path: &Path, headers: &[String], name: &str, parameter: &str) -> Result<usize> {
    headers.iter().position(|h| h == name.trim()).ok_or_else(|| {
        table_error(
            path,
            Some(1),
            None,
            format!("there is no column {}, which `{parameter}` names", quoted(name)),
            format!("the columns are: {}", columns_text(headers)),
        )
    })
}

/// Columns' names for a message.
pub(crate) fn columns_text(headers: &[String]) -> String {
    let names: Vec<String> = headers.iter().filter(|h| !h.is_empty()).take(40).map(|h| quoted(h)).collect();
    let more = if headers.len() > 40 { ", …" } else { "" };
    format!("{}{more}", names.join(", "))
}

/// The columns among `names`, in their order; case and blanks do not matter.
pub(crate) fn candidates(headers: &[String], names: &[&str]) -> Vec<usize> {
    let plain: Vec<String> = headers.iter().map(|h| h.to_lowercase().replace([' ', '-'], "_")).collect();
    names.iter().filter_map(|name| plain.iter().position(|h| h == name)).collect()
}

/// What a row of a table looks like.
pub(crate) struct RowLook {
    delimiter: char,
    columns: usize,
    /// Prose has blanks after its commas, a table has them nowhere or in its header too.
    spaced: bool,
}

impl RowLook {
    pub(crate) fn of<'a>(header: impl Iterator<Item = &'a str> + Clone, delimiter: u8) -> Self {
        let columns = header.clone().count();
        let spaced = columns > 1 && header.skip(1).all(|h| h.starts_with(' '));
        Self { delimiter: char::from(delimiter), columns, spaced }
    }

    /// Whether a cell holds a line that looks like another row.
    pub(crate) fn is_swallowed_by(&self, cell: &str) -> bool {
        cell.contains(['\n', '\r']) && cell.split(['\n', '\r']).any(|line| self.fits(line))
    }

    fn fits(&self, line: &str) -> bool {
        let cells = || line.split(self.delimiter);
        self.columns > 1
            && cells().count() == self.columns
            && (self.spaced || !cells().skip(1).all(|cell| cell.starts_with(' ')))
    }
}

/// The error for a row that holds another.
pub(crate) fn swallowed(path: &Path, line: usize) -> Error {
    table_error(
        path,
        Some(line),
        None,
        "a quoted cell of this row holds a line that looks like another row",
        "close the quote at the end of its cell; where the line belongs to the cell, replace its line breaks by blanks",
    )
}

/// The error for a quote that takes in the rest of the file.
pub(crate) fn never_closed(path: &Path, line: usize) -> Error {
    table_error(
        path,
        Some(line),
        None,
        "a quote that opens in this row is never closed, so all that follows would be one cell",
        "close the quote; write a quote inside of a quoted cell twice",
    )
}
