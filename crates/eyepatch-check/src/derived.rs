//! Columns that nobody wrote into the table: taken from files, pixels and ROIs.

use eyepatch_core::Table;
use eyepatch_data::facts::FileFacts;

use crate::column::{Column, Values};
use crate::families::{MEASURES, Source};
use crate::gather::{Failure, Gathered};

/// All that differ between rows.
pub(crate) fn columns(table: &Table, gathered: &Gathered) -> Vec<Column> {
    let mut columns = file_columns(&gathered.files);
    for told in &MEASURES {
        let value = |facts: &Option<crate::facts::ImageFacts>| {
            facts.as_ref().map(|f| f.get(told.measure)).filter(|v| !v.is_nan())
        };
        let of = gathered.images.iter().map(value).collect();
        columns.extend(numbers(told.name, told.family, told.source, of, (told.high, told.low)));
    }
    for (failure, name, high, low) in [
        (Failure::Roi, "ROI cannot be used", "unusable ROIs", "usable ROIs"),
        (Failure::Image, "image cannot be read", "unreadable images", "readable images"),
    ] {
        let is = |f: &Option<Failure>| Some(f64::from(u8::from(*f == Some(failure))));
        let of = gathered.failed.iter().map(is).collect();
        columns.extend(numbers(name, "unusable images and ROIs", Source::Roi, of, (high, low)));
    }
    let without = |r: &eyepatch_core::Row| Some(f64::from(u8::from(r.roi.is_none())));
    let of = table.rows.iter().map(without).collect();
    columns.extend(numbers(
        "no file of a ROI",
        "unusable images and ROIs",
        Source::Roi,
        of,
        ("no ROI", "a ROI"),
    ));
    columns
}

fn file_columns(files: &[Option<FileFacts>]) -> Vec<Column> {
    let mut columns = Vec::new();
    let number = |f: &dyn Fn(&FileFacts) -> Option<f64>| -> Vec<Option<f64>> {
        files.iter().map(|file| file.as_ref().and_then(f)).collect()
    };
    let file = "file size";
    let bytes = number(&|f| Some(f.bytes as f64));
    columns.extend(numbers("file size", file, Source::File, bytes, ("larger files", "smaller files")));
    let quality = number(&|f| f.quality.map(f64::from));
    columns.extend(numbers(
        "JPEG quality",
        "compression",
        Source::File,
        quality,
        ("finer JPEG tables", "coarser JPEG tables"),
    ));
    let depth = number(&|f| f.bit_depth.map(f64::from));
    columns.extend(numbers(
        "bits a value in the file",
        "stored depth",
        Source::File,
        depth,
        ("deeper files", "shallower files"),
    ));
    let channels = number(&|f| f.channels.map(f64::from));
    columns.extend(numbers(
        "channels in the file",
        "stored depth",
        Source::File,
        channels,
        ("files of more channels", "files of fewer channels"),
    ));
    let mut texts = |name: &str, family: &str, f: &dyn Fn(&FileFacts) -> Option<String>| {
        let owned: Vec<Option<String>> = files.iter().map(|file| file.as_ref().and_then(f)).collect();
        let texts: Vec<Option<&str>> = owned.iter().map(Option::as_deref).collect();
        let told = |t: &str| format!("{name} {t}");
        columns.extend(Column::of_texts(name.to_owned(), family.to_owned(), Source::File, &texts, told));
    };
    texts("file format", "file format", &|f| Some(f.format.name().to_owned()));
    texts("compression", "compression", &|f| f.compression.clone());
    texts("chroma subsampling", "compression", &|f| f.subsampling.clone());
    let extras: std::collections::BTreeSet<&str> =
        files.iter().flatten().flat_map(|f| f.extras.clone()).collect();
    for extra in extras {
        let has = number(&|f| Some(f64::from(u8::from(f.extras.contains(extra)))));
        let name = format!("{extra} in the file");
        let (high, low) = (format!("files with {extra}"), format!("files without {extra}"));
        columns.extend(numbers(&name, "what files hold beside pixels", Source::File, has, (&high, &low)));
    }
    columns
}

/// A column, unless all its values are the same.
fn numbers(
    name: &str,
    family: &str,
    source: Source,
    of: Vec<Option<f64>>,
    (high, low): (&str, &str),
) -> Option<Column> {
    let first = of.iter().flatten().next().copied()?;
    if of.iter().flatten().all(|v| *v == first) {
        return None;
    }
    let values = Values::Numbers { of, high: high.to_owned(), low: low.to_owned() };
    Some(Column { name: name.to_owned(), family: family.to_owned(), source, values })
}
