//! Attribution maps of many images: made, checked, and held against what chance would give.
//!
//! `compute` is the cell, `game` what ROI and rest do for an output, `permuted` the labels of the model that has nothing to learn;
//! `assemble` makes of what was found the report's section, `beyond` what chance would not give, `draw` its pictures; `strategies` groups maps that are alike;
//! `speak` lets maps that count speak of a verdict's causes.

mod asked;
mod assemble;
mod beyond;
mod compute;
mod donors;
mod draw;
mod found;
mod game;
mod permuted;
mod rule;
mod speak;
mod strategies;

use std::collections::BTreeSet;

pub(in crate::sweep) use assemble::sections;
pub(in crate::sweep) use compute::{Judge, MAPS_FILE, REVISION, judge};
pub(in crate::sweep) use donors::donors;
pub(in crate::sweep) use found::Found;
pub(in crate::sweep) use permuted::Permuted;
pub use rule::MapRule;
pub(in crate::sweep) use speak::speak;

use eyepatch_core::{LegitimateRegion, Mask, Roi};
use eyepatch_kernels::roi::dilate;
use eyepatch_maps::MapsError;

use super::shared::Shared;
use crate::Result;
use crate::verdict::margin_px;

/// Test rows of fold 0: as many positives of the class as negatives, positives first, each of another patient as long as there are
/// new ones.
fn rows(shared: &Shared, class: usize, count: usize) -> Vec<usize> {
    let test = &shared.splits.folds[0].test;
    let pick = |want: bool, count: usize| -> Vec<usize> {
        let of = test.iter().copied().filter(|&r| shared.table.rows[r].labels[class] == Some(want));
        let mut seen = BTreeSet::new();
        let (first, more): (Vec<usize>, Vec<usize>) =
            of.partition(|&r| seen.insert(shared.table.rows[r].patient.as_str()));
        first.into_iter().chain(more).take(count).collect()
    };
    [pick(true, count.div_ceil(2)), pick(false, count / 2)].concat()
}

/// Where a class may be told from: its legitimate region, or the whole ROI where none is declared.
struct Region(Option<LegitimateRegion>);

impl Region {
    fn of(shared: &Shared, class: usize) -> Self {
        Self(shared.dataset.legitimate().remove(&shared.table.classes[class]))
    }

    fn mask(&self, roi: &Roi) -> Result<Mask> {
        let Some(region) = &self.0 else { return Ok(roi.union(&[])?) };
        let mask = roi.union(&region.structures)?;
        let (width, height) = (mask.width(), mask.height());
        let margin = margin_px(region, width);
        if margin == 0 || mask.is_empty() {
            return Ok(mask);
        }
        Ok(Mask::new(width, height, dilate(mask.bits(), width, height, margin).map_err(MapsError::from)?)?)
    }
}
