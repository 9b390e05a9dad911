//! What the data card says of how the table was understood.

use std::collections::BTreeSet;

use eyepatch_core::{Result, Table};
use eyepatch_data::{Sheet, quoted};

use crate::columns::{Columns, ImageBy, MaskBy};
use crate::params::{Folder, RoiFrom};
use crate::read::Loaded;
use crate::sources::{RoiSource, Rois, Source};

fn given(named: bool) -> &'static str {
    if named { "as told" } else { "found out" }
}

/// What each column was taken for.
pub(crate) fn columns(folder: &Folder, sheet: &Sheet, columns: &Columns, rois: &Rois) -> Vec<String> {
    let name = |c: usize| quoted(&sheet.headers[c]);
    let image = match columns.image {
        ImageBy::Column(c) => format!("column {}", name(c)),
        ImageBy::Id => "the id, or the id and a known extension".into(),
    };
    let classes: Vec<String> = columns
        .labels
        .iter()
        .map(
            |(class, c)| {
                if *class == sheet.headers[*c] { name(*c) } else { format!("{} (class {class})", name(*c)) }
            },
        )
        .collect();
    let mut notes = vec![
        format!("id: column {} ({})", name(columns.id), given(folder.id.is_some())),
        format!("image: {image} ({})", given(folder.image.is_some())),
        roi_note(folder, sheet, rois),
        format!("labels: column {} ({})", classes.join(", "), given(!folder.labels.is_empty())),
        match columns.patient {
            Some(c) => format!("patient: column {}", name(c)),
            None => {
                "one image per patient is assumed, not known: if a patient has two images, splits leak".into()
            }
        },
    ];
    if !folder.ignore.is_empty() {
        notes.push(format!("columns ignored: {}", folder.ignore.join(", ")));
    }
    if sheet.delimiter != b',' {
        notes.push(format!("the table's cells are separated by {}", sheet.delimiter_name()));
    }
    notes.push("alpha channels are dropped where an image has one; TIFF files give their first page".into());
    notes
}

fn roi_note(folder: &Folder, sheet: &Sheet, rois: &Rois) -> String {
    match rois {
        Rois::Masks(_, MaskBy::Stem) => "ROI: mask by the image's file name (found out)".into(),
        Rois::Masks(_, MaskBy::Columns(columns)) if folder.structures.is_empty() => {
            format!(
                "ROI: mask in column {} ({})",
                quoted(&sheet.headers[columns[0].1]),
                given(folder.roi.is_some())
            )
        }
        Rois::Masks(_, MaskBy::Columns(columns)) => {
            let each =
                columns.iter().map(|(name, c)| format!("{name} in column {}", quoted(&sheet.headers[*c])));
            format!("ROI: masks of {} (as told)", each.collect::<Vec<_>>().join(", "))
        }
        Rois::Outlines(a) => {
            let from = if folder.roi_from == RoiFrom::Auto { "found out" } else { "as told" };
            format!(
                "ROI: outlines of {} from a file ({from}); a pixel is inside where its centre is",
                a.structures.join(", ")
            )
        }
    }
}

/// Outlines that no row uses.
pub(crate) fn unmatched(rois: &Rois, sources: &[Source]) -> Option<String> {
    let Rois::Outlines(annotations) = rois else { return None };
    let index = |s: &Source| if let RoiSource::Outlines(i) = s.roi { Some(i) } else { None };
    let used: BTreeSet<usize> = sources.iter().filter_map(index).collect();
    let drawn = annotations.images.iter().filter(|o| !o.shapes.is_empty()).count();
    let unused = drawn - used.len();
    (unused > 0).then(|| format!("outlines of {unused} images belong to no row"))
}

/// Where ROIs come from, where nobody said so: a name with `pred` in it tells that they are predicted.
pub(crate) fn roi_origin(folder: &Folder, sheet: &Sheet, rois: &Rois) -> String {
    let column = match rois {
        Rois::Masks(_, MaskBy::Columns(columns)) => columns.first().map(|(_, c)| sheet.headers[*c].clone()),
        _ => None,
    };
    let file = match rois {
        Rois::Masks(root, _) => root.shown().file_name(),
        Rois::Outlines(a) => a.path.file_name(),
    };
    let file = file.map(|n| n.to_string_lossy().into_owned());
    match folder.roi_origin.clone() {
        Some(origin) => origin,
        None => match [column, file].into_iter().flatten().find(|n| n.to_lowercase().contains("pred")) {
            Some(name) => {
                format!("predicted masks, judged by the name {}; by what is not stated", quoted(&name))
            }
            None => "not stated".into(),
        },
    }
}

/// Classes with missing labels.
pub(crate) fn labels(table: &Table) -> Vec<String> {
    let missing = |i: usize| table.rows.iter().filter(|r| r.labels[i].is_none()).count();
    let each = table.classes.iter().enumerate().map(|(i, class)| (class, missing(i)));
    each.filter(|(_, n)| *n > 0).map(|(class, n)| format!("class {class}: {n} rows have no label")).collect()
}

/// Legitimate regions name classes and structures that there are.
pub(crate) fn check_legitimate(folder: &Folder, sheet: &Sheet, loaded: &Loaded) -> Result<()> {
    let known: Vec<String> = match (&loaded.annotations, loaded.sources.first().map(|s| &s.roi)) {
        (Some(annotations), _) => annotations.structures.clone(),
        (None, Some(RoiSource::Masks(files))) => files.iter().map(|(name, _)| name.clone()).collect(),
        _ => Vec::new(),
    };
    for (class, region) in &folder.legitimate {
        if !loaded.table.classes.contains(class) {
            let problem = format!("`legitimate` names class {}, which is none", quoted(class));
            let remedy = format!("the classes are: {}", loaded.table.classes.join(", "));
            return Err(sheet.error(None, None, problem, remedy));
        }
        if let Some(name) = region.structures.iter().find(|s| !known.contains(s)) {
            let problem = format!(
                "`legitimate` of {} names structure {}, which no ROI has",
                quoted(class),
                quoted(name)
            );
            return Err(sheet.error(
                None,
                None,
                problem,
                format!("the structures are: {}", known.join(", ")),
            ));
        }
    }
    Ok(())
}
