use std::fmt;
use std::path::PathBuf;

use miette::Diagnostic;

/// What the command line reports: what happened, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Engine(#[from] eyepatch_engine::Error),
    #[error(transparent)]
    Core(#[from] eyepatch_core::Error),
    #[error(transparent)]
    Data(#[from] eyepatch_data::Error),
    #[error("report: {0}")]
    Report(#[from] eyepatch_report::Error),
    #[error("{}: {problem}", path.display())]
    File { path: PathBuf, problem: String, remedy: String },
    #[error("{problem}")]
    Usage { problem: String, remedy: String },
    #[error("standard output: {0}")]
    Output(std::io::Error),
}

impl CliError {
    pub(crate) fn usage(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Usage { problem: problem.into(), remedy: remedy.into() }
    }

    pub(crate) fn file(
        path: impl Into<PathBuf>,
        problem: impl fmt::Display,
        remedy: impl Into<String>,
    ) -> Self {
        Self::File { path: path.into(), problem: problem.to_string(), remedy: remedy.into() }
    }

    /// 130 (as after SIGINT) where the user asked to stop, else 2.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Engine(e) if e.is_cancelled() => 130,
            Self::Core(eyepatch_core::Error::Cancelled)
            | Self::Data(eyepatch_data::Error::Core(eyepatch_core::Error::Cancelled)) => 130,
            _ => 2,
        }
    }
}

impl Diagnostic for CliError {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let remedy = match self {
            Self::Engine(e) => e.remedy(),
            Self::Core(e) => e.remedy(),
            Self::Data(e) => e.remedy(),
            Self::Report(e) => e.remedy(),
            Self::File { remedy, .. } | Self::Usage { remedy, .. } => Some(remedy.clone()),
            Self::Output(_) => None,
        };
        remedy.filter(|r| !r.is_empty()).map(|r| Box::new(r) as Box<dyn fmt::Display>)
    }
}
