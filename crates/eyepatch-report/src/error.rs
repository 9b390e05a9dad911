use std::path::PathBuf;

/// The result of every fallible operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong when a result is written, read or rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is larger than a result can be.
    #[error("{}: {size} bytes, more than the {limit} bytes that eyepatch reads", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// The result was written in another version of the schema.
    #[error("{}: schema `{found}`, but this eyepatch reads `{expected}`", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// The version it carries.
        found: String,
        /// [`crate::SCHEMA`].
        expected: &'static str,
    },
    /// A file is no result: broken JSON, or a field missing or of another type.
    #[error("{}: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What the parser said, with line and column.
        source: serde_json::Error,
    },
    /// A number that JSON cannot hold.
    #[error("{what} holds a number that JSON cannot hold (NaN or infinite)")]
    NotFinite {
        /// Which document.
        what: &'static str,
    },
    /// A table of scores cannot be used.
    #[error("{}{}: {problem}", path.display(), line.map(|l| format!(", line {l}")).unwrap_or_default())]
    Scores {
        /// The file.
        path: PathBuf,
        /// 1-based.
        line: Option<u64>,
        /// What is wrong.
        problem: String,
    },
    /// A picture cannot be shown.
    #[error("picture `{file}`: {problem}")]
    Picture {
        /// The picture's name in the result.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// Image, mask and attribution do not fit together.
    #[error("{what}: expected {expected}, found {found}")]
    Shape {
        /// Which array.
        what: &'static str,
        /// The shape asked for.
        expected: String,
        /// The shape found.
        found: String,
    },
    /// A template failed: a mistake in this crate.
    #[error("template: {0}")]
    Template(#[from] minijinja::Error),
    /// A table could not be written.
    #[error("table: {0}")]
    Csv(#[from] csv::Error),
}

impl Error {
    /// What the reader can do about it, where that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Io { path, .. } => {
                Some(format!("check that {} exists and may be read or written", path.display()))
            }
            Self::TooLarge { .. } | Self::Json { .. } => Some(
                "name a result.json that eyepatch wrote, or run the audit again to write a new one".into(),
            ),
            Self::Schema { found, .. } => Some(format!(
                "render it with the eyepatch that writes `{found}`, or run the audit again with this one"
            )),
            Self::Picture { .. } => {
                Some("run the audit again: finished cells are kept and pictures rewritten".into())
            }
            Self::Scores { .. } => Some("run the audit again: it writes its scores anew".into()),
            Self::NotFinite { .. } | Self::Shape { .. } | Self::Template(_) | Self::Csv(_) => None,
        }
    }

    pub(crate) fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { path: path.into(), source }
    }

    pub(crate) fn picture(file: &str, problem: impl Into<String>) -> Self {
        Self::Picture { file: file.into(), problem: problem.into() }
    }
}
