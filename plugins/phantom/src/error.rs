/// What can go wrong in making phantoms: almost always a parameter that does not fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is out of its range.
    #[error("{field} is {value}, allowed is {allowed}")]
    Range {
        /// The parameter.
        field: String,
        /// Its value.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// Two parameters exclude each other.
    #[error("{0}")]
    Combination(String),
    /// An image that does not exist was asked for.
    #[error("image {row} was asked for, the data set has {rows}")]
    Row {
        /// The row asked for.
        row: usize,
        /// How many there are.
        rows: usize,
    },
    /// The JPEG encoder or decoder refused.
    #[error("JPEG: {0}")]
    Jpeg(#[from] image::ImageError),
}

impl Error {
    pub(crate) fn range(
        field: impl Into<String>,
        value: impl std::fmt::Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self::Range { field: field.into(), value: value.to_string(), allowed: allowed.into() }
    }
}
