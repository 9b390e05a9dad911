//! Whose region: the sample's own ROI, the ROI under a cover, or a control. A control says what it holds constant, so
//! that a change of the AUC can be put down to the rest.

mod blob;
mod moved;
mod part;
mod perturbed;
mod shared;

use eyepatch_core::{Ctx, Donors, Error, Mask, Result, TrainingPart};
use eyepatch_kernels::roi::components::{self, Connectivity};
use rand_core::RngCore;
use serde::{Deserialize, Serialize};

use crate::dilate::percent;

use shared::Shared;

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
    /// The own ROI united with every pixel that lies in at least 0.5 % of the training ROIs. Where the own ROI lies within
    /// those, the region is the same for all samples, so that hiding it takes the outline away with the ROI.
    Cover,
    /// The image's border between its corners ([`Of::CORNERS`]), without the ROI: as wide as this fraction of the shorter
    /// side (above 0, below 0.5).
    Rim(f32),
    /// The image's corners without the ROI: four squares of this fraction of the shorter side (above 0, below 0.5).
    Corners(f32),
    /// All that is further than a pixel from the ROI, lies in no corner ([`Of::CORNERS`]) and not in the border of this
    /// fraction of the shorter side (above 0, below 0.5).
    Background(f32),
}

impl Of {
    /// The usual width of [`Of::Rim`].
    pub const RIM: f32 = 0.08;
    /// The usual side of [`Of::Corners`].
    pub const CORNERS: f32 = 0.25;

    pub(crate) fn check(self) -> Result<(), String> {
        match self {
            Self::Perturbed(dice) if !(dice > 0.0 && dice <= 1.0) => {
                Err(format!("of: a Dice coefficient of {dice}; it lies above 0 and is at most 1"))
            }
            Self::Rim(part) | Self::Corners(part) | Self::Background(part) if !(part > 0.0 && part < 0.5) => {
                Err(format!("of: a fraction of {part} of the shorter side; it lies above 0 and below 0.5"))
            }
            _ => Ok(()),
        }
    }

    /// For names: `swap-same`, `moved`, `dice-0.9`, `rim-0.08`.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Own => String::new(),
            Self::SwapSame => "swap-same".into(),
            Self::SwapOpposite => "swap-opposite".into(),
            Self::MeanRoi => "mean-roi".into(),
            Self::Moved => "moved".into(),
            Self::Blob => "blob".into(),
            Self::Perturbed(dice) => format!("dice-{dice}"),
            Self::Cover => "cover".into(),
            Self::Rim(part) => format!("rim-{part}"),
            Self::Corners(part) => format!("corners-{part}"),
            Self::Background(part) => format!("background-{part}"),
        }
    }

    /// The region in words.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Own => "the ROI".into(),
            Self::SwapSame => "the ROI of another patient with the same label".into(),
            Self::SwapOpposite => "the ROI of another patient with the opposite label".into(),
            Self::MeanRoi => "the mean ROI of the training part".into(),
            Self::Moved => "the ROI moved off itself".into(),
            Self::Blob => "blobs of the ROI's area and elongation".into(),
            Self::Perturbed(_) => "the ROI with a wrong outline".into(),
            Self::Cover => format!(
                "the ROI united with all pixels that lie in at least {} of 1000 training ROIs",
                shared::COVER
            ),
            Self::Rim(part) => {
                format!(
                    "the image's border ({} % of the shorter side) between the corners, without the ROI",
                    percent(part)
                )
            }
            Self::Corners(part) => {
                format!("the image's corners ({} % of the shorter side) without the ROI", percent(part))
            }
            Self::Background(part) => format!(
                "what lies outside of the ROI, the border ({} % of the shorter side) and the corners",
                percent(part)
            ),
        }
    }

    /// What a control holds constant; `None` for the own ROI, with a cover or without.
    pub(crate) fn holds(self) -> Option<&'static str> {
        Some(match self {
            Self::Own | Self::Cover => return None,
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
            Self::Rim(_) => {
                "Holds the ROI and the middle of the image constant. Gives up the border, with what is written or burnt in there."
            }
            Self::Corners(_) => {
                "Holds the ROI and all between the corners constant. Gives up the corners, where tags and side marks lie."
            }
            Self::Background(_) => {
                "Holds the ROI, its outline, the border and the corners constant. Gives up the tissue and air around the ROI."
            }
        })
    }

    /// The cause of a shortcut that hiding the region tests; only of parts that are not the ROI's.
    pub(crate) fn cause(self) -> Option<&'static str> {
        match self {
            Self::Rim(_) => Some("border"),
            Self::Corners(_) => Some("corner"),
            Self::Background(_) => Some("background"),
            _ => None,
        }
    }

    /// Whether it is another region where the training part is another.
    pub(crate) fn learns(self) -> bool {
        matches!(self, Self::MeanRoi | Self::Cover | Self::SwapSame | Self::SwapOpposite)
    }

    /// What it needs of the training part's ROIs: their mean, their cover, or nothing.
    pub(crate) fn learnt(
        self,
        training: &dyn TrainingPart,
        structures: &[String],
        ctx: &Ctx,
    ) -> Result<Option<Mask>> {
        let shared = || Shared::of(training, structures, ctx);
        match self {
            Self::MeanRoi => shared()?.mean().map(Some),
            Self::Cover => shared()?.cover().map(Some),
            _ => Ok(None),
        }
    }

    /// The region's pixels, from those of the own ROI (never empty).
    pub(crate) fn select(self, own: Mask, other: &Others<'_>, ctx: &Ctx) -> Result<Mask> {
        match self {
            Self::Own => Ok(own),
            Self::SwapSame => other.swapped(true, ctx),
            Self::SwapOpposite => other.swapped(false, ctx),
            Self::MeanRoi => other.learnt_for(&own).cloned(),
            Self::Moved => moved::moved(&own, &mut ctx.rng("moved region")),
            Self::Blob => blob::blobs(&own, &mut ctx.rng("blob region")),
            Self::Perturbed(dice) => perturbed::perturbed(&own, dice, &mut ctx.rng("perturbed region")),
            Self::Cover => other.learnt_for(&own)?.union(&own),
            Self::Rim(_) | Self::Corners(_) | Self::Background(_) => part::part(self, &own),
        }
    }
}

/// Where regions other than the own ROI come from.
pub(crate) struct Others<'a> {
    pub(crate) structures: &'a [String],
    pub(crate) donors: &'a dyn Donors,
    /// What [`Of::learnt`] gave.
    pub(crate) learnt: Option<&'a Mask>,
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

    /// What was learnt of the training ROIs, at the size of the own ROI. Never empty.
    fn learnt_for(&self, own: &Mask) -> Result<&Mask> {
        let learnt = self
            .learnt
            .filter(|mask| !mask.is_empty())
            .ok_or_else(|| Error::EmptyRegion { what: "the ROI of every training sample".into() })?;
        if (learnt.width(), learnt.height()) != (own.width(), own.height()) {
            let size = |m: &Mask| format!("{}x{}", m.height(), m.width());
            return Err(Error::shape("training ROI", size(own), size(learnt)));
        }
        Ok(learnt)
    }
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
pub(crate) fn below(rng: &mut impl RngCore, n: usize) -> usize {
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
