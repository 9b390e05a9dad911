use std::path::{Path, PathBuf};

/// The result of what this crate writes and maps.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a prepared set, beside what its data set says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What a data set or the system says.
    #[error(transparent)]
    Core(#[from] eyepatch_core::Error),
    /// Bytes that are no NPY file, or none that is read.
    #[error("{problem}")]
    Npy {
        /// What is wrong.
        problem: String,
    },
    /// A file of ours does not read back.
    #[error("{}: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// Options that do not go with each other, with the data, or with a set that is there.
    #[error("{problem}")]
    Declared {
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// The disk has no room for a prepared set.
    #[error("the set needs {} MB in {} and {} MB are free", megabytes(*needed), folder.display(), megabytes(*free))]
    Space {
        /// Where it would be written.
        folder: PathBuf,
        /// Bytes that are still to be written.
        needed: u64,
        /// Bytes that are free there.
        free: u64,
    },
    /// Somebody else reads or writes it.
    #[error("{}: {problem}", path.display())]
    Busy {
        /// What is in use.
        path: PathBuf,
        /// By whom.
        problem: String,
    },
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}

impl Error {
    /// A prepared set's file that is not what it should be.
    pub fn damaged(path: impl Into<PathBuf>, problem: impl Into<String>) -> Self {
        let remedy = "run the same `eyepatch prepare` again: what is damaged is made anew";
        Self::Damaged { path: path.into(), problem: problem.into(), remedy: remedy.into() }
    }

    /// Options that do not go.
    pub(crate) fn declared(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Declared { problem: problem.into(), remedy: remedy.into() }
    }

    /// The same error of this file.
    #[must_use]
    pub fn of(self, path: &Path) -> Self {
        match self {
            Self::Npy { problem } => Self::damaged(path, problem),
            other => other,
        }
    }

    /// What the reader can do about it, where that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Core(eyepatch_core::Error::Cancelled) => {
                Some("run the same command again: what was prepared is kept".into())
            }
            Self::Core(e) => e.remedy(),
            Self::Npy { .. } => Some("write it with numpy.save".into()),
            Self::Damaged { remedy, .. } | Self::Declared { remedy, .. } => Some(remedy.clone()),
            Self::Space { .. } => {
                Some("free space, choose another --out, a smaller --size or --limit".into())
            }
            Self::Busy { .. } => Some("wait until it has ended, or choose another --out".into()),
        }
    }
}

/// For plugins, whose errors are of core.
impl From<Error> for eyepatch_core::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Core(e) => e,
            other => Self::Plugin {
                plugin: "eyepatch/prepared".into(),
                remedy: other.remedy(),
                source: Box::new(other),
            },
        }
    }
}
