//! Rows of a score file or a manifest, one at a time, with their lines.

use std::fs::File;
use std::io::{BufReader, Chain, Read};
use std::path::{Path, PathBuf};

use eyepatch_core::{Ctx, Error, Result};

/// A CSV file that is read row by row; it is never in memory as a whole.
pub(crate) struct Reader {
    path: PathBuf,
    rows: csv::Reader<Chain<WithoutCr<BufReader<File>>, &'static [u8]>>,
    record: csv::StringRecord,
    headers: Vec<String>,
}

/// The csv crate's line count is one short after CRLF, so carriage returns are left out.
struct WithoutCr<R>(R);

impl<R: Read> Read for WithoutCr<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let n = self.0.read(buffer)?;
            let mut kept = 0;
            for i in 0..n {
                if buffer[i] != b'\r' {
                    buffer[kept] = buffer[i];
                    kept += 1;
                }
            }
            if kept > 0 || n == 0 {
                return Ok(kept);
            }
        }
    }
}

/// A value for a message: shortened, control characters escaped.
pub(crate) fn quoted(value: &str) -> String {
    let shown: String = value.chars().take(80).collect();
    let more = if shown.len() < value.len() { "…" } else { "" };
    format!("`{}{more}`", shown.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\""))
}

/// An error in a score file or manifest.
pub(crate) fn file_error(
    path: &Path,
    row: Option<usize>,
    problem: impl Into<String>,
    remedy: impl Into<String>,
) -> Error {
    Error::ScoreFile { path: path.to_owned(), row, problem: problem.into(), remedy: remedy.into() }
}

impl Reader {
    /// Opens a file whose header has all `required` columns, any of `optional`, and no others.
    pub(crate) fn open(path: &Path, required: &[&str], optional: &[&str]) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io(path, e))?;
        // A last line without an end would be counted one short.
        let bytes = WithoutCr(BufReader::with_capacity(1 << 16, file)).chain(&b"\n"[..]);
        let mut rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut record = csv::StringRecord::new();
        let form = format!("write a CSV file in UTF-8 with the columns {}", required.join(","));
        let problem =
            |e: csv::Error| file_error(path, Some(1), format!("the header is unreadable: {e}"), form.clone());
        if !rows.read_record(&mut record).map_err(problem)? {
            return Err(file_error(path, None, "the file is empty", form));
        }
        let headers: Vec<String> =
            record.iter().map(|h| h.trim().trim_start_matches('\u{feff}').to_owned()).collect();
        for (i, name) in headers.iter().enumerate() {
            if headers[..i].contains(name) {
                let problem = format!("the header names column {} twice", quoted(name));
                return Err(file_error(path, Some(1), problem, "remove one of the two"));
            }
            if !required.contains(&name.as_str()) && !optional.contains(&name.as_str()) {
                let may = if optional.is_empty() {
                    String::new()
                } else {
                    format!("; optional are {}", optional.join(","))
                };
                let hint = if name.contains([';', '\t']) { "; separate cells by commas" } else { "" };
                let remedy = format!("the columns are {}{may}{hint}", required.join(","));
                return Err(file_error(path, Some(1), format!("unknown column {}", quoted(name)), remedy));
            }
        }
        if let Some(missing) = required.iter().find(|r| !headers.iter().any(|h| h == *r)) {
            return Err(file_error(path, Some(1), format!("there is no column `{missing}`"), form));
        }
        Ok(Self { path: path.to_owned(), rows, record, headers })
    }

    /// The index of a column.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.headers.iter().position(|h| h == name)
    }

    /// The next row and its line; `None` at the end.
    pub(crate) fn next(&mut self, ctx: &Ctx) -> Result<Option<(usize, &csv::StringRecord)>> {
        let more = self.rows.read_record(&mut self.record);
        // The reader now stands on the line after the row.
        let line = usize::try_from(self.rows.position().line()).unwrap_or(usize::MAX).saturating_sub(1);
        let remedy = "save it as CSV in UTF-8";
        if !more
            .map_err(|e| file_error(&self.path, Some(line), format!("the row is unreadable: {e}"), remedy))?
        {
            return Ok(None);
        }
        if line.is_multiple_of(1 << 16) {
            ctx.check()?;
        }
        if self.record.len() != self.headers.len() {
            let problem =
                format!("the row has {} cells and the header {}", self.record.len(), self.headers.len());
            return Err(file_error(
                &self.path,
                Some(line),
                problem,
                "give every row all columns, separated by commas",
            ));
        }
        Ok(Some((line, &self.record)))
    }
}
