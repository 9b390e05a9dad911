/// Why a regression could not be fitted or asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LogisticError {
    /// Features do not fill their rows.
    #[error("{values} values do not fill rows of {columns} columns")]
    Shape {
        /// How many numbers there are.
        values: usize,
        /// Numbers a row.
        columns: usize,
    },
    /// There is no row or no column.
    #[error("there are no features")]
    Empty,
    /// Labels and rows differ in number.
    #[error("{rows} rows have {labels} labels")]
    LabelCount {
        /// Rows of features.
        rows: usize,
        /// Labels.
        labels: usize,
    },
    /// A feature is NaN or infinite.
    #[error("the feature in row {row}, column {column} is not a finite number")]
    NotFinite {
        /// 0-based row of the first.
        row: usize,
        /// 0-based column.
        column: usize,
    },
    /// A feature has no standard deviation that a number could hold.
    #[error("the values in column {column} are too large to be standardised")]
    TooLarge {
        /// 0-based column.
        column: usize,
    },
    /// All labels are the same.
    #[error("all {n} labels are {}", if *.positive { "positive" } else { "negative" })]
    OneClass {
        /// The class there is.
        positive: bool,
        /// How many labels.
        n: usize,
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
    /// The solver ended before the gradient was small.
    #[error(
        "no convergence within {iterations} iterations: the largest gradient is {gradient:.1e}, not {tolerance:.1e}; allow \
         more iterations, or lower C"
    )]
    NotConverged {
        /// Iterations that were allowed.
        iterations: u64,
        /// Largest component of the gradient of the mean loss, in size.
        gradient: f64,
        /// What it had to be at most.
        tolerance: f64,
    },
    /// The solver gave up.
    #[error("the solver gave up: {0}")]
    Solver(String),
    /// Features of another width than those that were learnt from.
    #[error("{found} columns are given to a regression of {expected}")]
    ColumnCount {
        /// Columns learnt from.
        expected: usize,
        /// Columns given.
        found: usize,
    },
}
