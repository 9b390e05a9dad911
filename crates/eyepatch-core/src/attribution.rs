use serde::{Deserialize, Serialize};

use crate::{Error, OutputSpace, Result};

/// How much each part of an input contributed to one output. Its grid need not be the image's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attribution {
    /// Rows of the grid, which covers the image evenly.
    pub height: usize,
    /// Columns of the grid.
    pub width: usize,
    /// `height` x `width` values, rows first.
    pub values: Vec<f32>,
    /// Index of the class explained.
    pub class: usize,
    /// Scale of the output explained.
    pub space: OutputSpace,
    /// Output on the baseline.
    pub base_value: f64,
    /// Output on the input.
    pub output_value: f64,
    /// `output - base - sum of values`, for methods whose values should add up.
    pub additivity_error: Option<f64>,
    /// Model evaluations used.
    pub evaluations: usize,
}

impl Attribution {
    /// Checks that the values fill the grid, that all numbers are finite, and that the class exists.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn check(&self, classes: usize) -> Result<()> {
        let wrong = |expected: String, found: String| Err(Error::shape("attribution", expected, found));
        if self.height == 0 || self.width == 0 || self.values.len() != self.height * self.width {
            let found = format!("{} values for {}x{}", self.values.len(), self.height, self.width);
            return wrong("a value for each place of its grid".into(), found);
        }
        if self.class >= classes {
            return wrong(format!("a class below {classes}"), self.class.to_string());
        }
        let outputs = [self.base_value, self.output_value, self.additivity_error.unwrap_or(0.0)];
        if !self.values.iter().all(|v| v.is_finite()) || !outputs.iter().all(|v| v.is_finite()) {
            return wrong("finite numbers".into(), "one that is not".into());
        }
        Ok(())
    }
}
