use eyepatch_core::Mask;
use eyepatch_kernels::roi::{BoundingBox, bounding_box, dilate};
use serde::{Deserialize, Serialize};

use super::PlaceWeights;
use crate::error::within;
use crate::{MapsError, NotEstimable};

/// A place of an image. The places are disjoint and cover it; what could lie in several lies in the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Inside the ROI.
    Inside,
    /// Inside the ROI's bounding box, but not inside the ROI.
    Box,
    /// The band around the box, or around the ROI.
    Rim,
    /// The four corners.
    Corners,
    /// The rest.
    Background,
}

impl Place {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [Self::Inside, Self::Box, Self::Rim, Self::Corners, Self::Background];
}

/// What a rim goes around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Around {
    /// The ROI's bounding box, widened on all sides.
    Box,
    /// The ROI itself, dilated. The rim then comes before the box.
    Roi,
}

/// How an image is parted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceRule {
    /// Width of the rim, in parts of the image's shorter side, 0 to 1; rounded to pixels.
    pub rim: f64,
    /// What the rim goes around.
    pub around: Around,
    /// Sides of a corner, in parts of the image's sides, 0 to 0.5; cut to whole pixels.
    pub corner: f64,
}

impl Default for PlaceRule {
    /// A rim of a twentieth around the box, wide enough for a segmentation that is a little off; corners of a
    /// quarter, as the players of `eyepatch/shap`.
    fn default() -> Self {
        Self { rim: 0.05, around: Around::Box, corner: 0.25 }
    }
}

/// An image parted by its ROI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    width: usize,
    height: usize,
    /// Index in [`Place::ALL`] of each pixel's place.
    places: Vec<u8>,
}

impl Places {
    /// The places of an image whose ROI is `roi`.
    ///
    /// # Errors
    /// [`NotEstimable::EmptyRoi`]; [`MapsError::OutOfRange`] for a rule out of its ranges.
    pub fn new(roi: &Mask, rule: PlaceRule) -> Result<Self, MapsError> {
        within("rim", "between 0 and 1", rule.rim, (0.0..=1.0).contains(&rule.rim))?;
        within("corner", "between 0 and 0.5", rule.corner, (0.0..=0.5).contains(&rule.corner))?;
        let (width, height) = (roi.width(), roi.height());
        let found = bounding_box(roi.bits(), width, height)?.ok_or(NotEstimable::EmptyRoi)?;
        let rim = (rule.rim * width.min(height) as f64).round() as usize;
        let dilated = match rule.around {
            Around::Box => None,
            Around::Roi => Some(dilate(roi.bits(), width, height, i32::try_from(rim).unwrap_or(i32::MAX))?),
        };
        let wide = widened(found, rim);
        let corner = ((rule.corner * width as f64) as usize, (rule.corner * height as f64) as usize);
        let place = |i: usize| {
            let (x, y) = (i % width, i / width);
            let (in_box, in_rim) = match &dilated {
                None => (holds(found, x, y), holds(wide, x, y)),
                Some(dilated) => (holds(found, x, y) && dilated[i] == 0, dilated[i] != 0),
            };
            if roi.contains(i) {
                Place::Inside
            } else if in_box {
                Place::Box
            } else if in_rim {
                Place::Rim
            } else if x.min(width - 1 - x) < corner.0 && y.min(height - 1 - y) < corner.1 {
                Place::Corners
            } else {
                Place::Background
            }
        };
        Ok(Self { width, height, places: (0..width * height).map(|i| place(i) as u8).collect() })
    }

    /// The pixels of one place.
    ///
    /// # Errors
    /// [`MapsError::Core`]; not for places made by [`Places::new`].
    pub fn mask(&self, place: Place) -> Result<Mask, MapsError> {
        let bits = self.places.iter().map(|p| u8::from(*p == place as u8)).collect();
        Ok(Mask::new(self.width, self.height, bits)?)
    }

    /// How much of each cell of a grid lies in each place. Serves all maps of that grid.
    ///
    /// # Errors
    /// [`MapsError::Shape`] where a side is 0.
    pub fn on_grid(&self, height: usize, width: usize) -> Result<PlaceWeights, MapsError> {
        PlaceWeights::new(&self.places, (self.height, self.width), (height, width))
    }
}

/// The box with `by` more pixels on each side, cut at the image by whoever asks for its pixels.
fn widened(b: BoundingBox, by: usize) -> BoundingBox {
    BoundingBox {
        x0: b.x0.saturating_sub(by),
        y0: b.y0.saturating_sub(by),
        x1: b.x1.saturating_add(by),
        y1: b.y1.saturating_add(by),
    }
}

fn holds(b: BoundingBox, x: usize, y: usize) -> bool {
    (b.x0..b.x1).contains(&x) && (b.y0..b.y1).contains(&y)
}
