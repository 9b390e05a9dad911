//! Rows that are found again in their file.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use eyepatch_core::{Error, Result};

use crate::scan::{Cell, Scanner, Step};
use crate::sheet::table_error;

/// Where a row lies in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Bytes before it.
    pub offset: u64,
    /// Its bytes, without the line end.
    pub length: u32,
    /// Its 1-based line.
    pub line: u32,
}

/// Finds rows of a file by the places that a [`Stream`](crate::Stream) gave them.
#[derive(Debug, Clone)]
pub struct Places {
    path: PathBuf,
    delimiter: u8,
    columns: usize,
}

/// A row that was found again.
pub struct FoundRow {
    text: String,
    cells: Vec<Cell>,
}

impl FoundRow {
    /// The cell of a column, as [`StreamRow::cell`](crate::StreamRow::cell) gives it.
    ///
    /// # Panics
    /// Where there is no such column.
    #[must_use]
    pub fn cell(&self, column: usize) -> Cow<'_, str> {
        self.cells[column].of(&self.text)
    }
}

impl Places {
    pub(crate) fn new(path: &Path, delimiter: u8, columns: usize) -> Self {
        Self { path: path.to_owned(), delimiter, columns }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The row at a place.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Table`] where no row of the table lies there any more.
    pub fn row(&self, place: Place) -> Result<FoundRow> {
        let io = |e| Error::io(&self.path, e);
        let mut file = File::open(&self.path).map_err(io)?;
        file.seek(SeekFrom::Start(place.offset)).map_err(io)?;
        let mut bytes = Vec::with_capacity(place.length as usize);
        file.take(u64::from(place.length)).read_to_end(&mut bytes).map_err(io)?;
        let mut scanner = Scanner::new(self.delimiter);
        let (_, step) = scanner.take(&bytes);
        let whole = step == Step::More && scanner.finish() && bytes.len() == place.length as usize;
        match String::from_utf8(scanner.record) {
            Ok(text) if whole && scanner.cells.len() == self.columns => {
                Ok(FoundRow { text, cells: scanner.cells })
            }
            _ => Err(self.changed(place)),
        }
    }

    /// The error for a file in which another row lies at this place than did.
    #[must_use]
    pub fn changed(&self, place: Place) -> Error {
        let problem = "the file was changed while it was in use: the row is not where it was";
        table_error(&self.path, Some(place.line as usize), None, problem, "run the same command again")
    }
}
