use serde::{Deserialize, Serialize};

use super::on_one_grid;
use crate::error::within;
use crate::{Map, MapsError, NotEstimable};

/// How far the largest values of two maps lie in the same cells.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TopOverlap {
    /// Intersection over union, 0 to 1.
    pub iou: f64,
    /// About what maps that have nothing to do with each other give: s / (2 - s) for the share s.
    pub chance: f64,
    /// The share of cells that counted as largest; at least one cell does.
    pub share: f64,
}

/// Intersection over union of the cells with the largest absolute values, a `share` (for instance 0.1) of the cells
/// of each map, rounded. Cells tied at the limit count in part, so that each map has the same number and no order of
/// cells decides; intersection and union are then sums of the smaller and of the larger parts.
///
/// # Errors
/// [`NotEstimable::ConstantMap`] where the sizes of either's values are all the same; [`MapsError::OutOfRange`]
/// unless 0 < `share` < 1.
pub fn top_overlap(first: &Map, second: &Map, share: f64) -> Result<TopOverlap, MapsError> {
    within("share", "between 0 and 1", share, share > 0.0 && share < 1.0)?;
    let (first, second) = on_one_grid(first, second)?;
    let n = first.values().len();
    let k = ((share * n as f64).round() as usize).max(1);
    let (a, b) = (parts(&first.absolute(), k)?, parts(&second.absolute(), k)?);
    let (mut both, mut either) = (0.0, 0.0);
    for (a, b) in a.iter().zip(&b) {
        both += a.min(*b);
        either += a.max(*b);
    }
    let share = k as f64 / n as f64;
    Ok(TopOverlap { iou: both / either, chance: share / (2.0 - share), share })
}

/// How far each cell is one of the `k` largest.
fn parts(map: &Map, k: usize) -> Result<Vec<f64>, MapsError> {
    if map.is_constant() {
        return Err(NotEstimable::ConstantMap.into());
    }
    let mut sorted = map.values().to_vec();
    let (_, limit, _) = sorted.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
    let limit = *limit;
    let above = map.values().iter().filter(|v| **v > limit).count();
    let tied = map.values().iter().filter(|v| **v == limit).count();
    let part = (k - above) as f64 / tied as f64;
    let of = |v: &f64| {
        if *v > limit {
            1.0
        } else if *v == limit {
            part
        } else {
            0.0
        }
    };
    Ok(map.values().iter().map(of).collect())
}
