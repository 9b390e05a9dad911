use eyepatch_core::{Mask, Roi};

use crate::bad::{Bad, Fault};

/// A ROI has an inside and an outside.
///
/// # Errors
/// A [`Bad`] where no pixel is inside, or none outside.
pub fn check_extent(roi: &Roi) -> Result<(), Bad> {
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
