use std::path::Path;

use eyepatch_core::Mask;
use serde_json::json;

use super::args::{BoxArgs, DilateArgs};
use super::error::CliError;
use super::{Outcome, files};

pub(crate) fn dilate(args: &DilateArgs) -> Result<Outcome, CliError> {
    let roi = files::read_roi(&args.roi)?;
    let dilated = eyepatch_kernels::roi::dilate(roi.bits(), roi.width(), roi.height(), args.radius)
        .map_err(|e| CliError::file(&args.roi, e, "give a ROI of at least one pixel"))?;
    write(&args.out, &roi, &dilated, args.json)
}

pub(crate) fn bounding_box(args: &BoxArgs) -> Result<Outcome, CliError> {
    let roi = files::read_roi(&args.roi)?;
    let boxed = eyepatch_kernels::roi::box_mask(roi.bits(), roi.width(), roi.height())
        .map_err(|e| CliError::file(&args.roi, e, "give a ROI of at least one pixel"))?;
    write(&args.out, &roi, &boxed, args.json)
}

/// Writes bits of the size of `roi`.
pub(crate) fn write(out: &Path, roi: &Mask, bits: &[u8], json: bool) -> Result<Outcome, CliError> {
    files::write_roi(out, roi.width(), roi.height(), bits)?;
    if !json {
        return Ok(Outcome::Fine);
    }
    let inside = bits.iter().filter(|b| **b != 0).count();
    files::print_json(&json!({
        "out": out, "width": roi.width(), "height": roi.height(), "inside_before": roi.area(), "inside": inside,
    }))
}
