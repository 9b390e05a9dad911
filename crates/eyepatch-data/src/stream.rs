//! A CSV file of any size, row by row: only the row at hand is in memory, and a row can be found again by its place.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use eyepatch_core::{Error, Result};

use crate::form::{
    RowLook, candidates, check_names, column, columns_text, delimiter, delimiter_name, never_closed,
    swallowed, wrong_length,
};
use crate::places::{Place, Places};
use crate::scan::{Cell, Scanner, Step};
use crate::sheet::table_error;

/// The most bytes a row may have. What is larger is no row, and would fill the memory.
const MAX_ROW: usize = 16 << 20;
/// Bytes read at once.
const CHUNK: usize = 1 << 18;

/// A row below the header. It has as many cells as the header.
#[derive(Debug)]
pub struct StreamRow<'a> {
    /// Where it lies.
    pub place: Place,
    text: &'a str,
    cells: &'a [Cell],
}

impl<'a> StreamRow<'a> {
    /// The cell of a column, as it stands in the file, without its quotes.
    ///
    /// # Panics
    /// Where there is no such column.
    #[must_use]
    pub fn cell(&self, column: usize) -> Cow<'a, str> {
        self.cells[column].of(self.text)
    }

    /// Its 1-based line in the file.
    #[must_use]
    pub fn line(&self) -> usize {
        self.place.line as usize
    }
}

/// A table with a header that is read once from its start to its end: UTF-8 with or without a byte order mark, any line
/// ends, commas, semicolons or tabs, plain or compressed by gzip. Blank lines are passed over.
pub struct Stream {
    path: PathBuf,
    headers: Vec<String>,
    look: RowLook,
    delimiter: u8,
    compressed: bool,
    reader: Box<dyn BufRead + Send>,
    scanner: Scanner,
    /// Of the next byte.
    offset: u64,
    line: usize,
    /// Whether the last row ended with a carriage return: a line feed that follows belongs to it.
    carriage: bool,
}

impl Stream {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Table`] where it is empty, no UTF-8, or its header cannot be.
    pub fn open(path: &Path) -> Result<Self> {
        let io = |e| Error::io(path, e);
        let mut file = File::open(path).map_err(io)?;
        let mut magic = Vec::new();
        file.by_ref().take(2).read_to_end(&mut magic).map_err(io)?;
        file.rewind().map_err(io)?;
        let compressed = magic == [0x1f, 0x8b];
        let mut bytes: Box<dyn Read + Send> =
            if compressed { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
        let mut head = Vec::new();
        bytes.by_ref().take(CHUNK as u64).read_to_end(&mut head).map_err(io)?;
        let utf8 = "save the table as UTF-8 (in a spreadsheet: \"CSV UTF-8\")";
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
            return Err(table_error(path, Some(1), None, "the file is UTF-16", utf8));
        }
        let mark = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let delimiter = delimiter(&String::from_utf8_lossy(&head[mark..]));
        let mut reader = Cursor::new(head).chain(bytes);
        std::io::copy(&mut reader.by_ref().take(mark as u64), &mut std::io::sink()).map_err(io)?;
        let mut stream = Self {
            path: path.to_owned(),
            headers: Vec::new(),
            look: RowLook::of(std::iter::empty(), delimiter),
            delimiter,
            compressed,
            reader: Box::new(BufReader::with_capacity(CHUNK, reader)),
            scanner: Scanner::new(delimiter),
            offset: mark as u64,
            line: 1,
            carriage: false,
        };
        stream.read_header()?;
        Ok(stream)
    }

    fn read_header(&mut self) -> Result<()> {
        let Some(place) = self.record()? else {
            let remedy = "write a header and at least one row";
            return Err(self.error(None, None, "the file is empty", remedy));
        };
        let text = text(&self.path, &self.scanner.record, place.line as usize)?;
        let cells: Vec<Cow<str>> = self.scanner.cells.iter().map(|cell| cell.of(text)).collect();
        self.look = RowLook::of(cells.iter().map(AsRef::as_ref), self.delimiter);
        self.headers = cells.iter().map(|h| h.trim().to_owned()).collect();
        check_names(&self.path, &self.headers, place.line as usize)
    }

    /// The next row.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Table`] with the row's line where it is none.
    pub fn row(&mut self) -> Result<Option<StreamRow<'_>>> {
        let Some(place) = self.record()? else { return Ok(None) };
        let line = place.line as usize;
        let text = text(&self.path, &self.scanner.record, line)?;
        let cells = &self.scanner.cells;
        if cells.len() != self.headers.len() {
            return Err(wrong_length(&self.path, line, cells.len(), self.headers.len(), self.delimiter));
        }
        if cells.iter().any(|cell| cell.quoted && self.look.is_swallowed_by(&cell.of(text))) {
            return Err(swallowed(&self.path, line));
        }
        Ok(Some(StreamRow { place, text, cells }))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Column names, trimmed.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The index of a column that a parameter names.
    ///
    /// # Errors
    /// [`Error::Table`] that lists the columns.
    pub fn column(&self, name: &str, parameter: &str) -> Result<usize> {
        column(&self.path, &self.headers, name, parameter)
    }

    /// The index of a column that the data set's own files have.
    ///
    /// # Errors
    /// [`Error::Table`] that says what the separator was taken for and lists the columns.
    pub fn required(&self, name: &str) -> Result<usize> {
        self.headers.iter().position(|h| h == name).ok_or_else(|| {
            let remedy = format!(
                "use the table as it was published; its cells were taken to be separated by {}, its columns are: {}",
                delimiter_name(self.delimiter),
                self.columns_text()
            );
            self.error(Some(1), None, format!("there is no column `{name}`"), remedy)
        })
    }

    /// The columns among `names`, in their order; case and blanks do not matter.
    #[must_use]
    pub fn candidates(&self, names: &[&str]) -> Vec<usize> {
        candidates(&self.headers, names)
    }

    /// The columns' names for a message.
    #[must_use]
    pub fn columns_text(&self) -> String {
        columns_text(&self.headers)
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

    /// What finds rows again by their place.
    ///
    /// # Errors
    /// [`Error::Table`] for a compressed file, which has no places.
    pub fn places(&self) -> Result<Places> {
        if self.compressed {
            let remedy = "unpack it (`gunzip`) and give the plain file";
            return Err(self.error(None, None, "rows of a compressed file cannot be found again", remedy));
        }
        Ok(Places::new(&self.path, self.delimiter, self.headers.len()))
    }

    /// Reads a record into the scanner.
    fn record(&mut self) -> Result<Option<Place>> {
        self.scanner.clear();
        let (mut offset, mut line) = (self.offset, self.line);
        loop {
            let bytes = self.reader.fill_buf().map_err(|e| Error::io(&self.path, e))?;
            if bytes.is_empty() {
                break;
            }
            if std::mem::take(&mut self.carriage) && bytes[0] == b'\n' {
                self.pass(1);
                (offset, line) = (self.offset, self.line);
                continue;
            }
            if self.scanner.is_fresh() && matches!(bytes[0], b'\n' | b'\r') {
                self.carriage = bytes[0] == b'\r';
                self.pass(1);
                self.line += 1;
                (offset, line) = (self.offset, self.line);
                continue;
            }
            let (taken, step) = self.scanner.take(bytes);
            let last = bytes[taken - 1];
            self.pass(taken);
            if self.scanner.record.len() > MAX_ROW {
                return Err(self.error(
                    Some(line),
                    None,
                    format!("the row has more than {} MiB", MAX_ROW >> 20),
                    "close the quote that opens in it; where none does, check that the file is a table",
                ));
            }
            match step {
                Step::More => {}
                Step::TextAfterQuote => {
                    let problem = "a cell of this row goes on after its closing quote";
                    let remedy = "write a quote inside of a quoted cell twice";
                    return Err(self.error(Some(line), None, problem, remedy));
                }
                Step::End => {
                    self.carriage = last == b'\r';
                    self.line += 1 + breaks(&self.scanner.record);
                    return self.place(offset, line).map(Some);
                }
            }
        }
        if self.scanner.is_fresh() {
            return Ok(None);
        }
        if !self.scanner.finish() {
            return Err(never_closed(&self.path, line));
        }
        self.place(offset, line).map(Some)
    }

    fn pass(&mut self, bytes: usize) {
        self.reader.consume(bytes);
        self.offset += bytes as u64;
    }

    fn place(&self, offset: u64, line: usize) -> Result<Place> {
        let line = u32::try_from(line)
            .map_err(|_| self.error(None, None, "the table has more than 2^32 lines", "cut it into parts"))?;
        let length = u32::try_from(self.scanner.record.len()).unwrap_or(u32::MAX);
        Ok(Place { offset, length, line })
    }
}

/// Line ends within a record.
fn breaks(record: &[u8]) -> usize {
    let feeds = memchr::memchr_iter(b'\n', record).count();
    let old_mac = |&at: &usize| record.get(at + 1) != Some(&b'\n');
    feeds + memchr::memchr_iter(b'\r', record).filter(old_mac).count()
}

fn text<'a>(path: &Path, record: &'a [u8], line: usize) -> Result<&'a str> {
    let utf8 = "save the table as UTF-8 (in a spreadsheet: \"CSV UTF-8\")";
    if memchr::memchr(0, record).is_some() {
        return Err(table_error(path, Some(line), None, "the row holds a zero byte: this is no CSV", utf8));
    }
    std::str::from_utf8(record).map_err(|e| {
        let byte = record[e.valid_up_to()];
        table_error(path, Some(line), None, format!("byte {byte:#04x} is no UTF-8 text"), utf8)
    })
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
