//! Every image once: loaded, reduced to facts, and let go.

use std::sync::atomic::{AtomicU64, Ordering};

use eyepatch_core::{Ctx, Error, Result, Row};
use eyepatch_data::facts::FileFacts;
use rayon::prelude::*;

use crate::facts::ImageFacts;
use crate::input::Input;

/// What was found of all images, by row of the table.
pub(crate) struct Gathered {
    pub(crate) images: Vec<Option<ImageFacts>>,
    pub(crate) files: Vec<Option<FileFacts>>,
    /// Why a row could not be loaded.
    pub(crate) failed: Vec<Option<Failure>>,
}

/// What of a row is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    /// The image does not load.
    Image,
    /// The ROI is missing, empty, of another size or does not load.
    Roi,
}

pub(crate) fn gather(input: &Input<'_>, ctx: &Ctx) -> Result<Gathered> {
    let (done, total) = (AtomicU64::new(0), input.table.rows.len() as u64);
    let one = |(index, row): (usize, &Row)| -> Result<One> {
        ctx.check()?;
        let found = one(input, index, row, ctx)?;
        ctx.progress().report(done.fetch_add(1, Ordering::Relaxed) + 1, total, "images");
        Ok(found)
    };
    let all: Vec<Result<One>> = ctx.install(|| input.table.rows.par_iter().enumerate().map(one).collect());
    let mut gathered = Gathered { images: Vec::new(), files: Vec::new(), failed: Vec::new() };
    for one in all {
        let One { image, file, failed } = one?;
        gathered.images.push(image);
        gathered.files.push(file);
        gathered.failed.push(failed);
    }
    Ok(gathered)
}

struct One {
    image: Option<ImageFacts>,
    file: Option<FileFacts>,
    failed: Option<Failure>,
}

fn one(input: &Input<'_>, index: usize, row: &Row, ctx: &Ctx) -> Result<One> {
    // A file that cannot be opened is told by `load`.
    let file = row.image.as_deref().and_then(|path| FileFacts::read(path).ok());
    match input.dataset.load(input.source(index), ctx).and_then(|sample| ImageFacts::of(&sample)) {
        Ok(facts) => {
            let empty = facts.get(crate::families::Measure::RoiArea) == 0.0;
            Ok(One { image: Some(facts), file, failed: empty.then_some(Failure::Roi) })
        }
        Err(Error::Cancelled) => Err(Error::Cancelled),
        Err(error) => Ok(One { image: None, file, failed: Some(failure(&error, row)) }),
    }
}

/// A fault is the ROI's where the error names the ROI's file and not the image's, or says that a region is empty.
fn failure(error: &Error, row: &Row) -> Failure {
    let path = match error {
        Error::EmptyRegion { .. } | Error::UnknownStructure { .. } => return Failure::Roi,
        Error::Shape { what, .. } if what == "ROI" => return Failure::Roi,
        Error::Sample { path, .. } => path.as_ref(),
        Error::Io { path, .. } => Some(path),
        _ => None,
    };
    match path {
        Some(path) if Some(path) == row.roi.as_ref() && row.roi != row.image => Failure::Roi,
        None if row.image.is_some() && row.roi.is_none() => Failure::Roi,
        _ => Failure::Image,
    }
}
