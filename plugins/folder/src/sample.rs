//! From files to pixels.

use std::path::Path;

use eyepatch_core::{Error, Image, Mask, Roi, Sample};

use crate::bad::{Bad, Fault};
use crate::decode;
use crate::files::File;
use crate::params::Folder;
use crate::read::Loaded;
use crate::sources::RoiSource;

/// A row's sample.
pub(crate) fn load(folder: &Folder, loaded: &Loaded, row: usize) -> Result<Sample, Error> {
    let entry = &loaded.table.rows[row];
    let (image, roi) = pixels(folder, loaded, row).map_err(|bad| Error::Sample {
        sample: entry.id.clone(),
        path: bad.path,
        row: entry.line,
        problem: bad.problem,
        remedy: bad.remedy,
    })?;
    Ok(Sample {
        id: entry.id.clone(),
        patient: entry.patient.clone(),
        labels: entry.labels.clone(),
        image,
        roi,
    })
}

/// A row's image and ROI.
pub(crate) fn pixels(folder: &Folder, loaded: &Loaded, row: usize) -> Result<(Image, Roi), Bad> {
    let source = &loaded.sources[row];
    let file = &source.image;
    let bytes = read(file, folder.max_pixels, Fault::Unreadable)?;
    let image = decode::image(&bytes, folder.max_pixels).map_err(|bad| bad.of(&file.shown))?;
    let (width, height) = (image.width(), image.height());
    let (roi, shown) = match (&source.roi, &loaded.annotations) {
        (RoiSource::Outlines(index), Some(annotations)) => {
            (annotations.roi(*index, width, height)?, annotations.path.as_path())
        }
        (RoiSource::Masks(files), _) => masks(folder, files, width, height)?,
        (RoiSource::Outlines(_), None) => {
            return Err(Bad::new(Fault::RoiMissing, "the row has no ROI", "give it a mask or an outline"));
        }
    };
    check_extent(&roi).map_err(|bad| bad.of(shown))?;
    Ok((image, roi))
}

/// A ROI has an inside and an outside.
fn check_extent(roi: &Roi) -> Result<(), Bad> {
    let masks = || roi.structures().values();
    if masks().all(Mask::is_empty) {
        return Err(Bad::new(
            Fault::RoiEmpty,
            "the ROI is empty: no pixel is inside",
            "mend the ROI, or drop the row (a `where` condition, or `on_bad`: \"drop\")",
        ));
    }
    if (0..roi.width() * roi.height()).all(|pixel| masks().any(|m| m.contains(pixel))) {
        return Err(Bad::new(
            Fault::RoiFull,
            "the ROI covers the whole image: no pixel is outside",
            "mend the ROI (a mask must be 0 outside; a label map's background and a palette's first colour often \
             are not), or drop the row (a `where` condition, or `on_bad`: \"drop\")",
        ));
    }
    Ok(())
}

fn masks<'a>(
    folder: &Folder,
    files: &'a [(String, File)],
    width: usize,
    height: usize,
) -> Result<(Roi, &'a Path), Bad> {
    let mut structures = Vec::with_capacity(files.len());
    for (name, file) in files {
        let bytes = read(file, folder.max_pixels, Fault::RoiUnreadable)?;
        let mask = decode::mask(&bytes, folder.max_pixels);
        let mask = mask.map_err(|bad| Bad { fault: Fault::RoiUnreadable, ..bad.of(&file.shown) })?;
        if (mask.width(), mask.height()) != (width, height) {
            return Err(Bad::new(
                Fault::RoiSize,
                format!(
                    "the ROI is {}x{} and the image {height}x{width} (rows x columns)",
                    mask.height(),
                    mask.width()
                ),
                "save the mask at the image's size (nearest neighbour), or give the image it was drawn on",
            )
            .of(&file.shown));
        }
        structures.push((name.clone(), mask));
    }
    let shown = files.first().map_or(Path::new(""), |(_, f)| f.shown.as_path());
    let roi = Roi::new(structures)
        .map_err(|e| Bad::new(Fault::RoiUnreadable, e.to_string(), "mend it").of(shown))?;
    Ok((roi, shown))
}

/// A file's bytes. A file much larger than the largest image allowed is not read.
fn read(file: &File, max_pixels: u64, fault: Fault) -> Result<Vec<u8>, Bad> {
    let bad = |problem: String, remedy: &str| Bad::new(fault, problem, remedy).of(&file.shown);
    let cannot =
        |e: std::io::Error| bad(format!("it cannot be read: {e}"), "check that it exists and is readable");
    let limit = max_pixels.saturating_mul(8).saturating_add(64 << 20);
    let length = std::fs::metadata(&file.real).map_err(cannot)?.len();
    if length > limit {
        let problem =
            format!("it has {length} bytes, more than an image of `max_pixels` = {max_pixels} needs");
        return Err(bad(problem, "check that it is an image, or raise `max_pixels`"));
    }
    std::fs::read(&file.real).map_err(cannot)
}
