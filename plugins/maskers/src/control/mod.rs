//! Controls: regions that are not the sample's own ROI. Each says what it holds constant, so that a change of the AUC
//! can be put down to the rest.

mod blob;
mod moved;
mod perturbed;

use eyepatch_core::{Ctx, Donors, Error, Mask, Result};
use eyepatch_kernels::roi::components::{self, Connectivity};
use rand_core::RngCore;
use serde::{Deserialize, Serialize};

/// Whose region is shown or hidden.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Of {
    /// The sample's own ROI.
    #[default]
    Own,
    /// The ROI of another patient with the same label of the first class, drawn at random from the training part.
    SwapSame,
    /// The ROI of another patient with the opposite label of the first class.
    SwapOpposite,
    /// The pixels that lie inside the ROI of most training samples, as many as the training ROIs have on average.
    MeanRoi,
    /// The own ROI, part by part moved to where the own ROI is not; a part that fits nowhere is replaced by a blob.
    Moved,
    /// Random blobs, one a part of the own ROI, each of its area and elongation, anywhere.
    Blob,
    /// The own ROI with a wrong outline, at about this Dice coefficient with the true one (0 to 1): segmentation error.
    Perturbed(f32),
}

impl Of {
    pub(crate) fn check(self) -> Result<(), String> {
        match self {
            Self::Perturbed(dice) if !(dice > 0.0 && dice <= 1.0) => {
                Err(format!("of: a Dice coefficient of {dice}; it lies above 0 and is at most 1"))
            }
            _ => Ok(()),
        }
    }

    /// For names: `swap-same`, `moved`, `dice-0.9`.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Own => String::new(),
            Self::SwapSame => "swap-same".into(),
            Self::SwapOpposite => "swap-opposite".into(),
            Self::MeanRoi => "mean-roi".into(),
            Self::Moved => "moved".into(),
            Self::Blob => "blob".into(),
            Self::Perturbed(dice) => format!("dice-{dice}"),
        }
    }

    /// The region in words.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Own => "the ROI",
            Self::SwapSame => "the ROI of another patient with the same label",
            Self::SwapOpposite => "the ROI of another patient with the opposite label",
            Self::MeanRoi => "the mean ROI of the training part",
            Self::Moved => "the ROI moved off itself",
            Self::Blob => "blobs of the ROI's area and elongation",
            Self::Perturbed(_) => "the ROI with a wrong outline",
        }
    }

    /// What a control holds constant; `None` for the own ROI.
    pub(crate) fn holds(self) -> Option<&'static str> {
        Some(match self {
            Self::Own => return None,
            Self::SwapSame => {
                "Holds constant what ROIs of this label look like: area, shape and place. Gives up this patient's own outline."
            }
            Self::SwapOpposite => {
                "Holds constant that the region is some patient's ROI. Turns what its area, shape and place say of the \
                 label around."
            }
            Self::MeanRoi => {
                "Holds the region constant over all samples: neither area nor shape nor place can say anything of the label."
            }
            Self::Moved => {
                "Holds area and shape constant, where it finds room. Gives up the place: the true ROI stays as it is."
            }
            Self::Blob => "Holds area, number of parts and elongation constant. Gives up outline and place.",
            Self::Perturbed(_) => {
                "Holds the region constant but for the outline: what a segmentation of this quality changes."
            }
        })
    }

    /// Whether it is another region where the training part is another.
    pub(crate) fn learns(self) -> bool {
        matches!(self, Self::MeanRoi | Self::SwapSame | Self::SwapOpposite)
    }

    /// Whether it needs the mean of the training part's regions.
    pub(crate) fn needs_mean(self) -> bool {
        self == Self::MeanRoi
    }

    /// The region's pixels, from those of the own ROI (never empty).
    pub(crate) fn select(self, own: Mask, other: &Others<'_>, ctx: &Ctx) -> Result<Mask> {
        match self {
            Self::Own => Ok(own),
            Self::SwapSame => other.swapped(true, ctx),
            Self::SwapOpposite => other.swapped(false, ctx),
            Self::MeanRoi => other.mean_of(&own),
            Self::Moved => moved::moved(&own, &mut ctx.rng("moved region")),
            Self::Blob => blob::blobs(&own, &mut ctx.rng("blob region")),
            Self::Perturbed(dice) => perturbed::perturbed(&own, dice, &mut ctx.rng("perturbed region")),
        }
    }
}

/// Where regions other than the own ROI come from.
pub(crate) struct Others<'a> {
    pub(crate) structures: &'a [String],
    pub(crate) donors: &'a dyn Donors,
    pub(crate) mean: Option<&'a Mask>,
}

impl Others<'_> {
    /// The ROI of a donor who agrees with the sample on the first class, or does not; donors without a pixel are passed
    /// over.
    fn swapped(&self, same: bool, ctx: &Ctx) -> Result<Mask> {
        let mut fitting: Vec<usize> =
            (0..self.donors.len()).filter(|&i| self.donors.agrees(i, 0) == Some(same)).collect();
        let mut rng = ctx.rng("swapped region");
        while !fitting.is_empty() {
            let chosen = fitting.swap_remove(below(&mut rng, fitting.len()));
            let region = self.donors.roi(chosen)?.union(self.structures)?;
            if !region.is_empty() {
                return Ok(region);
            }
        }
        let label = if same { "the same" } else { "the opposite" };
        Err(Error::EmptyRegion { what: format!("the set of other patients with {label} label and a ROI") })
    }

    fn mean_of(&self, own: &Mask) -> Result<Mask> {
        let mean =
            self.mean.ok_or_else(|| Error::EmptyRegion { what: "the training part's mean ROI".into() })?;
        if (mean.width(), mean.height()) != (own.width(), own.height()) {
            let size = |m: &Mask| format!("{}x{}", m.height(), m.width());
            return Err(Error::shape("mean ROI", size(own), size(mean)));
        }
        Ok(mean.clone())
    }
}

/// The pixels inside most of the ROIs, as many as the ROIs have on average; ties go to the first in reading order.
pub(crate) fn mean_roi(regions: &[Mask]) -> Result<Mask> {
    let Some(first) = regions.first() else {
        return Err(Error::EmptyRegion { what: "the training part, whose mean ROI is asked for,".into() });
    };
    let mut counts = vec![0u32; first.bits().len()];
    for region in regions {
        if (region.width(), region.height()) != (first.width(), first.height()) {
            let size = |m: &Mask| format!("{}x{}", m.height(), m.width());
            return Err(Error::shape("training ROI", size(first), size(region)));
        }
        counts.iter_mut().zip(region.bits()).for_each(|(c, b)| *c += u32::from(*b));
    }
    let total: usize = regions.iter().map(Mask::area).sum();
    let area = (total + regions.len() / 2) / regions.len();
    let ranks: Vec<std::cmp::Reverse<u32>> = counts.into_iter().map(std::cmp::Reverse).collect();
    first_by_rank((first.width(), first.height()), area, |pixel| ranks[pixel])
}

/// The `area` pixels of lowest rank; ties go to the first in reading order.
fn first_by_rank<R: Ord>(
    (width, height): (usize, usize),
    area: usize,
    rank: impl Fn(usize) -> R,
) -> Result<Mask> {
    let mut order: Vec<usize> = (0..width * height).collect();
    let mut bits = vec![0; width * height];
    if area > 0 && area <= order.len() {
        order.select_nth_unstable_by_key(area - 1, |&pixel| (rank(pixel), pixel));
        order[..area].iter().for_each(|&pixel| bits[pixel] = 1);
    }
    Mask::new(width, height, bits)
}

/// A number from 0 to `n - 1`; `n` is at least 1.
fn below(rng: &mut impl RngCore, n: usize) -> usize {
    // The bias of a remainder of 64 bits is far below anything that could be seen.
    (rng.next_u64() % n.max(1) as u64) as usize
}

/// A number from 0 to 1.
fn unit(rng: &mut impl RngCore) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// The 8-connected parts of a mask, largest first, each as its pixels in reading order.
fn parts(mask: &Mask) -> Result<Vec<Vec<usize>>> {
    let found = components::label(mask.bits(), mask.width(), mask.height(), Connectivity::Eight)
        .map_err(|e| Error::plugin("eyepatch/region", e))?;
    let mut parts = vec![Vec::new(); found.parts().len()];
    for (pixel, label) in found.labels().into_iter().enumerate().filter(|(_, label)| *label > 0) {
        parts[label as usize - 1].push(pixel);
    }
    parts.sort_by_key(|p: &Vec<usize>| std::cmp::Reverse(p.len()));
    Ok(parts)
}
