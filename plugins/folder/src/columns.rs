//! Which column is what: as the parameters say, else found out.

use eyepatch_core::Result;

use crate::files::{Found, Root};
use crate::params::Folder;
use crate::sheet::{Record, Sheet, quoted};

const ID: [&str; 4] = ["id", "sample", "sample_id", "image_id"];
const IMAGE: [&str; 6] = ["image", "image_path", "path", "file", "filename", "image_index"];
const ROI: [&str; 6] = ["roi", "mask", "mask_path", "roi_path", "lung_mask", "lung_mask_pred"];

/// Where a row's image is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageBy {
    /// In this column.
    Column(usize),
    /// By the id and a known extension.
    Id,
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

/// The first column of a telling name whose values are files; else the id with an extension. Where neither names a
/// single file, the first of a telling name, so that the error lists what is missing.
fn find_image(sheet: &Sheet, kept: &[&Record], images: &Root, id: usize) -> ImageBy {
    let named = sheet.candidates(&IMAGE);
    if let Some(&c) = named.iter().find(|&&c| any_file(kept, c, images)) {
        return ImageBy::Column(c);
    }
    let by_id = |r: &&Record| matches!(images.by_stem(r.cell(id).trim(), &[""], None), Found::File(_));
    match named.first() {
        Some(&c) if !kept.iter().any(by_id) => ImageBy::Column(c),
        _ => ImageBy::Id,
    }
}

/// Settles where masks are named. `image` says which file is a row's image.
pub(crate) fn masks(
    folder: &Folder,
    sheet: &Sheet,
    kept: &[&Record],
    rois: &Root,
    columns: &Columns,
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
    // Any other column of file names, but not the image's own: the two folders may be one.
    let taken = [
        Some(columns.id),
        columns.patient,
        if let ImageBy::Column(c) = columns.image { Some(c) } else { None },
    ];
    let first = &kept[..kept.len().min(20)];
    let all_files = |c: &usize| {
        let cells = || first.iter().map(|r| r.cell(*c)).filter(|cell| !cell.trim().is_empty());
        let image_like = IMAGE.iter().any(|name| sheet.candidates(&[name]).contains(c));
        let free = !taken.contains(&Some(*c)) && !image_like;
        free && cells().next().is_some() && cells().all(|cell| matches!(rois.resolve(cell), Found::File(_)))
    };
    Ok((0..sheet.headers.len()).find(all_files).map_or_else(
        || if named.is_empty() { MaskBy::Stem } else { stem_or(single(named[0]), kept, rois, columns) },
        single,
    ))
}

/// By the image's name where that finds a mask; else the column of a telling name, whose values are then reported.
fn stem_or(column: MaskBy, kept: &[&Record], rois: &Root, columns: &Columns) -> MaskBy {
    let stem = |r: &&Record| {
        let cell = r.cell(if let ImageBy::Column(c) = columns.image { c } else { columns.id });
        let stem = std::path::Path::new(cell.trim()).file_stem().and_then(|s| s.to_str()).unwrap_or("");
        matches!(rois.by_stem(stem, &MASK_SUFFIXES, None), Found::File(_))
    };
    if kept.iter().any(stem) { MaskBy::Stem } else { column }
}

/// What may stand between an image's name and its mask's extension.
pub(crate) const MASK_SUFFIXES: [&str; 3] = ["", "_mask", "_roi"];
