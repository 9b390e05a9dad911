/// What can go wrong in this crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too few evaluations for the method.
    #[error("a budget of {evaluations} evaluations is too small: {what} needs at least {needed}")]
    Budget {
        /// The budget's evaluations.
        evaluations: usize,
        /// The method, with its number of players where that matters.
        what: String,
        /// The smallest budget that will do.
        needed: usize,
    },
    /// More players than the method can take, or none.
    #[error("{found} players: {what} takes 1 to {limit}; choose coarser players")]
    Players {
        /// The method.
        what: &'static str,
        /// The number given.
        found: usize,
        /// The largest number possible.
        limit: usize,
    },
    /// An image without pixels, or one too large to be numbered.
    #[error("an image of {height}x{width}x{channels} cannot be divided: sides must be between 1 and 2^20")]
    Shape {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// Channels.
        channels: usize,
    },
    /// A slice that does not fit the others.
    #[error("{what} must hold {expected} values and holds {found}")]
    Length {
        /// Which one.
        what: &'static str,
        /// Values needed.
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// A model's output that is not a finite number.
    #[error("output {class} of the model is {value} on evaluation {evaluation}: it must be a finite number")]
    NotFinite {
        /// 1 for the first evaluation.
        evaluation: usize,
        /// Index of the output.
        class: usize,
        /// `NaN` or `inf`.
        value: String,
    },
    /// The sampled coalitions do not determine the values.
    #[error("{pairs} pairs of coalitions do not determine {players} values: raise the number of evaluations")]
    Singular {
        /// Pairs drawn.
        pairs: usize,
        /// Number of players.
        players: usize,
    },
    /// Images of other patients cannot take the place of what is hidden.
    #[error("hidden parts cannot become {needed} other images: {problem}")]
    Others {
        /// How many were asked for.
        needed: usize,
        /// What is wrong.
        problem: String,
    },
    /// A baseline as text that cannot be read.
    #[error("baseline `{0}`: `black`, `mean`, `noise`, `inpaint` and `blur:KX,KY` are known")]
    Baseline(String),
}

impl Error {
    /// [`Error::Length`] where the two differ.
    pub(crate) fn length(what: &'static str, expected: usize, found: usize) -> Result<(), Self> {
        if expected == found { Ok(()) } else { Err(Self::Length { what, expected, found }) }
    }
}

impl From<Error> for eyepatch_core::Error {
    fn from(error: Error) -> Self {
        let remedy = match &error {
            Error::Budget { .. } => {
                Some("raise the number of evaluations, or choose fewer players or baselines")
            }
            Error::Others { .. } => Some("ask for fewer, or explain within an audit, which has other images"),
            Error::Singular { .. } => Some("raise the number of evaluations, or choose fewer players"),
            _ => None,
        };
        Self::Plugin {
            plugin: "eyepatch/shap".into(),
            remedy: remedy.map(str::to_owned),
            source: Box::new(error),
        }
    }
}
