//! A CSV file in memory, with the line of every row.

use std::io::Read;
use std::path::{Path, PathBuf};

use eyepatch_core::{Error, Result};

use crate::form::{
    self, RowLook, candidates, check_names, column, columns_text, delimiter, never_closed, swallowed,
    wrong_length,
};

/// A row: its 1-based line in the file and its cells.
pub struct Record {
    /// 1-based line in the file.
    pub line: usize,
    cells: csv::StringRecord,
}

impl Record {
    /// The cell of a column, as it stands in the file.
    pub fn cell(&self, column: usize) -> &str {
        &self.cells[column]
    }
}

/// A table with a header. Every row has as many cells as the header.
pub struct Sheet {
    /// The file.
    pub path: PathBuf,
    /// Column names, trimmed.
    pub headers: Vec<String>,
    /// The rows below the header.
    pub records: Vec<Record>,
    /// `,`, `;` or a tab: whichever the header holds most of.
    pub delimiter: u8,
}

/// A value for a message: shortened, control characters escaped.
pub fn quoted(value: &str) -> String {
    let shown: String = value.chars().take(80).collect();
    let more = if shown.len() < value.len() { "…" } else { "" };
    format!("`{}{more}`", shown.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\""))
}

/// A table error.
pub fn table_error(
    path: &Path,
    row: Option<usize>,
    column: Option<&str>,
    problem: impl Into<String>,
    remedy: impl Into<String>,
) -> Error {
    Error::Table {
        path: path.to_owned(),
        row,
        column: column.map(ToOwned::to_owned),
        problem: problem.into(),
        remedy: remedy.into(),
    }
}

impl Sheet {
    /// Reads a file: UTF-8 with or without a byte order mark, any line ends.
    ///
    /// # Errors
    /// [`Error::Io`], and as [`Sheet::parse`].
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
        Self::parse(path, &bytes)
    }

    /// A table from its bytes; `path` is named in errors.
    ///
    /// # Errors
    /// [`Error::Table`] naming line, column and remedy.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let text = text(path, bytes)?;
        let delimiter = delimiter(text);
        // `csv` takes the end of the file for the end of an open quote. A last line of our own tells whether one is
        // open: no table holds a zero byte, and an open quote takes the line in.
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes().chain(END));
        let mut lines = Lines { text: text.as_bytes(), byte: 0, line: 1 };
        let mut records = Vec::new();
        let mut record = csv::StringRecord::new();
        loop {
            let byte = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
            let more = reader.read_record(&mut record);
            if !more.map_err(|e| table_error(path, None, None, e.to_string(), "save it as CSV again"))? {
                break;
            }
            records.push(Record { line: lines.of_record_at(byte), cells: record.clone() });
        }
        check_closed(path, records.pop())?;
        if records.is_empty() {
            let remedy = "write a header and at least one row";
            return Err(table_error(path, None, None, "the file is empty", remedy));
        }
        let header = records.remove(0);
        check_swallowed(path, &header, &records, delimiter)?;
        let headers: Vec<String> = header.cells.iter().map(|h| h.trim().to_owned()).collect();
        let sheet = Self { path: path.to_owned(), headers, records, delimiter };
        sheet.check_headers(header.line)?;
        sheet.check_lengths()?;
        Ok(sheet)
    }

    fn check_headers(&self, line: usize) -> Result<()> {
        check_names(&self.path, &self.headers, line)
    }

    fn check_lengths(&self) -> Result<()> {
        let wanted = self.headers.len();
        match self.records.iter().find(|r| r.cells.len() != wanted) {
            None => Ok(()),
            Some(r) => Err(wrong_length(&self.path, r.line, r.cells.len(), wanted, self.delimiter)),
        }
    }

    /// The separator in words.
    pub fn delimiter_name(&self) -> &'static str {
        form::delimiter_name(self.delimiter)
    }

    /// An error in this file.
    pub fn error(
        &self,
        row: Option<usize>,
        column: Option<&str>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Error {
        table_error(&self.path, row, column, problem, remedy)
    }

    /// The index of a column that a parameter names.
    pub fn column(&self, name: &str, parameter: &str) -> Result<usize> {
        column(&self.path, &self.headers, name, parameter)
    }

    /// The columns' names for a message.
    pub fn columns_text(&self) -> String {
        columns_text(&self.headers)
    }

    /// The columns among `candidates`, in their order; case and blanks do not matter.
    pub fn candidates(&self, names: &[&str]) -> Vec<usize> {
        candidates(&self.headers, names)
    }
}

/// A line that no table has (`text` refuses zero bytes).
const END: &[u8] = b"\n\0";

/// The last record is our own line, unless a quote is open.
fn check_closed(path: &Path, last: Option<Record>) -> Result<()> {
    match last {
        Some(record) if record.cells != ["\0"][..] => Err(never_closed(path, record.line)),
        _ => Ok(()),
    }
}

/// A quote that is closed only by the next one takes the rows between them into one cell.
fn check_swallowed(path: &Path, header: &Record, rows: &[Record], delimiter: u8) -> Result<()> {
    let look = RowLook::of(header.cells.iter(), delimiter);
    match rows.iter().find(|r| r.cells.iter().any(|cell| look.is_swallowed_by(cell))) {
        None => Ok(()),
        Some(row) => Err(swallowed(path, row.line)),
    }
}

fn text<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str> {
    let utf8 = "save the table as UTF-8 (in a spreadsheet: \"CSV UTF-8\")";
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(table_error(path, Some(1), None, "the file is UTF-16", utf8));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = 1 + bytes[..e.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
        let byte = bytes[e.valid_up_to()];
        table_error(path, Some(line), None, format!("byte {byte:#04x} is no UTF-8 text"), utf8)
    })?;
    if let Some(at) = text.find('\0') {
        let line = 1 + text[..at].matches('\n').count();
        return Err(table_error(path, Some(line), None, "the file holds a zero byte: it is no CSV", utf8));
    }
    Ok(text)
}

/// Counts lines up to a record's first byte. The reader's own count is one short after CRLF and blank lines.
struct Lines<'a> {
    text: &'a [u8],
    byte: usize,
    line: usize,
}

impl Lines<'_> {
    fn of_record_at(&mut self, byte: usize) -> usize {
        let mut end = byte.min(self.text.len());
        while self.text.get(end).is_some_and(|b| matches!(b, b'\r' | b'\n')) {
            end += 1;
        }
        while self.byte < end {
            let old_mac = self.text[self.byte] == b'\r' && self.text.get(self.byte + 1) != Some(&b'\n');
            self.line += usize::from(self.text[self.byte] == b'\n' || old_mac);
            self.byte += 1;
        }
        self.line
    }
}
