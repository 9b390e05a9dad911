//! Finds the cells of one record of a CSV file, in pieces as they come from a file.

use std::borrow::Cow;

use memchr::{memchr, memchr3};

/// Where a cell lies in its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    start: usize,
    end: usize,
    /// Whether it stands in quotes, which `start..end` leaves out.
    pub(crate) quoted: bool,
    /// Whether it holds doubled quotes.
    doubled: bool,
}

impl Cell {
    /// Its text in the record's.
    pub(crate) fn of<'a>(&self, record: &'a str) -> Cow<'a, str> {
        let text = &record[self.start..self.end];
        if self.doubled { Cow::Owned(text.replace("\"\"", "\"")) } else { Cow::Borrowed(text) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// The first byte of a cell.
    Start,
    /// Inside a cell without quotes.
    Bare,
    /// Inside of quotes.
    Quoted,
    /// Behind a quote that closes the cell or is the first of two.
    Quote,
}

/// What a record's end was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// All bytes are taken and the record goes on.
    More,
    /// The record ended with the last byte taken.
    End,
    /// There is text between a closing quote and the next separator.
    TextAfterQuote,
}

/// Takes in one record after the other.
pub(crate) struct Scanner {
    delimiter: u8,
    at: At,
    start: usize,
    doubled: bool,
    /// The record's bytes, without its line end.
    pub(crate) record: Vec<u8>,
    pub(crate) cells: Vec<Cell>,
}

impl Scanner {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self { delimiter, at: At::Start, start: 0, doubled: false, record: Vec::new(), cells: Vec::new() }
    }

    /// Forgets the record.
    pub(crate) fn clear(&mut self) {
        self.record.clear();
        self.cells.clear();
        self.begin();
    }

    /// Whether no byte of the record was seen yet.
    pub(crate) fn is_fresh(&self) -> bool {
        self.record.is_empty()
    }

    /// Takes in bytes up to the record's end: how many, and whether it was reached.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> (usize, Step) {
        let mut i = 0;
        while i < bytes.len() {
            let rest = &bytes[i..];
            let skip = match self.at {
                At::Bare => memchr3(self.delimiter, b'\n', b'\r', rest),
                At::Quoted => memchr(b'"', rest),
                At::Start | At::Quote => Some(0),
            };
            let Some(skip) = skip else { break };
            self.record.extend_from_slice(&rest[..skip]);
            i += skip + 1;
            match self.byte(rest[skip]) {
                Step::More => {}
                end => return (i, end),
            }
        }
        self.record.extend_from_slice(&bytes[i.min(bytes.len())..]);
        (bytes.len(), Step::More)
    }

    /// One byte that may mean something.
    fn byte(&mut self, byte: u8) -> Step {
        let ends_cell = byte == self.delimiter || byte == b'\n' || byte == b'\r';
        match self.at {
            At::Quoted => self.at = At::Quote,
            At::Quote if byte == b'"' => {
                self.at = At::Quoted;
                self.doubled = true;
            }
            At::Quote if !ends_cell => return Step::TextAfterQuote,
            At::Start if byte == b'"' => {
                self.at = At::Quoted;
                self.start = self.record.len() + 1;
            }
            At::Start if !ends_cell => self.at = At::Bare,
            At::Start | At::Bare | At::Quote => {
                self.close();
                if byte != self.delimiter {
                    return Step::End;
                }
                self.record.push(byte);
                self.begin();
                return Step::More;
            }
        }
        self.record.push(byte);
        Step::More
    }

    /// The file ends here. False where a quote is open.
    pub(crate) fn finish(&mut self) -> bool {
        let closed = self.at != At::Quoted;
        self.close();
        closed
    }

    fn close(&mut self) {
        let quoted = matches!(self.at, At::Quoted | At::Quote);
        let end = self.record.len() - usize::from(self.at == At::Quote);
        self.cells.push(Cell { start: self.start, end, quoted, doubled: self.doubled });
    }

    fn begin(&mut self) {
        self.at = At::Start;
        self.start = self.record.len();
        self.doubled = false;
    }
}
