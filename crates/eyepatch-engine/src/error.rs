use std::path::PathBuf;

/// The result of the engine's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between a declaration and its result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A plugin's error.
    #[error(transparent)]
    Plugin(#[from] eyepatch_core::Error),
    /// Samples of a data set cannot be used.
    #[error("{total} of {of} samples cannot be used:\n{}", shown.iter().map(|e| format!("  - {e}")).collect::<Vec<_>>().join("\n"))]
    Samples {
        /// How many.
        total: usize,
        /// Of how many.
        of: usize,
        /// The first few, by row.
        shown: Vec<eyepatch_core::Error>,
    },
    /// An audit declares something that cannot be planned.
    #[error("audit `{audit}`: {problem}")]
    Declaration {
        /// The audit.
        audit: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// Two audits carry one id.
    #[error("two audits are called `{id}`: {first} and {second}")]
    DuplicateAudit {
        /// The id they share.
        id: String,
        /// Where one is declared.
        first: String,
        /// Where the other is declared.
        second: String,
    },
    /// No audit fits a filter.
    #[error("no audit fits `{filter}`")]
    NoAudit {
        /// The filter.
        filter: String,
        /// The audits there are.
        known: Vec<String>,
    },
    /// Data cannot be split.
    #[error("cannot split: {0}")]
    Split(#[from] eyepatch_stats::StatsError),
    /// Maps cannot be judged.
    #[error("cannot judge maps: {0}")]
    Maps(#[from] eyepatch_maps::MapsError),
    /// Maps cannot be grouped.
    #[error("cannot group maps: {0}")]
    Clusters(#[from] eyepatch_clusters::ClusterError),
    /// A cell failed. Cells that were finished are kept.
    #[error("{kind} {name}: {source}")]
    Cell {
        /// What kind of work.
        kind: String,
        /// Its name.
        name: String,
        /// Why.
        source: Box<Error>,
    },
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of ours does not read back.
    #[error("{}: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The disk has no room for what a run will leave.
    #[error("the run needs about {needed_mb} MB in {} and {free_mb} MB are free", folder.display())]
    Space {
        /// Where cells are kept.
        folder: PathBuf,
        /// Megabytes that missing cells will take.
        needed_mb: u64,
        /// Of them, megabytes of caches, which a budget bounds.
        caches_mb: u64,
        /// Megabytes that are free there.
        free_mb: u64,
    },
    /// A plugin panicked: a bug of the plugin. Cells that were finished are kept.
    #[error("a plugin panicked: {0}")]
    Panic(String),
    /// The report could not be made.
    #[error("report: {0}")]
    Report(#[from] eyepatch_report::Error),
}

impl From<eyepatch_data::Error> for Error {
    fn from(error: eyepatch_data::Error) -> Self {
        match error {
            eyepatch_data::Error::Damaged { path, problem, .. } => Self::Damaged { path, problem },
            other => Self::Plugin(other.into()),
        }
    }
}

impl Error {
    /// An input or output error on `path`.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    /// Whether work stopped because somebody asked for it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Plugin(eyepatch_core::Error::Cancelled) => true,
            Self::Cell { source, .. } => source.is_cancelled(),
            _ => false,
        }
    }

    /// What the reader can do about it, where that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Plugin(e) => e.remedy(),
            Self::Samples { shown, .. } => shown.first().and_then(eyepatch_core::Error::remedy),
            Self::Declaration { remedy, .. } => Some(remedy.clone()),
            Self::DuplicateAudit { .. } => Some("rename one of them".into()),
            Self::NoAudit { known, .. } => Some(format!("there are: {}", known.join(", "))),
            Self::Cell { source, .. } => source.remedy(),
            Self::Io { path, source } => {
                eyepatch_core::Error::io(path.clone(), std::io::Error::from(source.kind())).remedy()
            }
            Self::Damaged { .. } => {
                Some("delete it and run the same command again: it will be made anew".into())
            }
            Self::Space { caches_mb: 0, .. } => Some("free space, or choose another --store".into()),
            Self::Space { caches_mb, .. } => Some(format!(
                "free space, choose another --store, or let caches take less than {caches_mb} MB (--cache-budget; 0 keeps \
                 none and computes more)"
            )),
            Self::Split(_) => Some(
                "use fewer folds, or more patients of the rarer class; every part needs both classes".into(),
            ),
            Self::Maps(_) | Self::Clusters(_) => Some(
                "leave `.judge_maps(..)` out, or choose another explainer; a NaN comes from the model or the explainer"
                    .into(),
            ),
            Self::Panic(_) => {
                Some("report it to the plugin's author, with the command and RUST_BACKTRACE=1".into())
            }
            Self::Report(e) => e.remedy(),
        }
    }
}
