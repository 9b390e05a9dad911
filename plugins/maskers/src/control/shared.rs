//! What the ROIs of the training part have in common.

use eyepatch_core::{Ctx, Error, Mask, Result, TrainingPart};
use rayon::prelude::*;

/// In how many of 1000 training ROIs a pixel must lie to belong to the cover. Were one ROI always enough, the cover would
/// follow a single wrong segmentation.
pub(super) const COVER: usize = 5;

/// ROIs held in memory at once.
const BLOCK: usize = 256;

/// In how many training ROIs each pixel lies.
pub(crate) struct Shared {
    size: (usize, usize),
    counts: Vec<u32>,
    /// Training samples, and those of them whose ROI holds a pixel.
    samples: usize,
    rois: usize,
}

impl Shared {
    /// Counts the unions of these structures.
    ///
    /// # Errors
    /// What loading says, [`Error::UnknownStructure`], [`Error::EmptyRegion`] without any sample, [`Error::Shape`] where
    /// ROIs differ in size.
    pub(crate) fn of(training: &dyn TrainingPart, structures: &[String], ctx: &Ctx) -> Result<Self> {
        let one = |index: usize| {
            ctx.check()?;
            training.sample(index)?.roi.union(structures)
        };
        let mut found: Option<Self> = None;
        for start in (0..training.len()).step_by(BLOCK) {
            let block = start..(start + BLOCK).min(training.len());
            let regions: Result<Vec<Mask>> = ctx.install(|| block.into_par_iter().map(one).collect());
            for region in regions? {
                found.get_or_insert_with(|| Self::none(&region)).add(&region)?;
            }
        }
        found
            .ok_or_else(|| Error::EmptyRegion { what: "the training part, whose ROIs are asked for,".into() })
    }

    fn none(like: &Mask) -> Self {
        Self { size: (like.width(), like.height()), counts: vec![0; like.bits().len()], samples: 0, rois: 0 }
    }

    fn add(&mut self, region: &Mask) -> Result<()> {
        if (region.width(), region.height()) != self.size {
            let size = |(w, h): (usize, usize)| format!("{h}x{w}");
            return Err(Error::shape(
                "training ROI",
                size(self.size),
                size((region.width(), region.height())),
            ));
        }
        self.counts.iter_mut().zip(region.bits()).for_each(|(count, bit)| *count += u32::from(*bit));
        self.samples += 1;
        self.rois += usize::from(!region.is_empty());
        Ok(())
    }

    /// The pixels inside most of the ROIs, as many as the ROIs have on average; ties go to the first in reading order.
    pub(crate) fn mean(&self) -> Result<Mask> {
        let total: usize = self.counts.iter().map(|c| *c as usize).sum();
        let area = (total + self.samples / 2) / self.samples.max(1);
        let ranks: Vec<std::cmp::Reverse<u32>> = self.counts.iter().copied().map(std::cmp::Reverse).collect();
        super::first_by_rank(self.size, area, |pixel| ranks[pixel])
    }

    /// The pixels that lie in at least [`COVER`] in 1000 of the ROIs that hold a pixel, and in one at least.
    pub(crate) fn cover(&self) -> Result<Mask> {
        let enough = |count: usize| count > 0 && count * 1000 >= COVER * self.rois;
        let bits = self.counts.iter().map(|count| u8::from(enough(*count as usize))).collect();
        Mask::new(self.size.0, self.size.1, bits)
    }
}
