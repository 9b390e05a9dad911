use serde::{Deserialize, Serialize};

/// Why a measure cannot be taken from the maps at hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotEstimable {
    /// All values of a map are the same, so it ranks nothing and points nowhere.
    #[error("all values of a map are the same")]
    ConstantMap,
    /// All values of a map are 0.
    #[error("all values of a map are 0")]
    ZeroMap,
    /// A map is smaller than a measure's window.
    #[error("a map of {height}x{width} is smaller than the window of {window}x{window}")]
    SmallMap {
        /// Rows of its grid.
        height: usize,
        /// Columns.
        width: usize,
        /// Side of the window.
        window: usize,
    },
    /// The ROI has no pixel.
    #[error("the ROI has no pixel")]
    EmptyRoi,
    /// The output on the whole image is that on the baseline, so there is nothing to share out.
    #[error("the output on the whole image is that on the baseline")]
    NoEffect,
    /// There are fewer of something than a measure needs.
    #[error("{n} {what} are too few: at least {needed} are needed")]
    TooFew {
        /// What there is too little of: `patients`, `reference images`.
        what: String,
        /// How many there are.
        n: usize,
        /// How many there must be.
        needed: usize,
    },
}

/// What can go wrong in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MapsError {
    /// A measure cannot be taken; [`crate::outcome`] makes a value of it.
    #[error(transparent)]
    NotEstimable(#[from] NotEstimable),
    /// Values that do not fill their grid, or a grid without cells.
    #[error("a map of {height}x{width} has {found} values")]
    Shape {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// Values given.
        found: usize,
    },
    /// A number is NaN or infinite.
    #[error("{what} at index {index} is not a finite number")]
    NotFinite {
        /// Which numbers: `the value`, `the output`.
        what: &'static str,
        /// 0-based index of the first.
        index: usize,
    },
    /// Two lists that go with each other differ in length.
    #[error("{expected} {what} are needed and {found} are given")]
    Count {
        /// What they are.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A setting lies outside its range.
    #[error("{name} must be {range} and is {found}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// What it may be.
        range: &'static str,
        /// What it is.
        found: f64,
    },
    /// A statistic refuses.
    #[error(transparent)]
    Stats(#[from] eyepatch_stats::StatsError),
    /// A mask is too large for the kernels.
    #[error(transparent)]
    Kernel(#[from] eyepatch_kernels::KernelError),
    /// A mask cannot be made.
    #[error(transparent)]
    Core(#[from] eyepatch_core::Error),
}

/// A measure, or why it cannot be taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome<T> {
    /// It was taken.
    Value(T),
    /// It cannot be.
    NotEstimable(NotEstimable),
}

impl<T> Outcome<T> {
    /// The measure, where it was taken.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::NotEstimable(_) => None,
        }
    }
}

/// Parts what cannot be measured, which is a finding, from what is wrong, which is an error.
///
/// # Errors
/// Every [`MapsError`] but [`MapsError::NotEstimable`].
pub fn outcome<T>(result: Result<T, MapsError>) -> Result<Outcome<T>, MapsError> {
    match result {
        Ok(value) => Ok(Outcome::Value(value)),
        Err(MapsError::NotEstimable(reason)) => Ok(Outcome::NotEstimable(reason)),
        Err(wrong) => Err(wrong),
    }
}

/// Refuses a setting outside its range.
pub(crate) fn within(
    name: &'static str,
    range: &'static str,
    found: f64,
    holds: bool,
) -> Result<(), MapsError> {
    if holds { Ok(()) } else { Err(MapsError::OutOfRange { name, range, found }) }
}
