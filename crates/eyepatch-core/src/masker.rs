use serde::{Deserialize, Serialize};

use crate::{Ctx, Handle, Image, Mask, Result, Roi, Sample};

/// Which part of the image stays visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Everything.
    #[default]
    Full,
    /// The region; all else is filled ("OnlyROI").
    Inside,
    /// All but the region, which is filled ("NoROI").
    Outside,
}

/// The region's outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// As segmented.
    #[default]
    Exact,
    /// The bounding box of what was segmented.
    Box,
    /// The study's box: the ROI united with its bounding box without the box's last row and column.
    BoxPublished,
}

/// What a masking does, for plans, reports and verdicts. End a literal with `..MaskingCard::default()`, so that a
/// field that is added later breaks nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MaskingCard {
    /// Short name, unique within an audit: `Full`, `NoROI`, `OnlyROI-BB`, ...
    pub name: String,
    /// What stays visible.
    pub keep: Keep,
    /// The region's outline.
    pub shape: Shape,
    /// Dilation of the region in pixels of the working size; negative erodes.
    pub dilate: i32,
    /// Structures of the ROI that make the region; empty means all of them.
    pub structures: Vec<String>,
    /// How the region was dilated or eroded where that is no number of pixels: by a fraction of the image, to an area.
    pub resized: Option<String>,
    /// Visible pixels this near (city-block, in pixels) to a filled one are mixed with the fill.
    pub feather: u32,
    /// For a control, whose region is not the sample's own ROI: what it holds constant. `None` otherwise.
    pub control: Option<String>,
    /// The region is the sample's own ROI united with what is the ROI of other samples, so that its outline says next to
    /// nothing of the sample. Where it is hidden, nothing of the own ROI stays visible.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cover: bool,
    /// For a region that does not touch the own ROI: the cause of a shortcut that hiding it tests (`border`, `corner`,
    /// `background`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Name of the fill: `black`, `mean`, ...
    pub fill: String,
    /// Whether the output is independent of the pixels that the fill replaces. Only such maskings count in a
    /// verdict.
    pub hides: bool,
    /// What it does and what it holds constant, in a sentence.
    pub description: String,
}

impl MaskingCard {
    /// Whether the region is the sample's own whole ROI, neither dilated nor eroded.
    #[must_use]
    pub fn is_own_whole_roi(&self) -> bool {
        let own = self.control.is_none() && self.cause.is_none() && !self.cover;
        own && self.dilate == 0 && self.resized.is_none() && self.structures.is_empty()
    }
}

/// The training part of a fold, for maskers that learn from it (means, donors, mean ROI).
pub trait TrainingPart: Sync {
    /// Number of samples.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Sample `index`, at the working size.
    ///
    /// # Errors
    /// What loading it says.
    fn sample(&self, index: usize) -> Result<Sample>;
}

/// ROIs of other patients, all from the training part.
pub trait Donors: Sync {
    /// Number of donors.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The ROI of donor `index`, at the working size.
    ///
    /// # Errors
    /// What loading it says.
    fn roi(&self, index: usize) -> Result<Roi>;
    /// Whether donor `index` and the sample that is masked have the same label of class `class`; `None` where either is
    /// missing.
    fn agrees(&self, index: usize, class: usize) -> Option<bool> {
        let _ = (index, class);
        None
    }
}

/// No donors, for maskers that need none.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDonors;

impl Donors for NoDonors {
    fn len(&self) -> usize {
        0
    }

    fn roi(&self, _index: usize) -> Result<Roi> {
        Err(crate::Error::EmptyRegion { what: "the set of donors".into() })
    }
}

/// Hides a part of an image: a region (which pixels stay visible) and a fill (what the others become).
pub trait Masker: Send + Sync {
    /// What it does.
    fn card(&self) -> MaskingCard;

    /// Learns what it needs from the training part alone (a mean, statistics, donors).
    ///
    /// # Errors
    /// What loading says, or a plugin's own.
    fn prepare(&self, training: &dyn TrainingPart, ctx: &Ctx) -> Result<Box<dyn Prepared>>;

    /// Whether maskings depend on the training part: [`Masker::prepare`] reads it, or donors come from it. Where they do
    /// not, they are the same in all folds.
    fn learns(&self) -> bool {
        false
    }

    /// The same masker with its region dilated by `by` pixels more (negative erodes); `None` where that has no
    /// meaning.
    fn dilated(&self, by: i32) -> Option<Handle<dyn Masker>> {
        let _ = by;
        None
    }
}

/// A masker that has seen its training part.
pub trait Prepared: Send + Sync {
    /// The pixels that stay visible (1) and those that are filled (0).
    ///
    /// # Errors
    /// [`crate::Error::EmptyRegion`] where the region is empty, [`crate::Error::UnknownStructure`].
    fn visible(&self, roi: &Roi, donors: &dyn Donors, ctx: &Ctx) -> Result<Mask>;

    /// The masked image: same size, depth and channels. Visible pixels keep their value, but for the card's `feather`.
    /// `ctx` is the sample's own, so that noise does not depend on order.
    ///
    /// # Errors
    /// As [`Prepared::visible`], and [`crate::Error::Shape`] where image and ROI differ in size.
    fn apply(&self, image: &Image, roi: &Roi, donors: &dyn Donors, ctx: &Ctx) -> Result<Image>;
}
