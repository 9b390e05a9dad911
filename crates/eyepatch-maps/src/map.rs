use eyepatch_core::Attribution;

use crate::MapsError;
use crate::overlap::overlaps;

/// The values of an attribution on its grid, which covers the image evenly. A cell's value is the sum over its area,
/// spread evenly over it.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    height: usize,
    width: usize,
    values: Vec<f64>,
}

impl Map {
    /// `height` x `width` finite values, rows first.
    ///
    /// # Errors
    /// [`MapsError::Shape`], [`MapsError::NotFinite`].
    pub fn new(height: usize, width: usize, values: Vec<f64>) -> Result<Self, MapsError> {
        if height == 0 || width == 0 || height.checked_mul(width) != Some(values.len()) {
            return Err(MapsError::Shape { height, width, found: values.len() });
        }
        match values.iter().position(|v| !v.is_finite()) {
            Some(index) => Err(MapsError::NotFinite { what: "the value", index }),
            None => Ok(Self { height, width, values }),
        }
    }

    /// Values that are known to be finite and to fill the grid.
    pub(crate) fn made(height: usize, width: usize, values: Vec<f64>) -> Self {
        debug_assert_eq!(height * width, values.len());
        Self { height, width, values }
    }

    /// Rows of the grid.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns of the grid.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The values, rows first.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Whether all values are the same.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.values.iter().all(|v| *v == self.values[0])
    }

    /// The map of absolute values.
    #[must_use]
    pub fn absolute(&self) -> Self {
        Self { values: self.values.iter().map(|v| v.abs()).collect(), ..*self }
    }

    /// The same attribution on a grid of `height` x `width`: each value spread evenly over its cell, and summed over
    /// the new cells by exact overlaps. The sum over the image stays.
    ///
    /// # Errors
    /// [`MapsError::Shape`] where a side is 0.
    pub fn regrid(&self, height: usize, width: usize) -> Result<Self, MapsError> {
        if height == 0 || width == 0 {
            return Err(MapsError::Shape { height, width, found: self.values.len() });
        }
        if (height, width) == (self.height, self.width) {
            return Ok(self.clone());
        }
        let (rows, columns) = (overlaps(self.height, height), overlaps(self.width, width));
        let mut wide = vec![0.0; self.height * width];
        for y in 0..self.height {
            for o in &columns {
                wide[y * width + o.to] +=
                    self.values[y * self.width + o.from] * o.length as f64 / width as f64;
            }
        }
        let mut values = vec![0.0; height * width];
        for o in &rows {
            let share = o.length as f64 / height as f64;
            let (to, from) = (o.to * width, o.from * width);
            for x in 0..width {
                values[to + x] += wide[from + x] * share;
            }
        }
        Ok(Self::made(height, width, values))
    }
}

impl TryFrom<&Attribution> for Map {
    type Error = MapsError;

    fn try_from(attribution: &Attribution) -> Result<Self, MapsError> {
        let values = attribution.values.iter().map(|v| f64::from(*v)).collect();
        Self::new(attribution.height, attribution.width, values)
    }
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
