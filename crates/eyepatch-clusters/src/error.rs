/// Why rows could not be clustered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// Values do not fill their rows.
    #[error("{values} values do not fill rows of {columns} columns")]
    Shape {
        /// How many numbers there are.
        values: usize,
        /// Numbers a row.
        columns: usize,
    },
    /// There are too few rows to part.
    #[error("{rows} rows are too few: at least {needed} are needed")]
    TooFew {
        /// Rows given.
        rows: usize,
        /// Rows needed.
        needed: usize,
    },
    /// A value is NaN or infinite.
    #[error("the value in row {row}, column {column} is not a finite number")]
    NotFinite {
        /// 0-based row of the first.
        row: usize,
        /// 0-based column.
        column: usize,
    },
    /// All rows are the same, so there is nothing to part.
    #[error("all rows are the same")]
    Constant,
    /// No number of clusters could be told: fewer rows differ than the smallest number of clusters needs.
    #[error("fewer rows differ than {k} clusters need")]
    NoClusters {
        /// The smallest number that was tried.
        k: usize,
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
    /// A solver gave up.
    #[error("the solver gave up: {0}")]
    Solver(String),
}
