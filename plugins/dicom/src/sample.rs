//! From files to pixels.

use eyepatch_core::{Error, Image, Roi, Sample};
use eyepatch_data::Bad;

use crate::find::whole;
use crate::params::Dicom;
use crate::pixels::read_pixels;
use crate::read::{Loaded, Source};
use crate::roi;

/// A row's sample.
pub(crate) fn load(dicom: &Dicom, loaded: &Loaded, row: usize) -> Result<Sample, Error> {
    let entry = &loaded.table.rows[row];
    let (image, roi) = pixels(dicom, &loaded.sources[row]).map_err(|bad| Error::Sample {
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
pub(crate) fn pixels(dicom: &Dicom, source: &Source) -> Result<(Image, Roi), Bad> {
    let limits = dicom.limits();
    let bytes = whole(&source.image, limits.max_bytes)?;
    let image =
        read_pixels(&bytes, &limits, dicom.window, dicom.frame).map_err(|bad| bad.of(&source.image.shown))?;
    let roi = roi::read(&source.mask, limits.max_pixels, image.width(), image.height())?;
    Ok((image, roi))
}
