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
            Self::Network(NnError::NotFinite { .. }) => "lower `learning_rate`".into(),
            Self::Network(_) => return None,
        })
    }
}

impl From<Error> for CoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Network(NnError::Cancelled) => Self::Cancelled,
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
