/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a reader study cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The design asks for nothing, or for what there cannot be.
    #[error("{problem}")]
    Design {
        /// What is wrong.
        problem: String,
    },
    /// A score is NaN or infinite.
    #[error("class `{class}` under masking `{masking}`: the score of `{sample}` is no number")]
    Score {
        /// The class.
        class: String,
        /// The masking.
        masking: String,
        /// The sample.
        sample: String,
    },
    /// A cell has too few images of patients that the study does not show already.
    #[error(
        "class `{class}` under masking `{masking}` needs {needed} {} images of patients who are not shown yet; there are {found}",
        if *positive { "positive" } else { "negative" }
    )]
    TooFew {
        /// The class.
        class: String,
        /// The masking.
        masking: String,
        /// Of which label.
        positive: bool,
        /// Images that the design asks for.
        needed: usize,
        /// Images that could be had.
        found: usize,
    },
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Design { .. } => "give one image or more a position, and positions from 0 to 1",
            Self::Score { .. } => "run the audit again",
            Self::TooFew { .. } => "show fewer images a position, fewer classes or fewer maskings",
        }
    }
}
