use std::path::PathBuf;

use crate::registry::{Kind, Origin};

/// The result of every fallible operation of a plugin.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in a plugin or around one. Each variant says where; [`Error::remedy`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A table is not what it should be.
    #[error("{}{}{}: {problem}", path.display(), row_text(*row), column_text(column.as_deref()))]
    Table {
        /// The table's file.
        path: PathBuf,
        /// 1-based line of the file (the header is line 1), where the problem has one.
        row: Option<usize>,
        /// The column, where the problem has one.
        column: Option<String>,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// A sample's image or ROI cannot be used.
    #[error("sample `{sample}`{}{}: {problem}", path_text(path.as_deref()), row_text(*row))]
    Sample {
        /// The sample's id.
        sample: String,
        /// The file at fault, where there is one.
        path: Option<PathBuf>,
        /// 1-based line in the table, where there is one.
        row: Option<usize>,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// An array does not have the shape that it should have.
    #[error("{what}: expected {expected}, found {found}")]
    Shape {
        /// Which array.
        what: String,
        /// The shape asked for.
        expected: String,
        /// The shape found.
        found: String,
    },
    /// A ROI lacks a structure that was asked for by name.
    #[error("the ROI has no structure `{name}`; it has: {}", known.join(", "))]
    UnknownStructure {
        /// The name asked for.
        name: String,
        /// The names it has.
        known: Vec<String>,
    },
    /// A region that must contain something is empty.
    #[error("{what} is empty")]
    EmptyRegion {
        /// Which region.
        what: String,
    },
    /// A plugin's parameters do not fit.
    #[error("parameters of {kind} `{id}`: {problem}")]
    Params {
        /// The trait it implements.
        kind: Kind,
        /// The plugin's id.
        id: String,
        /// What is wrong.
        problem: String,
    },
    /// No linked crate registers a plugin of that id.
    #[error("no {kind} `{id}` is linked")]
    UnknownPlugin {
        /// The trait asked for.
        kind: Kind,
        /// The id asked for.
        id: String,
        /// The ids of that kind that are linked.
        linked: Vec<String>,
    },
    /// Two plugins carry one id.
    #[error("two plugins are called {kind} `{id}`: {first} and {second}")]
    DuplicatePlugin {
        /// The trait they implement.
        kind: Kind,
        /// The id they share.
        id: String,
        /// Where one is registered.
        first: Origin,
        /// Where the other is registered.
        second: Origin,
    },
    /// Something lacks a capability that was asked of it.
    #[error("{what} offers no {capability}")]
    Unsupported {
        /// What was asked.
        what: String,
        /// The capability it lacks.
        capability: String,
    },
    /// A score file and the plan it answers do not agree.
    #[error("{}{}: {problem}", path.display(), row_text(*row))]
    ScoreFile {
        /// The score file.
        path: PathBuf,
        /// 1-based line, where the problem has one.
        row: Option<usize>,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// The user or the scheduler asked to stop.
    #[error("stopped on request")]
    Cancelled,
    /// A plugin's own error.
    #[error("{plugin}: {source}")]
    Plugin {
        /// The plugin's id.
        plugin: String,
        /// Its error.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// What to do, where the plugin knows.
        remedy: Option<String>,
    },
}

impl Error {
    /// An input or output error on `path`.
    pub fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { path: path.into(), source }
    }

    /// A plugin's own error, carried under its id.
    pub fn plugin(id: &str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Plugin { plugin: id.into(), source: Box::new(source), remedy: None }
    }

    /// A shape error.
    pub fn shape(what: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Shape { what: what.into(), expected: expected.into(), found: found.into() }
    }

    /// The same error told of one sample. Errors that already name a file or a sample stay as they are.
    #[must_use]
    pub fn of_sample(self, sample: &str) -> Self {
        match self {
            Self::Shape { .. } | Self::UnknownStructure { .. } | Self::EmptyRegion { .. } => Self::Sample {
                sample: sample.into(),
                path: None,
                row: None,
                remedy: self.remedy().unwrap_or_default(),
                problem: self.to_string(),
            },
            other => other,
        }
    }

    /// As [`Error::of_sample`], with the row's file and line. Errors that already name them stay as they are.
    #[must_use]
    pub fn of_row(self, row: &crate::Row) -> Self {
        match self.of_sample(&row.id) {
            Self::Sample { sample, path, row: line, problem, remedy } => Self::Sample {
                sample,
                path: path.or_else(|| row.roi.clone()).or_else(|| row.image.clone()),
                row: line.or(row.line),
                problem,
                remedy,
            },
            other => other,
        }
    }

    /// What the reader can do about it, where that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Table { remedy, .. } | Self::Sample { remedy, .. } | Self::ScoreFile { remedy, .. } => {
                (!remedy.is_empty()).then(|| remedy.clone())
            }
            Self::Io { path, source } => Some(io_remedy(path, source)),
            Self::UnknownPlugin { id, linked, .. } => Some(unknown_remedy(id, linked)),
            Self::DuplicatePlugin { .. } => {
                Some("rename one of them, or link only one of the two crates".into())
            }
            Self::EmptyRegion { .. } => Some(
                "drop the sample from the table, mend its ROI, erode less, or work at a larger size".into(),
            ),
            Self::Plugin { remedy, .. } => remedy.clone(),
            Self::Cancelled => Some("run the same command again: finished cells are kept".into()),
            _ => None,
        }
    }
}

fn io_remedy(path: &std::path::Path, source: &std::io::Error) -> String {
    use std::io::ErrorKind as K;
    match source.kind() {
        K::NotFound => format!("check that {} exists and is spelt as in the table", path.display()),
        K::PermissionDenied | K::ReadOnlyFilesystem => {
            format!("make {} readable and, for outputs, writable, or choose another --out", path.display())
        }
        K::StorageFull | K::QuotaExceeded | K::FileTooLarge | K::WriteZero => {
            "free disk space (or raise the quota) and run the same command again: finished cells are kept"
                .into()
        }
        _ => "mend the cause and run the same command again: finished cells are kept".into(),
    }
}

fn unknown_remedy(id: &str, linked: &[String]) -> String {
    let near = linked.iter().map(|l| (strsim::jaro_winkler(l, id), l)).filter(|(s, _)| *s > 0.8);
    match near.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, l)) => format!("did you mean `{l}`?"),
        None => format!(
            "linked are: {}; add the plugin's crate to Cargo.toml and name it in eyepatch::main!",
            if linked.is_empty() { "none".into() } else { linked.join(", ") }
        ),
    }
}

fn row_text(row: Option<usize>) -> String {
    row.map(|r| format!(", line {r}")).unwrap_or_default()
}

fn column_text(column: Option<&str>) -> String {
    column.map(|c| format!(", column `{c}`")).unwrap_or_default()
}

fn path_text(path: Option<&std::path::Path>) -> String {
    path.map(|p| format!(", {}", p.display())).unwrap_or_default()
}
