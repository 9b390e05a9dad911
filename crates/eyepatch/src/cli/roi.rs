use super::args::{BoxArgs, DilateArgs};
use super::error::CliError;
use super::{Outcome, files};

pub(crate) fn dilate(args: &DilateArgs) -> Result<Outcome, CliError> {
    let roi = files::read_roi(&args.roi)?;
    let dilated = eyepatch_kernels::roi::dilate(roi.bits(), roi.width(), roi.height(), args.radius)
        .map_err(|e| CliError::file(&args.roi, e, "give a ROI of at least one pixel"))?;
    files::write_roi(&args.out, roi.width(), roi.height(), &dilated)?;
    Ok(Outcome::Fine)
}

pub(crate) fn bounding_box(args: &BoxArgs) -> Result<Outcome, CliError> {
    let roi = files::read_roi(&args.roi)?;
    let boxed = eyepatch_kernels::roi::box_mask(roi.bits(), roi.width(), roi.height())
        .map_err(|e| CliError::file(&args.roi, e, "give a ROI of at least one pixel"))?;
    files::write_roi(&args.out, roi.width(), roi.height(), &boxed)?;
    Ok(Outcome::Fine)
}
