use std::path::PathBuf;

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a reader study cannot be made or scored.
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
    /// A table of scores cannot be used.
    #[error("{}{}: {problem}", path.display(), line.map(|l| format!(", line {l}")).unwrap_or_default())]
    Table {
        /// The file.
        path: PathBuf,
        /// 1-based.
        line: Option<u64>,
        /// What is wrong.
        problem: String,
    },
    /// An image cannot be written.
    #[error("an image cannot be written as PNG: {problem}")]
    Image {
        /// Why.
        problem: String,
    },
    /// A file cannot be read.
    #[error("{}: {problem}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// A key is none, or not as it was sealed.
    #[error("{}: {problem}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Answers cannot be scored.
    #[error("{}{}: {problem}", path.display(), case.as_ref().map(|c| format!(", case `{c}`")).unwrap_or_default())]
    Answers {
        /// The file.
        path: PathBuf,
        /// The case's code.
        case: Option<String>,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Design { .. } => {
                "give one image or more a position, positions from 0 to 1, and maskings and classes of the audit"
            }
            Self::Score { .. } => "run the audit again",
            Self::TooFew { .. } => "show fewer images a position, fewer classes or fewer maskings",
            Self::Table { .. } => "run the audit again, or choose another fold",
            Self::Image { .. } => "choose images that PNG can hold",
            Self::Io { .. } => "check that the file exists and can be read",
            Self::Key { .. } => "give the key.json that was written beside the page, as it was written",
            Self::Answers { remedy, .. } => remedy,
        }
    }
}
