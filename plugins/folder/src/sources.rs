//! Where each row's pixels and ROI are.

use std::path::{Path, PathBuf};

use eyepatch_core::Result;
use eyepatch_data::{Fault, File, Found, Record, Root, Sheet, quoted};

use crate::annotations::Annotations;
use crate::columns::{Columns, ImageBy, MaskBy};
use crate::pictures::{Absent, Picture, refused};

/// Where a row's ROI is.
#[derive(Debug, Clone)]
pub(crate) enum RoiSource {
    /// A mask a structure.
    Masks(Vec<(String, File)>),
    /// Outlines by index into the annotations.
    Outlines(usize),
}

/// What tells one ROI from another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RoiKey<'a> {
    Mask(&'a Path),
    Outlines(usize),
}

/// Where a row's pixels are.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) image: File,
    pub(crate) roi: RoiSource,
}

/// What masks or outlines are looked up in.
pub(crate) enum Rois {
    Masks(Root, MaskBy),
    Outlines(Annotations),
}

impl RoiSource {
    /// The files or outlines that it is made of.
    pub(crate) fn keys(&self) -> Vec<RoiKey<'_>> {
        match self {
            Self::Masks(files) => files.iter().map(|(_, f)| RoiKey::Mask(&f.real)).collect(),
            Self::Outlines(index) => vec![RoiKey::Outlines(*index)],
        }
    }
}

impl Rois {
    /// A path for the table's row.
    pub(crate) fn path(&self, source: &RoiSource) -> Option<PathBuf> {
        match (source, self) {
            (RoiSource::Masks(files), _) => files.first().map(|(_, f)| f.shown.clone()),
            (RoiSource::Outlines(_), Self::Outlines(a)) => Some(a.path.clone()),
            (RoiSource::Outlines(_), Self::Masks(..)) => None,
        }
    }

    /// What two rows share, as the start of a sentence, and what to do.
    pub(crate) fn shared(&self, key: RoiKey) -> (String, &'static str) {
        match (key, self) {
            (RoiKey::Outlines(index), Self::Outlines(annotations)) => (
                format!("the ROI of this row, outlines of {}, is", quoted(&annotations.images[index].key)),
                "list outlines under the path that the table gives for their image",
            ),
            (RoiKey::Mask(path), _) => (
                format!("the ROI of this row, mask {}, is", quoted(&path.display().to_string())),
                "give each image a mask of its own, under the image's path in the ROI folder or in a column; where \
                 one ROI is meant for several images, give each a copy",
            ),
            (RoiKey::Outlines(_), Self::Masks(..)) => ("the ROI is".into(), "give each image its own"),
        }
    }
}

/// The files of one row, or the one that is not there.
pub(crate) fn source(
    sheet: &Sheet,
    record: &Record,
    columns: &Columns,
    picture: Result<Picture, Absent>,
    rois: &Rois,
) -> Result<Result<Source, Absent>> {
    let picture = match picture {
        Ok(picture) => picture,
        Err(absent) => return Ok(Err(absent)),
    };
    let roi = match rois {
        Rois::Outlines(annotations) => Ok(outlines(record, columns, &picture, annotations)),
        Rois::Masks(root, MaskBy::Stem) => own_mask(sheet, record, &picture, root),
        Rois::Masks(root, MaskBy::Columns(named)) => named_masks(sheet, record, &picture, root, named),
    }?;
    Ok(roi.map(|roi| Source { image: picture.file, roi }))
}

fn missing(record: &Record, picture: &Picture, what: &str) -> Absent {
    let shared =
        if picture.sole { "" } else { " (other rows' images have that name too, so its path is needed)" };
    Absent { line: record.line, fault: Fault::RoiMissing, what: format!("{what}{shared}") }
}

fn outlines(
    record: &Record,
    columns: &Columns,
    picture: &Picture,
    annotations: &Annotations,
) -> Result<RoiSource, Absent> {
    let id = record.cell(columns.id).trim();
    let value = matches!(columns.image, ImageBy::Column(_)).then(|| columns.image_cell(record));
    let index = annotations.find(id, value, picture);
    index
        .map(RoiSource::Outlines)
        .ok_or_else(|| missing(record, picture, &format!("outlines of {}", quoted(id))))
}

fn own_mask(
    sheet: &Sheet,
    record: &Record,
    picture: &Picture,
    root: &Root,
) -> Result<Result<RoiSource, Absent>> {
    match mask_of(root, picture) {
        Found::File(file) => Ok(Ok(RoiSource::Masks(vec![("roi".to_owned(), file)]))),
        Found::Refused(how) => Err(refused(sheet, record, None, picture.stem(), how)),
        Found::Missing => {
            Ok(Err(missing(record, picture, &format!("ROI of image {}", quoted(picture.stem())))))
        }
    }
}

/// What may stand between an image's name and its mask's extension.
const MASK_SUFFIXES: [&str; 3] = ["", "_mask", "_roi"];

/// The mask under the image's path; under its bare name only where no other image has that name.
pub(crate) fn mask_of(root: &Root, picture: &Picture) -> Found {
    let stem = picture.stem();
    let found = root.by_stem(stem, &MASK_SUFFIXES, Some(&picture.file.real));
    match stem.rsplit_once('/') {
        Some((_, bare)) if found == Found::Missing && picture.sole => {
            root.by_stem(bare, &MASK_SUFFIXES, Some(&picture.file.real))
        }
        _ => found,
    }
}

fn named_masks(
    sheet: &Sheet,
    record: &Record,
    picture: &Picture,
    root: &Root,
    named: &[(String, usize)],
) -> Result<Result<RoiSource, Absent>> {
    let mut files = Vec::with_capacity(named.len());
    for (structure, column) in named {
        let value = record.cell(*column);
        match root.resolve(value) {
            Found::File(file) if file.real == picture.file.real => {
                return Err(refused(sheet, record, Some(*column), value, "the ROI is the image itself"));
            }
            Found::File(file) => files.push((structure.clone(), file)),
            Found::Refused(how) => return Err(refused(sheet, record, Some(*column), value, how)),
            Found::Missing => {
                let what = format!("ROI {}", quoted(value));
                return Ok(Err(Absent { line: record.line, fault: Fault::RoiMissing, what }));
            }
        }
    }
    Ok(Ok(RoiSource::Masks(files)))
}
