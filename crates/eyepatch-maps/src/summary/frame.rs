use eyepatch_core::Mask;
use eyepatch_kernels::roi::{BoundingBox, bounding_box};
use serde::{Deserialize, Serialize};

use crate::error::within;
use crate::{Map, MapsError, NotEstimable};

/// A frame that all images share: the bounding box of each ROI covers the same box of it, each side stretched by
/// itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Frame {
    /// Rows, at least 1.
    pub height: usize,
    /// Columns, at least 1.
    pub width: usize,
    /// What is seen on each side of the box, in parts of the box's own side, 0 or more.
    pub margin: f64,
}

impl Default for Frame {
    /// 64 x 64 with a margin of a half: the box is the middle half of the frame.
    fn default() -> Self {
        Self { height: 64, width: 64, margin: 0.5 }
    }
}

/// What a map's values are measured in where maps of different images meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Attribution per area of the image: the sum over the image if all of it were as here, on the output's scale.
    Output,
    /// The same by the sum of absolute values, so that each image counts alike: 1 or -1 where all of a map is spread
    /// evenly.
    Relative,
}

impl Frame {
    /// A map in this frame, rows first; `None` where the frame shows what lies beyond the image. Values between
    /// centres of cells are bilinear, those beyond the outermost centres as these; a place of the frame that is
    /// larger than a cell is the mean of points no further apart than cells.
    ///
    /// # Errors
    /// [`NotEstimable::EmptyRoi`]; [`NotEstimable::ZeroMap`] for a relative scale; [`MapsError::OutOfRange`] for a
    /// frame without places or with a negative margin.
    pub fn aligned(&self, map: &Map, roi: &Mask, scale: Scale) -> Result<Vec<Option<f64>>, MapsError> {
        within("the frame's height", "1 or more", self.height as f64, self.height > 0)?;
        within("the frame's width", "1 or more", self.width as f64, self.width > 0)?;
        within("margin", "0 or more", self.margin, self.margin >= 0.0 && self.margin.is_finite())?;
        let found: BoundingBox =
            bounding_box(roi.bits(), roi.width(), roi.height())?.ok_or(NotEstimable::EmptyRoi)?;
        let factor = factor(map, scale)?;
        let rows = self.points(self.height, (found.y0, found.y1, roi.height()), map.height());
        let columns = self.points(self.width, (found.x0, found.x1, roi.width()), map.width());
        let place = |(rows, columns): (&Vec<Point>, &Vec<Point>)| {
            let sum: f64 = rows.iter().flat_map(|y| columns.iter().map(|x| between(map, *y, *x))).sum();
            let n = rows.len() * columns.len();
            (n > 0).then(|| factor * sum / n as f64)
        };
        Ok(rows.iter().flat_map(|y| columns.iter().map(move |x| (y, x))).map(place).collect())
    }

    /// The points of each row (column) of the frame that lie within the image.
    fn points(
        &self,
        places: usize,
        (start, end, pixels): (usize, usize, usize),
        cells: usize,
    ) -> Vec<Vec<Point>> {
        let span = 1.0 + 2.0 * self.margin;
        // In cells.
        let side = span * (end - start) as f64 / pixels as f64 * cells as f64 / places as f64;
        let each = (side.ceil() as usize).max(1);
        let point = |place: usize, i: usize| {
            let at = (place as f64 + (i as f64 + 0.5) / each as f64) / places as f64 * span - self.margin;
            let pixel = start as f64 + at * (end - start) as f64;
            let within = (0.0..=pixels as f64).contains(&pixel);
            within.then(|| Point::new(pixel / pixels as f64 * cells as f64, cells))
        };
        (0..places).map(|place| (0..each).filter_map(|i| point(place, i)).collect()).collect()
    }
}

/// Two neighbouring cells, and how far a point lies from the first's centre to the second's.
#[derive(Debug, Clone, Copy)]
struct Point {
    first: usize,
    second: usize,
    part: f64,
}

impl Point {
    /// `at` is 0 at the start of the first cell and `cells` at the end of the last.
    fn new(at: f64, cells: usize) -> Self {
        let at = (at - 0.5).clamp(0.0, (cells - 1) as f64);
        let first = at.floor() as usize;
        Self { first, second: (first + 1).min(cells - 1), part: at - at.floor() }
    }
}

fn between(map: &Map, y: Point, x: Point) -> f64 {
    let along = |row: usize| {
        let row = &map.values()[row * map.width()..][..map.width()];
        row[x.first] + x.part * (row[x.second] - row[x.first])
    };
    let (first, second) = (along(y.first), along(y.second));
    first + y.part * (second - first)
}

fn factor(map: &Map, scale: Scale) -> Result<f64, MapsError> {
    let cells = map.values().len() as f64;
    match scale {
        Scale::Output => Ok(cells),
        Scale::Relative => {
            let sum: f64 = map.values().iter().map(|v| v.abs()).sum();
            if sum > 0.0 { Ok(cells / sum) } else { Err(NotEstimable::ZeroMap.into()) }
        }
    }
}

/// The mean of many maps in a frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeanMap {
    /// The frame.
    pub frame: Frame,
    /// What values are measured in.
    pub scale: Scale,
    /// Mean over the images that show a place, rows first; `None` where none does.
    pub values: Vec<Option<f64>>,
    /// How many images show each place.
    pub counts: Vec<usize>,
    /// Images.
    pub n_images: usize,
}

/// Takes a mean map, an image at a time.
#[derive(Debug, Clone)]
pub struct FrameMean {
    frame: Frame,
    scale: Scale,
    sums: Vec<f64>,
    counts: Vec<usize>,
    n_images: usize,
}

impl FrameMean {
    /// A mean of nothing yet.
    #[must_use]
    pub fn new(frame: Frame, scale: Scale) -> Self {
        let places = frame.height * frame.width;
        Self { frame, scale, sums: vec![0.0; places], counts: vec![0; places], n_images: 0 }
    }

    /// Adds an image.
    ///
    /// # Errors
    /// As [`Frame::aligned`]; nothing is added then.
    pub fn add(&mut self, map: &Map, roi: &Mask) -> Result<(), MapsError> {
        let aligned = self.frame.aligned(map, roi, self.scale)?;
        for ((sum, count), value) in self.sums.iter_mut().zip(&mut self.counts).zip(aligned) {
            *sum += value.unwrap_or(0.0);
            *count += usize::from(value.is_some());
        }
        self.n_images += 1;
        Ok(())
    }

    /// The mean so far.
    #[must_use]
    pub fn mean(&self) -> MeanMap {
        let mean = |(sum, n): (&f64, &usize)| (*n > 0).then(|| sum / *n as f64);
        MeanMap {
            frame: self.frame,
            scale: self.scale,
            values: self.sums.iter().zip(&self.counts).map(mean).collect(),
            counts: self.counts.clone(),
            n_images: self.n_images,
        }
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
