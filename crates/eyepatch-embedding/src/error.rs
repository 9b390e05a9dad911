/// What can go wrong in this crate. Rows and columns count from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddingError {
    /// Numbers do not fill their rows.
    #[error("{values} numbers do not fill {rows} rows of {columns}")]
    Shape {
        /// Numbers given.
        values: usize,
        /// Rows there should be.
        rows: usize,
        /// Numbers a row there should be, at least 1.
        columns: usize,
    },
    /// A number is NaN or infinite.
    #[error("the number in row {row}, column {column} is not finite")]
    NotFinite {
        /// Row of the first.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// A number is so large that squared distances overflow.
    #[error(
        "the number in row {row}, column {column} is too large: its square overflows; divide all by a constant"
    )]
    TooLarge {
        /// Row of the first.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// A row has no direction.
    #[error("row {row} of {which} is all zeros and has no direction; leave it out")]
    ZeroRow {
        /// Which table: `full`, `masked`, `noise`.
        which: &'static str,
        /// The first such row.
        row: usize,
    },
    /// Two tables that go with each other have rows of different lengths.
    #[error("rows of {which} have {found} columns and should have {expected}")]
    Columns {
        /// Which table.
        which: &'static str,
        /// Columns of the other.
        expected: usize,
        /// Columns found.
        found: usize,
    },
    /// Two lists that go with each other differ in length.
    #[error("there are {found} {what} for {expected} rows")]
    Count {
        /// What they are: `groups`, `patients`.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// There are fewer of something than is needed.
    #[error("{found} {what} are too few: at least {needed} are needed")]
    TooFew {
        /// What: `rows`, `groups`, `rows of the first group`.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there must be.
        needed: usize,
    },
    /// Every row is a group of its own, so nothing lies within a group.
    #[error("each of the {rows} rows is a group of its own")]
    AllSingle {
        /// Rows.
        rows: usize,
    },
    /// All rows are the same.
    #[error("all {rows} rows are the same")]
    Constant {
        /// Rows.
        rows: usize,
    },
    /// Every row is of the one patient, so there is no other to compare with.
    #[error("row {row} has no row of another patient to be compared with")]
    NoOther {
        /// The first such row.
        row: usize,
    },
    /// A setting lies outside its range.
    #[error("{name} must be {range} and is {found}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// What it may be.
        range: String,
        /// What it is.
        found: f64,
    },
    /// A map ran away: a coordinate is no longer finite. A smaller learning rate helps.
    #[error("t-SNE ran away in step {step}; take a smaller learning rate than {rate}")]
    Diverged {
        /// The step, from 0.
        step: usize,
        /// The learning rate.
        rate: f64,
    },
    /// Principal components refuse.
    #[error(transparent)]
    Components(#[from] eyepatch_clusters::ClusterError),
    /// A mean over patients refuses.
    #[error(transparent)]
    Mean(#[from] eyepatch_maps::MapsError),
    /// Permutations refuse.
    #[error(transparent)]
    Stats(#[from] eyepatch_stats::StatsError),
}

/// Refuses a setting outside its range.
pub(crate) fn within(
    name: &'static str,
    range: impl Into<String>,
    found: f64,
    holds: bool,
) -> Result<(), EmbeddingError> {
    if holds { Ok(()) } else { Err(EmbeddingError::OutOfRange { name, range: range.into(), found }) }
}

/// Refuses a list of another length than the rows'.
pub(crate) fn count(what: &'static str, expected: usize, found: usize) -> Result<(), EmbeddingError> {
    if expected == found { Ok(()) } else { Err(EmbeddingError::Count { what, expected, found }) }
}

/// Refuses fewer than are needed.
pub(crate) fn at_least(what: &'static str, needed: usize, found: usize) -> Result<(), EmbeddingError> {
    if found >= needed { Ok(()) } else { Err(EmbeddingError::TooFew { what, found, needed }) }
}
