//! The image of each row.

use std::collections::HashMap;
use std::path::Path;

use eyepatch_core::{Error, Result};
use eyepatch_data::{EXTENSIONS, Fault, File, Found, Record, Root, Sheet, quoted};

use crate::columns::{Columns, ImageBy};

/// A row's image.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) file: File,
    /// Its path below the images folder.
    pub(crate) path: String,
    /// No other row of the table has an image of this name in another folder or with another extension.
    pub(crate) sole: bool,
}

/// A file that is not there.
pub(crate) struct Absent {
    pub(crate) line: usize,
    pub(crate) fault: Fault,
    pub(crate) what: String,
}

impl Picture {
    /// The path without its extension.
    pub(crate) fn stem(&self) -> &str {
        let extension = Path::new(&self.path).extension().map_or(0, |e| e.len() + 1);
        &self.path[..self.path.len() - extension]
    }
}

/// Where images are looked up.
pub(crate) struct Pictures<'a> {
    pub(crate) sheet: &'a Sheet,
    pub(crate) columns: &'a Columns,
    pub(crate) root: &'a Root,
}

impl Pictures<'_> {
    /// The image of each row, or that it is not there.
    pub(crate) fn find(&self, kept: &[&Record]) -> Result<Vec<Result<Picture, Absent>>> {
        // Rows that a condition drops count too: a mask of that name may be theirs.
        let mut names: HashMap<&str, usize> = HashMap::new();
        for record in &self.sheet.records {
            *names.entry(bare_name(self.columns.image_cell(record))).or_default() += 1;
        }
        kept.iter().map(|record| self.of(record, &names)).collect()
    }

    fn of(&self, record: &Record, names: &HashMap<&str, usize>) -> Result<Result<Picture, Absent>> {
        let value = self.columns.image_cell(record);
        match self.columns.image.find(self.root, value) {
            Found::File(file) => {
                let path = self.root.relative(&file);
                let sole = names.get(bare_name(value)).is_none_or(|&n| n < 2);
                Ok(Ok(Picture { file, path, sole }))
            }
            Found::Refused(how) => {
                let column = if let ImageBy::Column(c) = self.columns.image { Some(c) } else { None };
                Err(refused(self.sheet, record, column, value, how))
            }
            Found::Missing => {
                let what = format!("image {}", quoted(value));
                Ok(Err(Absent { line: record.line, fault: Fault::ImageMissing, what }))
            }
        }
    }
}

/// A path's file name without a known extension: ids may have dots of their own.
fn bare_name(path: &str) -> &str {
    let path = path.trim();
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, extension)) if EXTENSIONS.contains(&extension) => stem,
        _ => name,
    }
}

/// A path that leaves its folder, or names the wrong file.
pub(crate) fn refused(
    sheet: &Sheet,
    record: &Record,
    column: Option<usize>,
    value: &str,
    how: &str,
) -> Error {
    sheet.error(
        Some(record.line),
        column.map(|c| sheet.headers[c].as_str()),
        format!("the path {} is refused: {how}", quoted(value)),
        "write paths relative to the images or ROI folder, without `..`, and keep the files themselves in it",
    )
}
