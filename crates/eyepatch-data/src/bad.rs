use std::fmt;
use std::path::PathBuf;

/// What makes a row unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// There is no image.
    ImageMissing,
    /// The image cannot be read.
    Unreadable,
    /// It is an image of a kind that is not read.
    Unsupported,
    /// All its pixels are the same.
    Constant,
    /// There is no ROI.
    RoiMissing,
    /// The ROI cannot be read.
    RoiUnreadable,
    /// The ROI is of another size than the image.
    RoiSize,
    /// No pixel is inside the ROI.
    RoiEmpty,
    /// No pixel is outside the ROI.
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
pub struct Bad {
    /// What kind of fault, for counting.
    pub fault: Fault,
    /// The file.
    pub path: Option<PathBuf>,
    /// What is wrong, as half a sentence.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl Bad {
    /// One that names no file yet.
    pub fn new(fault: Fault, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { fault, path: None, problem: problem.into(), remedy: remedy.into() }
    }

    /// A file that is damaged.
    pub fn corrupt(what: impl fmt::Display) -> Self {
        let problem = format!("the image is corrupt: {what}");
        Self::new(Fault::Unreadable, problem, "export or download it again")
    }

    /// A whole file of a kind that is not read.
    pub fn unsupported(what: impl fmt::Display) -> Self {
        let problem = format!("the image is of a kind that is not read: {what}");
        Self::new(Fault::Unsupported, problem, "save it as unsigned 8- or 16-bit grey or RGB")
    }

    /// The same of this file.
    pub fn of(self, path: impl Into<PathBuf>) -> Self {
        Self { path: Some(path.into()), ..self }
    }
}
