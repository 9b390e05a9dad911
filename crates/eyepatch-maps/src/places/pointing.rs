use eyepatch_core::Mask;
use serde::{Deserialize, Serialize};

use crate::error::within;
use crate::{Map, MapsError, NotEstimable};

/// One round of the pointing game (Zhang, Bargal, Lin, Brandt, Shen & Sclaroff, "Top-down neural attention by
/// excitation backprop", International Journal of Computer Vision 126, 2018).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pointing {
    /// 1 where the largest value lies inside the ROI, 0 where not; of several largest values the share that does.
    pub hit: f64,
    /// The chance of a cell drawn at random.
    pub chance: f64,
    /// How many cells share the largest value: 1 where it is alone.
    pub largest: usize,
}

/// Whether the largest value lies inside `roi`: the centre of its cell lies in an inside pixel, or no further than
/// `tolerance` pixels from the centre of one (15 in the paper, for images whose longer side had about 500).
///
/// # Errors
/// [`NotEstimable::ConstantMap`], [`NotEstimable::EmptyRoi`]; [`MapsError::OutOfRange`] for a tolerance that is
/// negative or not finite.
pub fn pointing(map: &Map, roi: &Mask, tolerance: f64) -> Result<Pointing, MapsError> {
    within("tolerance", "0 or more", tolerance, tolerance >= 0.0 && tolerance.is_finite())?;
    if roi.is_empty() {
        return Err(NotEstimable::EmptyRoi.into());
    }
    if map.is_constant() {
        return Err(NotEstimable::ConstantMap.into());
    }
    let near = Near::new(roi, tolerance);
    let max = map.values().iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut largest, mut hits, mut chances) = (0, 0, 0);
    for (i, value) in map.values().iter().enumerate() {
        let hit = near.holds(i / map.width(), i % map.width(), map);
        chances += usize::from(hit);
        if *value == max {
            largest += 1;
            hits += usize::from(hit);
        }
    }
    Ok(Pointing {
        hit: hits as f64 / largest as f64,
        chance: chances as f64 / map.values().len() as f64,
        largest,
    })
}

/// Inside pixels counted along each row, so that a stretch of a row is asked in one step.
struct Near<'a> {
    roi: &'a Mask,
    /// `height` x `width + 1`: inside pixels before a column.
    before: Vec<u32>,
    tolerance: f64,
}

impl<'a> Near<'a> {
    fn new(roi: &'a Mask, tolerance: f64) -> Self {
        let mut before = Vec::with_capacity(roi.height() * (roi.width() + 1));
        for row in roi.bits().chunks_exact(roi.width()) {
            let mut count = 0;
            before.push(count);
            before.extend(row.iter().map(|bit| {
                count += u32::from(*bit);
                count
            }));
        }
        Self { roi, before, tolerance }
    }

    /// Whether an inside pixel lies near the centre of a cell.
    fn holds(&self, row: usize, column: usize, map: &Map) -> bool {
        let (width, height) = (self.roi.width(), self.roi.height());
        // The pixel that holds the centre, the last one of two where it lies between them; exact.
        let pixel = |cell: usize, cells: usize, pixels: usize| (2 * cell + 1) * pixels / (2 * cells);
        let (y, x) = (pixel(row, map.height(), height), pixel(column, map.width(), width));
        if self.roi.contains(y * width + x) {
            return true;
        }
        // Whole numbers are centres of pixels.
        let centre = |cell: usize, cells: usize, pixels: usize| {
            (2 * cell + 1) as f64 * pixels as f64 / (2 * cells) as f64 - 0.5
        };
        let (y, x) = (centre(row, map.height(), height), centre(column, map.width(), width));
        let first_row = (y - self.tolerance).ceil().max(0.0) as usize;
        let end_row = ((y + self.tolerance).floor() + 1.0).clamp(0.0, height as f64) as usize;
        (first_row..end_row).any(|at| {
            let away = at as f64 - y;
            let half = (self.tolerance * self.tolerance - away * away).max(0.0).sqrt();
            let first = (x - half).ceil().max(0.0) as usize;
            let end = ((x + half).floor() + 1.0).clamp(0.0, width as f64) as usize;
            let before = &self.before[at * (width + 1)..][..=width];
            first < end && before[first] < before[end]
        })
    }
}
