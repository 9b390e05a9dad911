//! The mask of each image.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use eyepatch_core::{Mask, Roi};
use eyepatch_data::{Bad, Fault, File, Found, Root, check_extent, decode};

use crate::find::{Candidate, stem};
use crate::params::By;
use crate::scan::Scan;

/// Finds masks by the names of images.
pub(crate) struct Masks<'a> {
    root: Root,
    by: By,
    /// How many files have a name, extension aside.
    names: HashMap<&'a str, usize>,
}

impl<'a> Masks<'a> {
    pub(crate) fn new(root: Root, by: By, files: &'a [Candidate]) -> Self {
        let mut names: HashMap<&str, usize> = HashMap::new();
        for file in files {
            *names.entry(stem(file.name())).or_default() += 1;
        }
        Self { root, by, names }
    }

    /// The mask of a file.
    pub(crate) fn find(&self, file: &Candidate, scan: &Scan) -> Result<File, Bad> {
        let name = stem(file.name());
        let sole = self.names.get(name).is_none_or(|&n| n < 2);
        let keys: Vec<&str> = match (self.by, &scan.sop_instance) {
            (By::SopInstance, Some(uid)) if uid.bytes().all(|b| b.is_ascii_digit() || b == b'.') => vec![uid],
            (By::SopInstance, _) => Vec::new(),
            _ if sole => vec![file.stem(), name],
            _ => vec![file.stem()],
        };
        for key in &keys {
            match self.root.by_stem(key, &["", "_mask", "_roi"], None) {
                Found::File(file) => return Ok(file),
                Found::Refused(how) => return Err(missing(format!("the path of its ROI is refused: {how}"))),
                Found::Missing => {}
            }
        }
        let is_seg = |key: &&str| matches!(self.root.resolve(&format!("{key}.dcm")), Found::File(_));
        Err(match keys.iter().any(is_seg) {
            true => Bad::new(
                Fault::RoiUnreadable,
                "its ROI is a DICOM file; segmentations (SEG) are not read",
                "write its masks as PNG files, 0 outside and 255 inside",
            ),
            false => missing("there is no mask of its name in the `rois` folder".into()),
        })
    }
}

fn missing(problem: String) -> Bad {
    Bad::new(
        Fault::RoiMissing,
        problem,
        "add a PNG of the image's name or SOP Instance UID (`roi_by`), or set `on_bad` to \"drop\"",
    )
}

/// No two images share a mask.
pub(crate) fn shared(masks: &[File]) -> Option<PathBuf> {
    let mut seen = BTreeMap::new();
    masks.iter().find(|m| seen.insert(m.real.as_path(), ()).is_some()).map(|m| m.shown.clone())
}

/// A mask of this size as a ROI.
pub(crate) fn read(file: &File, max_pixels: u64, width: usize, height: usize) -> Result<Roi, Bad> {
    let unreadable = |bad: Bad| Bad { fault: Fault::RoiUnreadable, ..bad.of(&file.shown) };
    let bytes = file.read(max_pixels, Fault::RoiUnreadable)?;
    let mask: Mask = decode::mask(&bytes, max_pixels).map_err(unreadable)?;
    if (mask.width(), mask.height()) != (width, height) {
        return Err(Bad::new(
            Fault::RoiSize,
            format!(
                "the ROI is {}x{} and the image {height}x{width} (rows x columns)",
                mask.height(),
                mask.width()
            ),
            "save the mask at the image's size (nearest neighbour)",
        )
        .of(&file.shown));
    }
    let roi = Roi::single(mask)
        .map_err(|e| Bad::new(Fault::RoiUnreadable, e.to_string(), "mend it").of(&file.shown))?;
    check_extent(&roi).map_err(|bad| bad.of(&file.shown))?;
    Ok(roi)
}
