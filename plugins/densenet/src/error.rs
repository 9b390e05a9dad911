use std::path::PathBuf;

use eyepatch_core::Error as CoreError;
use eyepatch_nn::NnError;

/// What can go wrong beside what [`eyepatch_core::Error`] names.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A class that cannot be learnt.
    #[error("class `{class}` has {positive} positive and {negative} negative training images")]
    OneClassOnly {
        /// Its name.
        class: String,
        /// Training images that have it.
        positive: usize,
        /// Training images that do not.
        negative: usize,
    },
    /// A saved model that is not one of these parameters.
    #[error("{folder} holds another network: {problem}")]
    Saved {
        /// The folder.
        folder: String,
        /// What differs.
        problem: String,
    },
    /// Weights to start from that do not fit.
    #[error("{path}: {problem}")]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: NnError,
    },
    /// The network's own error.
    #[error(transparent)]
    Network(NnError),
}

impl Error {
    fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::OneClassOnly { .. } => {
                "leave the class out, or give the training part images of both kinds (more data, fewer folds)"
                    .into()
            }
            Self::Saved { .. } => "delete the folder; the model is then fitted again".into(),
            Self::Weights { .. } => {
                "let `weights` name a file of this `arch` and these `channels`, or leave it out to start at random".into()
            }
            Self::Network(NnError::NotFinite { .. } | NnError::Diverged { .. }) => "lower `learning_rate`".into(),
            Self::Network(_) => return None,
        })
    }
}

impl From<Error> for CoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Network(NnError::Cancelled) => Self::Cancelled,
            Error::Network(NnError::Source(source)) => match source.downcast::<Self>() {
                Ok(own) => *own,
                Err(source) => Self::Plugin { plugin: "eyepatch/densenet".into(), source, remedy: None },
            },
            Error::Network(NnError::Io { path, source }) => Self::io(path, source),
            Error::Network(NnError::Shape { what, got, expected }) => {
                Self::shape(what, expected, format!("{got:?}"))
            }
            error => {
                let remedy = error.remedy();
                Self::Plugin { plugin: "eyepatch/densenet".into(), source: Box::new(error), remedy }
            }
        }
    }
}

/// A network's error as the core's.
pub(crate) fn core(error: NnError) -> CoreError {
    Error::Network(error).into()
}
