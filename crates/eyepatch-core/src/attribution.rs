use serde::{Deserialize, Serialize};

use crate::OutputSpace;

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
