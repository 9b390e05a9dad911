//! The label table of 36 columns.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use eyepatch_core::{Error, Meta, Result, Row, Table};
use eyepatch_data::OnBad;
use eyepatch_data::{Stream, StreamRow, python_list, quoted, table_error};

use super::findings::{Classes, normalised};
use super::{EmptyLabels, ExcludeBy, PadChest};
use crate::cells::{Known, MetaColumns, collected, is_missing, maybe, number};
use crate::labels::{Counts, Ids, LabelTable, none_left};

/// Published columns that become metadata. Report texts and identifiers do not.
const META: [Known; 24] = [
    ("ImageDir", "image_dir", true),
    ("PatientBirth", "birth_year", true),
    ("PatientSex_DICOM", "sex", false),
    ("ViewPosition_DICOM", "view_dicom", false),
    ("Projection", "view", false),
    ("MethodProjection", "view_method", false),
    ("Pediatric", "pediatric", false),
    ("Modality_DICOM", "modality", false),
    ("Manufacturer_DICOM", "manufacturer", false),
    ("PhotometricInterpretation_DICOM", "photometric", false),
    ("PixelRepresentation_DICOM", "pixel_representation", true),
    ("PixelAspectRatio_DICOM", "pixel_aspect", false),
    ("SpatialResolution_DICOM", "pixel_spacing", true),
    ("BitsStored_DICOM", "bits_stored", true),
    ("WindowCenter_DICOM", "window_centre", true),
    ("WindowWidth_DICOM", "window_width", true),
    ("Rows_DICOM", "orig_h", true),
    ("Columns_DICOM", "orig_w", true),
    ("XRayTubeCurrent_DICOM", "tube_current", true),
    ("Exposure_DICOM", "exposure", true),
    ("ExposureInuAs_DICOM", "exposure_uas", true),
    ("ExposureTime", "exposure_time", true),
    ("RelativeXRayExposure_DICOM", "relative_exposure", true),
    ("MethodLabel", "label_method", false),
];

/// Columns with a use of their own.
struct Columns {
    id: usize,
    patient: usize,
    projection: usize,
    labels: usize,
    dir: Option<usize>,
    date: Option<usize>,
    method: Option<usize>,
}

impl Columns {
    fn find(set: &PadChest, stream: &Stream) -> Result<Self> {
        let optional = |name: &str| stream.headers().iter().position(|h| h == name);
        Ok(Self {
            id: stream.required("ImageID")?,
            patient: stream.required("PatientID")?,
            projection: stream.required("Projection")?,
            labels: stream.required("Labels")?,
            dir: optional("ImageDir"),
            date: optional("StudyDate_DICOM"),
            method: if set.label_methods.is_empty() { None } else { Some(stream.required("MethodLabel")?) },
        })
    }
}

/// The filters in their order: the study's, then ours.
struct Filters<'a> {
    set: &'a PadChest,
    columns: Columns,
    invalid: HashSet<String>,
    excluded: Vec<String>,
}

/// What becomes of a row.
enum Fate {
    /// Dropped by the filter of this index.
    Dropped(usize),
    /// Kept, with these labels.
    Kept(BTreeSet<String>),
    /// Its labels are no list.
    Unreadable(String),
}

impl Filters<'_> {
    fn names(&self) -> Vec<String> {
        let words = self.set.exclude.iter().map(|word| format!("excluded by `{word}`"));
        let last = ["of another projection", "in the list of invalid images", "labelled by another method"];
        let last = last.into_iter().chain(["without a patient", "with labels that cannot be read"]);
        std::iter::once("without labels".to_owned()).chain(words).chain(last.map(str::to_owned)).collect()
    }

    fn unreadable(&self) -> usize {
        self.set.exclude.len() + 5
    }

    fn fate(&self, row: &StreamRow<'_>) -> Fate {
        let (set, columns) = (self.set, &self.columns);
        let cell = row.cell(columns.labels);
        if is_missing(&cell) {
            return Fate::Dropped(0);
        }
        let labels = || python_list(&cell).map(normalised);
        if set.exclude_by == ExcludeBy::Label || set.empty_labels == EmptyLabels::List {
            let labels = match labels() {
                Ok(labels) => labels,
                Err(e) => return Fate::Unreadable(e.to_string()),
            };
            if set.empty_labels == EmptyLabels::List && labels.is_empty() {
                return Fate::Dropped(0);
            }
            if set.exclude_by == ExcludeBy::Label
                && let Some(word) = self.excluded.iter().position(|word| labels.contains(word))
            {
                return Fate::Dropped(1 + word);
            }
        }
        if set.exclude_by == ExcludeBy::Cell
            && let Some(word) = set.exclude.iter().position(|word| cell.contains(word.as_str()))
        {
            return Fate::Dropped(1 + word);
        }
        let after = 1 + set.exclude.len();
        let projection = row.cell(columns.projection);
        let id = row.cell(columns.id);
        let method = columns.method.map(|c| row.cell(c));
        if !set.projections.iter().any(|p| p == projection.trim()) {
            Fate::Dropped(after)
        } else if self.invalid.contains(id.trim()) {
            Fate::Dropped(after + 1)
        } else if method.is_some_and(|m| !set.label_methods.iter().any(|wanted| wanted == m.trim())) {
            Fate::Dropped(after + 2)
        } else if is_missing(&row.cell(columns.patient)) {
            Fate::Dropped(after + 3)
        } else {
            labels().map_or_else(|e| Fate::Unreadable(e.to_string()), Fate::Kept)
        }
    }
}

/// Reads and filters the table.
pub(super) fn read(set: &PadChest, path: &Path, invalid: Option<&Path>) -> Result<LabelTable> {
    let mut stream = Stream::open(path)?;
    let columns = Columns::find(set, &stream)?;
    let mut meta = MetaColumns::find(&stream, &META);
    let invalid = invalid.map(listed).transpose()?.unwrap_or_default();
    let excluded = set.exclude.iter().map(|word| word.trim().to_lowercase()).collect();
    let filters = Filters { set, columns, invalid, excluded };
    let classes = Classes::of(set);
    let mut counts = Counts::new(filters.names());
    let (mut ids, mut rows, mut names, mut read) = (Ids::default(), Vec::new(), Vec::new(), 0);
    while let Some(row) = stream.row()? {
        read += 1;
        let found = match filters.fate(&row) {
            Fate::Kept(found) => found,
            Fate::Dropped(filter) => {
                counts.add(filter);
                continue;
            }
            Fate::Unreadable(_) if set.on_bad == OnBad::Drop => {
                counts.add(filters.unreadable());
                continue;
            }
            Fate::Unreadable(why) => {
                let problem =
                    format!("{} is no list of labels: {why}", quoted(&row.cell(filters.columns.labels)));
                let remedy = "write it as ['label', 'label'], or drop such rows (`on_bad`: \"drop\")";
                let line = row.line();
                return Err(stream.error(Some(line), Some("Labels"), problem, remedy));
            }
        };
        let id = row.cell(filters.columns.id).trim().to_owned();
        ids.add(path, "ImageID", &id, row.line())?;
        let mut meta = meta.of(&row);
        dates(&filters.columns, &row, &mut meta);
        names.push(image_name(&filters.columns, &row, &id));
        let patient = row.cell(filters.columns.patient).trim().to_owned();
        let (labels, line) = (classes.labels(&found), Some(row.line()));
        let meta = collected(meta);
        rows.push(Row { id, patient, labels, meta, image: None, roi: None, line });
    }
    let table = Table { classes: set.classes.clone(), rows };
    let dropped = counts.into_dropped();
    let mut labels = LabelTable { path: path.to_owned(), table, read, dropped, notes: Vec::new(), names };
    labels.notes = notes(set, &labels);
    labels.notes.extend(meta.notes());
    if labels.table.rows.is_empty() { Err(none_left(&stream, &labels)) } else { Ok(labels) }
}

/// `ImageDir/ImageID`, as the archive's parts unpack.
fn image_name(columns: &Columns, row: &StreamRow<'_>, id: &str) -> String {
    match columns.dir.map(|c| row.cell(c)) {
        Some(dir) if !is_missing(&dir) => {
            let dir = dir.trim();
            format!("{}/{id}", dir.strip_suffix(".0").unwrap_or(dir))
        }
        _ => id.to_owned(),
    }
}

/// The day of the study as a year with its fraction, and the age that follows from it and the year of birth.
fn dates(columns: &Columns, row: &StreamRow<'_>, meta: &mut Vec<(&'static str, Meta)>) {
    let Some(column) = columns.date else { return };
    let year = day(&row.cell(column));
    let birth = meta.iter().find_map(|(name, value)| match value {
        Meta::Number(birth) if *name == "birth_year" => Some(*birth),
        _ => None,
    });
    meta.push(("study_year", maybe(year)));
    meta.push(("age", maybe(year.zip(birth).map(|(year, birth)| year.floor() - birth))));
}

/// `20131223` (or `20131223.0`) as 2013 and the part of the year that has passed.
fn day(cell: &str) -> Option<f64> {
    let digits = cell.trim().strip_suffix(".0").unwrap_or(cell.trim());
    let date = number(digits).filter(|_| digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit()))?;
    let (year, month, day) = ((date / 10_000.0).floor(), (date / 100.0).floor() % 100.0, date % 100.0);
    let real = (1.0..=12.0).contains(&month) && (1.0..=31.0).contains(&day);
    real.then(|| year + (month - 1.0) / 12.0 + (day - 1.0) / 372.0)
}

/// All words of a list of images that look like an image's name. The study's list has no header and 37 columns, others
/// have one column.
fn listed(path: &Path) -> Result<HashSet<String>> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    let text = String::from_utf8_lossy(&bytes);
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '/'));
    let names: HashSet<String> = words.filter(|word| word.ends_with(".png")).map(str::to_owned).collect();
    if names.is_empty() {
        let remedy = "list images by their `ImageID`, for instance one a line";
        return Err(table_error(path, None, None, "no image is named in it", remedy));
    }
    Ok(names)
}

fn notes(set: &PadChest, labels: &LabelTable) -> Vec<String> {
    let how = match set.match_ {
        super::Match::Exact => "a class is a label of exactly its name: child findings count as negatives",
        super::Match::Substring => "a class is any label that contains its name",
        super::Match::Hierarchy => "a class is its name or a finding below it in PadChest's label tree",
    };
    let excluding = match set.exclude_by {
        ExcludeBy::Cell => {
            "words exclude where the labels' cell contains them as they are written (`Unchanged` is no `unchanged`)"
        }
        ExcludeBy::Label => "words exclude where they are a label, whatever their case",
    };
    let empty = match set.empty_labels {
        EmptyLabels::Cell => "a list without a label is a film without a finding",
        EmptyLabels::List => "a list without a label is left out",
    };
    let any = labels.with_any();
    let none = labels.table.rows.len() - any;
    vec![
        labels.filter_note(),
        how.into(),
        excluding.into(),
        empty.into(),
        format!("{any} films with any of the classes, {none} with none"),
    ]
}
