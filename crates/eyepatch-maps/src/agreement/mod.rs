//! How alike two maps are. A map that stays as it is when the model's weights are drawn anew, or its labels are, says
//! nothing of the model (Adebayo, Gilmer, Muelly, Goodfellow, Hardt & Kim, "Sanity checks for saliency maps", NeurIPS
//! 2018).

mod mean;
mod rank;
mod similarity;
mod ssim;
mod top;

pub use mean::{MeanAgreement, Pair, mean_agreement};
pub use rank::{cosine, spearman};
pub use similarity::{Similarity, similarity};
pub use ssim::ssim;
pub use top::{TopOverlap, top_overlap};

use crate::{Map, MapsError};

/// Both maps on one grid: of each side the smaller number of cells, by exact overlaps ([`Map::regrid`]). Values with
/// signs are summed, so what cancels within a coarse cell is gone, as it is in the coarser map.
///
/// # Errors
/// None for maps that exist.
pub fn on_one_grid(first: &Map, second: &Map) -> Result<(Map, Map), MapsError> {
    let height = first.height().min(second.height());
    let width = first.width().min(second.width());
    Ok((first.regrid(height, width)?, second.regrid(height, width)?))
}

#[cfg(test)]
mod tests;
