use std::fmt;
use std::path::PathBuf;

/// What makes a row unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    ImageMissing,
    Unreadable,
    Unsupported,
    Constant,
    RoiMissing,
    RoiUnreadable,
    RoiSize,
    RoiEmpty,
    RoiFull,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ImageMissing => "image missing",
            Self::Unreadable => "image unreadable",
            Self::Unsupported => "image of a kind that is not read",
            Self::Constant => "image of one value",
            Self::RoiMissing => "ROI missing",
            Self::RoiUnreadable => "ROI unreadable",
            Self::RoiSize => "ROI of another size than its image",
            Self::RoiEmpty => "ROI empty",
            Self::RoiFull => "ROI that covers the whole image",
        })
    }
}

/// Why a row cannot be used, before it is told of a sample.
#[derive(Debug)]
pub(crate) struct Bad {
    pub(crate) fault: Fault,
    pub(crate) path: Option<PathBuf>,
    pub(crate) problem: String,
    pub(crate) remedy: String,
}

impl Bad {
    pub(crate) fn new(fault: Fault, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { fault, path: None, problem: problem.into(), remedy: remedy.into() }
    }

    /// A file that is damaged.
    pub(crate) fn corrupt(what: impl fmt::Display) -> Self {
        let problem = format!("the image is corrupt: {what}");
        Self::new(Fault::Unreadable, problem, "export or download it again")
    }

    /// A whole file of a kind that is not read.
    pub(crate) fn unsupported(what: impl fmt::Display) -> Self {
        let problem = format!("the image is of a kind that is not read: {what}");
        Self::new(Fault::Unsupported, problem, "save it as unsigned 8- or 16-bit grey or RGB")
    }

    /// The same of this file.
    pub(crate) fn of(self, path: impl Into<PathBuf>) -> Self {
        Self { path: Some(path.into()), ..self }
    }
}
