//! Masks of CheXmask (Gaggion et al. 2024): run-length codes in tables that may be larger than the memory.
//!
//! One pass notes where each row lies; its codes are read when its image is.

use std::collections::HashMap;
use std::path::Path;

use eyepatch_core::{Error, Mask, Result};
use eyepatch_data::{Bad, Fault, FoundRow, Place, Places, Stream, StreamRow, quoted, table_error};
use eyepatch_kernels::roi::rle;
use serde::{Deserialize, Serialize};

use crate::cells::{is_missing, number};

/// The structures, as they are named here.
pub const STRUCTURES: [&str; 3] = ["left lung", "right lung", "heart"];
/// Their columns.
const COLUMNS: [&str; 3] = ["Left Lung", "Right Lung", "Heart"];
/// The column of ids: it differs by file.
const IDS: [&str; 4] = ["imageid", "image_index", "dicom_id", "image_id"];
const RCA: &str = "Dice RCA (Mean)";

/// One row of the file.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    place: Place,
    /// Height and width in pixels of the image that the mask was made for, where the file gives them: in the published
    /// files many cells are empty.
    pub size: Option<(u32, u32)>,
    /// The predicted Dice coefficient of the mask (reverse classification accuracy, mean), 0 to 1; NaN where none is given.
    pub rca: f64,
}

impl Entry {
    /// Its 1-based line in the file.
    #[must_use]
    pub fn line(&self) -> usize {
        self.place.line as usize
    }
}

/// What is taken for the size of a mask whose row gives none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoSize {
    /// The size that all other rows have, where they have the same (1024x1024 in CheXmask's `Preprocessed`); else the film is
    /// left out.
    #[default]
    Common,
    /// The image's own. A wrong one shears the mask, and nothing tells.
    Image,
    /// The film is left out.
    Drop,
}

/// An index of a file of masks.
#[derive(Debug)]
pub struct CheXmask {
    places: Places,
    columns: Columns,
    entries: HashMap<String, Entry>,
    rows: usize,
    repeated: usize,
    sizes: Sizes,
}

/// The sizes that the rows give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sizes {
    None,
    One((u32, u32)),
    Several,
}

#[derive(Debug, Clone, Copy)]
struct Columns {
    id: usize,
    rca: usize,
    height: usize,
    width: usize,
    structures: [usize; 3],
}

impl Columns {
    fn find(stream: &Stream) -> Result<Self> {
        let id = stream.candidates(&IDS).first().copied();
        let id = id.or_else(|| stream.headers().iter().position(|h| h == "Path")).ok_or_else(|| {
            let remedy = format!(
                "it is `ImageID`, `Image Index` or `dicom_id`; the columns are: {}",
                stream.columns_text()
            );
            stream.error(Some(1), None, "no column looks like an image's id", remedy)
        })?;
        Ok(Self {
            id,
            rca: stream.required(RCA)?,
            height: stream.required("Height")?,
            width: stream.required("Width")?,
            structures: [
                stream.required(COLUMNS[0])?,
                stream.required(COLUMNS[1])?,
                stream.required(COLUMNS[2])?,
            ],
        })
    }
}

impl CheXmask {
    /// Reads a file once and keeps where the rows of the wanted ids lie. Columns may come in any order.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Table`] with the line: a column is missing, a size or score is no number, two rows of one
    /// image differ, the file is compressed.
    pub fn index(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Self> {
        let mut stream = Stream::open(path)?;
        let (places, columns) = (stream.places()?, Columns::find(&stream)?);
        let mut index =
            Self { places, columns, entries: HashMap::new(), rows: 0, repeated: 0, sizes: Sizes::None };
        while let Some(row) = stream.row()? {
            index.rows += 1;
            let entry = index.entry(&row)?;
            if let Some(size) = entry.size {
                let same = index.sizes == Sizes::None || index.sizes == Sizes::One(size);
                index.sizes = if same { Sizes::One(size) } else { Sizes::Several };
            }
            let id = row.cell(columns.id);
            if wanted(id.trim()) {
                index.add(id.trim(), entry)?;
            }
        }
        Ok(index)
    }

    fn entry(&self, row: &StreamRow<'_>) -> Result<Entry> {
        let error = |column: &str, cell: &str, what: &str| {
            let problem = format!("{} is no {what}", quoted(cell));
            table_error(
                self.path(),
                Some(row.line()),
                Some(column),
                problem,
                "use the file as it was published",
            )
        };
        let side = |column: usize, name: &str| {
            let cell = row.cell(column);
            if is_missing(&cell) {
                return Ok(None);
            }
            let side = number(&cell).filter(|x| *x >= 1.0 && *x <= f64::from(u32::MAX) && x.fract() == 0.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "its range was checked"
            )]
            side.map(|x| Some(x as u32)).ok_or_else(|| error(name, &cell, "size in pixels"))
        };
        let rca = row.cell(self.columns.rca);
        let rca = match number(&rca) {
            Some(rca) => rca,
            None if is_missing(&rca) => f64::NAN,
            None => return Err(error(RCA, &rca, "score")),
        };
        let size = side(self.columns.height, "Height")?.zip(side(self.columns.width, "Width")?);
        Ok(Entry { place: row.place, size, rca })
    }

    /// The same row twice does no harm; which of two that differ is right cannot be told.
    fn add(&mut self, id: &str, entry: Entry) -> Result<()> {
        let Some(first) = self.entries.get(id) else {
            self.entries.insert(id.to_owned(), entry);
            return Ok(());
        };
        let (one, other) = (self.places.row(first.place)?, self.places.row(entry.place)?);
        let same = |&c: &usize| one.cell(c) == other.cell(c);
        if self.columns.structures.iter().all(same) && first.size == entry.size {
            self.repeated += 1;
            return Ok(());
        }
        let problem = format!("image {} has another mask in line {}", quoted(id), first.line());
        Err(table_error(self.path(), Some(entry.line()), None, problem, "remove one of the two rows"))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.places.path()
    }

    /// Its rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows that say again what another says.
    #[must_use]
    pub fn repeated(&self) -> usize {
        self.repeated
    }

    /// The size that all rows have that give one (height, width); nothing where they differ.
    #[must_use]
    pub fn common_size(&self) -> Option<(u32, u32)> {
        if let Sizes::One(size) = self.sizes { Some(size) } else { None }
    }

    /// The row of an image.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Entry> {
        self.entries.get(id).copied()
    }

    fn row(&self, id: &str, entry: Entry) -> Result<FoundRow> {
        let row = self.places.row(entry.place)?;
        if row.cell(self.columns.id).trim() == id { Ok(row) } else { Err(self.places.changed(entry.place)) }
    }

    /// The codes of structures (of [`STRUCTURES`]) as they stand in the file; empty where a structure has none.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Table`] where the file was changed; [`Error::UnknownStructure`].
    pub fn codes(&self, id: &str, entry: Entry, structures: &[String]) -> Result<Vec<String>> {
        let row = self.row(id, entry)?;
        let code = |name: &String| {
            let column = STRUCTURES.iter().position(|s| s == name).ok_or_else(|| {
                Error::UnknownStructure { name: name.clone(), known: STRUCTURES.map(str::to_owned).into() }
            })?;
            let code = row.cell(self.columns.structures[column]);
            Ok(if is_missing(&code) { String::new() } else { code.into_owned() })
        };
        structures.iter().map(code).collect()
    }

    /// The masks of structures for an image of this size.
    ///
    /// # Errors
    /// A [`Bad`] that names the file: the image has another size than the mask was made for (where that is known), a code
    /// cannot be, the file was changed.
    pub fn masks(
        &self,
        id: &str,
        entry: Entry,
        structures: &[String],
        (width, height): (usize, usize),
    ) -> Result<Vec<(String, Mask)>, Bad> {
        let bad = |fault, problem: String, remedy: &str| {
            Bad::new(fault, format!("its mask (line {}): {problem}", entry.line()), remedy).of(self.path())
        };
        if let Some((h, w)) = entry.size.filter(|&(h, w)| (h as usize, w as usize) != (height, width)) {
            let problem =
                format!("it was made for {h}x{w} pixels and the image has {height}x{width} (rows x columns)");
            let remedy = "use the images at the size of CheXmask's file (`OriginalResolution`), or CheXmask's file for \
                          the images' size";
            return Err(bad(Fault::RoiSize, problem, remedy));
        }
        let codes = self.codes(id, entry, structures);
        let codes =
            codes.map_err(|e| bad(Fault::RoiUnreadable, e.to_string(), &e.remedy().unwrap_or_default()))?;
        let mask = |(name, code): (&String, String)| {
            let odd =
                |e: String| bad(Fault::RoiUnreadable, format!("{name}: {e}"), "download the file again");
            let bytes = rle::decode([code.as_str()], width, height).map_err(|e| odd(e.to_string()))?;
            Ok((name.clone(), Mask::new(width, height, bytes).map_err(|e| odd(e.to_string()))?))
        };
        structures.iter().zip(codes).map(mask).collect()
    }
}
