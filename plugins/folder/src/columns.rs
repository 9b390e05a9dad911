//! Which column is what: as the parameters say, else found out.

use eyepatch_core::{Error, Result};
use eyepatch_data::{EXTENSIONS, Found, Record, Root, Sheet, quoted};

use crate::params::Folder;
use crate::pictures::{Absent, Picture};
use crate::sources::mask_of;

const ID: [&str; 4] = ["id", "sample", "sample_id", "image_id"];
const IMAGE: [&str; 6] = ["image", "image_path", "path", "file", "filename", "image_index"];
const ROI: [&str; 6] = ["roi", "mask", "mask_path", "roi_path", "lung_mask", "lung_mask_pred"];

/// Where a row's image is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageBy {
    /// In this column.
    Column(usize),
    /// By the id, with a known extension added where it has none.
    Id,
}

impl ImageBy {
    /// The image that a cell names.
    pub(crate) fn find(self, images: &Root, value: &str) -> Found {
        match (self, images.resolve(value)) {
            (Self::Id, Found::Missing) => images.by_stem(value.trim(), &[""], None),
            (_, found) => found,
        }
    }
}

/// Where a row's masks are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MaskBy {
    /// Structures and the columns of their masks.
    Columns(Vec<(String, usize)>),
    /// By the image's file name and a known extension.
    Stem,
}

/// What each column is for.
pub(crate) struct Columns {
    pub(crate) id: usize,
    pub(crate) image: ImageBy,
    pub(crate) patient: Option<usize>,
    /// Class names and their columns.
    pub(crate) labels: Vec<(String, usize)>,
}

impl Columns {
    /// Settles id, image, patient and labels.
    pub(crate) fn choose(folder: &Folder, sheet: &Sheet, kept: &[&Record], images: &Root) -> Result<Self> {
        let id = match &folder.id {
            Some(name) => sheet.column(name, "id")?,
            None => *[sheet.candidates(&ID), sheet.candidates(&IMAGE)].concat().first().ok_or_else(|| {
                sheet.error(
                    Some(1),
                    None,
                    "no column looks like an id",
                    format!(
                        "name one with `id` (on the command line --id); the columns are: {}",
                        sheet.columns_text()
                    ),
                )
            })?,
        };
        let patient = folder.patient.as_ref().map(|name| sheet.column(name, "patient")).transpose()?;
        let image = match &folder.image {
            Some(name) => ImageBy::Column(sheet.column(name, "image")?),
            None => find_image(sheet, kept, images, id),
        };
        Ok(Self { id, image, patient, labels: labels(folder, sheet)? })
    }

    /// The cell that names a row's image.
    pub(crate) fn image_cell<'a>(&self, record: &'a Record) -> &'a str {
        match self.image {
            ImageBy::Column(c) => record.cell(c),
            ImageBy::Id => record.cell(self.id).trim(),
        }
    }

    /// Metadata: the columns named, or all that have no other use.
    pub(crate) fn meta(&self, folder: &Folder, sheet: &Sheet, masks: &MaskBy) -> Result<Vec<usize>> {
        let ignored =
            folder.ignore.iter().map(|name| sheet.column(name, "ignore")).collect::<Result<Vec<_>>>()?;
        if let Some(names) = &folder.meta {
            let named = names.iter().map(|name| sheet.column(name, "meta")).collect::<Result<Vec<_>>>()?;
            return Ok(named.into_iter().filter(|c| !ignored.contains(c)).collect());
        }
        let mut used = ignored;
        used.push(self.id);
        used.extend(self.patient);
        used.extend(self.labels.iter().map(|(_, c)| *c));
        if let ImageBy::Column(c) = self.image {
            used.push(c);
        }
        if let MaskBy::Columns(columns) = masks {
            used.extend(columns.iter().map(|(_, c)| *c));
        }
        Ok((0..sheet.headers.len()).filter(|c| !used.contains(c) && !sheet.headers[*c].is_empty()).collect())
    }
}

/// Labels are `COLUMN` or `CLASS=COLUMN`.
fn labels(folder: &Folder, sheet: &Sheet) -> Result<Vec<(String, usize)>> {
    let mut classes: Vec<(String, usize)> = Vec::new();
    let found = sheet.candidates(&["label"]).first().map(|&c| sheet.headers[c].clone());
    let named = if folder.labels.is_empty() { found.into_iter().collect() } else { folder.labels.clone() };
    for label in &named {
        let (class, column) = match label.split_once('=') {
            Some((class, column)) if !sheet.headers.contains(label) => (class.trim(), column),
            _ => (label.trim(), label.as_str()),
        };
        if classes.iter().any(|(c, _)| c == class) {
            let problem = format!("class {} is asked for twice in `labels`", quoted(class));
            return Err(sheet.error(Some(1), Some(column), problem, "name each class once"));
        }
        classes.push((class.to_owned(), sheet.column(column, "labels")?));
    }
    if classes.is_empty() {
        return Err(sheet.error(
            Some(1),
            None,
            "no label column is named",
            format!(
                "name one with `labels` (on the command line --label); the columns are: {}",
                sheet.columns_text()
            ),
        ));
    }
    Ok(classes)
}

fn any_file(kept: &[&Record], column: usize, root: &Root) -> bool {
    kept.iter().any(|r| matches!(root.resolve(r.cell(column)), Found::File(_)))
}

/// The first column of a telling name whose values are files; else the id. Where neither names a
/// single file, the first of a telling name, so that the error lists what is missing.
fn find_image(sheet: &Sheet, kept: &[&Record], images: &Root, id: usize) -> ImageBy {
    let named = sheet.candidates(&IMAGE);
    if let Some(&c) = named.iter().find(|&&c| any_file(kept, c, images)) {
        return ImageBy::Column(c);
    }
    let by_id = |r: &&Record| matches!(ImageBy::Id.find(images, r.cell(id).trim()), Found::File(_));
    match named.first() {
        Some(&c) if !kept.iter().any(by_id) => ImageBy::Column(c),
        _ => ImageBy::Id,
    }
}

/// Settles where masks are named.
pub(crate) fn masks(
    folder: &Folder,
    sheet: &Sheet,
    kept: &[&Record],
    rois: &Root,
    columns: &Columns,
    pictures: &[Result<Picture, Absent>],
) -> Result<MaskBy> {
    let single = |c: usize| MaskBy::Columns(vec![("roi".to_owned(), c)]);
    if !folder.structures.is_empty() {
        let structures = folder.structures.iter();
        let each = structures.map(|(name, column)| Ok((name.clone(), sheet.column(column, "structures")?)));
        return Ok(MaskBy::Columns(each.collect::<Result<_>>()?));
    }
    if let Some(name) = &folder.roi {
        return Ok(single(sheet.column(name, "roi")?));
    }
    let named = sheet.candidates(&ROI);
    if let Some(&c) = named.iter().find(|&&c| any_file(kept, c, rois)) {
        return Ok(single(c));
    }
    let there: Vec<&Picture> = pictures.iter().filter_map(|p| p.as_ref().ok()).collect();
    let own = there.iter().filter(|p| mask_of(rois, p) != Found::Missing).count();
    if own > 0 && own == there.len() {
        return Ok(MaskBy::Stem);
    }
    match (unnamed(folder, sheet, kept, rois, columns)?.as_slice(), named.as_slice()) {
        // The column of a telling name, so that its values are reported as missing.
        ([], &[first, ..]) if own == 0 => Ok(single(first)),
        ([], _) => Ok(MaskBy::Stem),
        (&[only], _) if own == 0 && all_files(kept, only, rois) => Ok(single(only)),
        (several, _) => Err(ambiguous(sheet, several, own, there.len())),
    }
}

/// Columns of any name with a value that is a file among the ROIs. They may name something else, such as the image
/// before this one.
fn unnamed(
    folder: &Folder,
    sheet: &Sheet,
    kept: &[&Record],
    rois: &Root,
    columns: &Columns,
) -> Result<Vec<usize>> {
    let mut taken =
        folder.ignore.iter().map(|name| sheet.column(name, "ignore")).collect::<Result<Vec<_>>>()?;
    // Nor the image's own: the two folders may be one.
    taken.extend(sheet.candidates(&IMAGE));
    taken.push(columns.id);
    taken.extend(columns.patient);
    if let ImageBy::Column(c) = columns.image {
        taken.push(c);
    }
    let named = |c: &usize| kept.iter().any(|r| names_file(r.cell(*c), rois));
    Ok((0..sheet.headers.len()).filter(|c| !taken.contains(c) && named(c)).collect())
}

/// Whether a cell has the form of a file name, and the file is there. Most cells need no look at the disk.
fn names_file(cell: &str, rois: &Root) -> bool {
    let extension = cell.trim().rsplit_once('.').map(|(_, e)| e);
    extension.is_some_and(|e| EXTENSIONS.contains(&e)) && matches!(rois.resolve(cell), Found::File(_))
}

fn all_files(kept: &[&Record], column: usize, rois: &Root) -> bool {
    kept.iter().map(|r| r.cell(column)).all(|cell| cell.trim().is_empty() || names_file(cell, rois))
}

fn ambiguous(sheet: &Sheet, columns: &[usize], own: usize, images: usize) -> Error {
    let names: Vec<String> = columns.iter().map(|&c| quoted(&sheet.headers[c])).collect();
    let names = names.join(", ");
    let why = match columns {
        _ if own > 0 => {
            format!(
                "{own} of {images} images have one of their own name, and the cells of {names} name others"
            )
        }
        [_] => format!("the cells of {names} name some, but not in every row"),
        _ => format!("the cells of each of {names} name some"),
    };
    sheet.error(
        Some(1),
        None,
        format!("it cannot be told which masks of the ROI folder are meant: {why}"),
        "name the column of the masks with `roi` (on the command line --roi-column); where masks bear their images' \
         names, add those that lack, drop their rows with a `where` condition, or name the other columns in `ignore`",
    )
}
