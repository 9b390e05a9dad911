//! From files to pixels.

use std::path::Path;

use eyepatch_core::{Error, Image, Roi, Sample};
use eyepatch_data::{Bad, Fault, File, decode};

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
    let bytes = file.read(folder.max_pixels, Fault::Unreadable)?;
    let image = decode::image(&bytes, folder.max_pixels);
    let image = if folder.grey { image.and_then(decode::grey) } else { image };
    let image = image.map_err(|bad| bad.of(&file.shown))?;
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
    eyepatch_data::check_extent(&roi).map_err(|bad| bad.of(shown))?;
    Ok((image, roi))
}

fn masks<'a>(
    folder: &Folder,
    files: &'a [(String, File)],
    width: usize,
    height: usize,
) -> Result<(Roi, &'a Path), Bad> {
    let mut structures = Vec::with_capacity(files.len());
    for (name, file) in files {
        let bytes = file.read(folder.max_pixels, Fault::RoiUnreadable)?;
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
