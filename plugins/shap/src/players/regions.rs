use eyepatch_core::{Mask, Result, Roi};
use eyepatch_kernels::KernelError;
use eyepatch_kernels::roi::box_mask;
use eyepatch_kernels::roi::components::{Connectivity, label};

use super::Segmentation;

/// A corner's share of each side.
const CORNER: usize = 4;

/// The ROI's structures, the rest of its bounding box ("rim"), the four corners (a quarter of each side), and the
/// background. What lies in several belongs to the first of them; structures go by name.
pub(super) fn regions(roi: &Roi, size: (usize, usize)) -> Result<Segmentation> {
    let mut masks: Vec<(String, Mask)> =
        roi.structures().iter().map(|(name, mask)| (name.clone(), mask.clone())).collect();
    let all = roi.union(&[])?;
    let (width, height) = (all.width(), all.height());
    if !all.is_empty() {
        let rim = box_mask(all.bits(), width, height).map_err(unfit)?;
        masks.push(("rim".into(), Mask::new(width, height, rim)?));
    }
    for (name, below, right) in [
        ("corner top left", false, false),
        ("corner top right", false, true),
        ("corner bottom left", true, false),
        ("corner bottom right", true, true),
    ] {
        let inside = |at: usize, side: usize, last: bool| {
            let at = if last { side - 1 - at } else { at };
            at < side / CORNER
        };
        let bits = (0..width * height)
            .map(|i| u8::from(inside(i / width, height, below) && inside(i % width, width, right)));
        masks.push((name.into(), Mask::new(width, height, bits.collect())?));
    }
    Ok(Segmentation::of_masks(&masks, "background", size)?)
}

/// The ROI's connected parts (pixels that share a side or a corner), in the order of their first pixels, and the
/// background.
pub(super) fn parts(roi: &Roi, size: (usize, usize)) -> Result<Segmentation> {
    let all = roi.union(&[])?;
    let (width, height) = (all.width(), all.height());
    let found = label(all.bits(), width, height, Connectivity::Eight).map_err(unfit)?;
    let n = found.parts().len();
    let names = std::iter::once("background".to_owned()).chain((1..=n).map(|i| format!("part {i}")));
    let players: Vec<usize> = found.labels().into_iter().map(|id| id as usize).collect();
    Ok(Segmentation::new(size.0, size.1, &players, names.collect())?)
}

fn unfit(error: KernelError) -> eyepatch_core::Error {
    eyepatch_core::Error::plugin("eyepatch/shap", error)
}
