//! What the cells of a sweep are for.

/// What a cell is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sweep) enum Role {
    Prepare,
    Survey,
    Check,
    Split,
    Measure,
    Features,
    Fit {
        trained: usize,
        fold: usize,
    },
    Predict {
        trained: usize,
        evaluation: usize,
        fold: usize,
    },
    Explain,
    /// Trains a model on permuted labels, for maps to be held against.
    Permuted,
    /// Makes and checks maps of many images.
    Maps,
    /// Asks the full-image model's embedding about columns.
    Read {
        fold: usize,
    },
    Scores,
    /// Asks the full-image model what it makes of images on its way.
    Embed,
    /// Asks a probe that reads it.
    Examine {
        probe: usize,
    },
    /// Prepares a data set that differs in pixels only.
    Elsewhere,
    /// Asks the full-image model about it.
    Broken {
        fold: usize,
    },
    /// Prepares external data.
    External {
        transfer: usize,
    },
    /// Looks for empty regions in it.
    ExternalSurvey,
    /// Asks a model about it.
    Abroad {
        transfer: usize,
        trained: usize,
        /// Among the external data's own.
        evaluation: usize,
        fold: usize,
    },
}

impl Role {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Survey => "survey",
            Self::Check => "check",
            Self::Split => "split",
            Self::Measure => "measure",
            Self::Features => "features",
            Self::Fit { .. } => "fit",
            Self::Predict { .. } => "predict",
            Self::Explain => "explain",
            Self::Permuted => "fit",
            Self::Maps => "maps",
            Self::Read { .. } => "read",
            Self::Scores => "scores",
            Self::Embed => "embed",
            Self::Examine { .. } => "examine",
            Self::Elsewhere => "prepare",
            Self::Broken { .. } => "predict",
            Self::External { .. } => "prepare",
            Self::ExternalSurvey => "survey",
            Self::Abroad { .. } => "predict",
        }
    }
}
