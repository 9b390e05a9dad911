use eyepatch_core::{
    Ctx, Donors, Error, Handle, Image, Keep, Mask, Masker, MaskingCard, Params, Prepared, Result, Roi, Shape,
    TrainingPart, plugin,
};
use eyepatch_kernels::roi;
use serde::{Deserialize, Serialize};

use crate::fill::{Fill, Filler};

/// Hides what lies inside or outside a region of interest. The default is the study's NoROI: the ROI, as segmented,
/// turned black.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Region {
    /// What stays visible.
    pub keep: Keep,
    /// The region's outline; the box is taken after the dilation, as published.
    pub shape: Shape,
    /// Dilation in pixels of the working size (city-block); negative erodes.
    pub dilate: i32,
    /// Names of the structures whose union is the region; empty means all.
    pub structures: Vec<String>,
    /// What hidden pixels become.
    pub fill: Fill,
}

impl Default for Region {
    fn default() -> Self {
        Self {
            keep: Keep::Outside,
            shape: Shape::Exact,
            dilate: 0,
            structures: Vec::new(),
            fill: Fill::Black,
        }
    }
}

impl Params for Region {
    fn check(&self) -> Result<(), String> {
        let whole = Self { keep: Keep::Full, fill: self.fill, ..Self::default() };
        if self.keep == Keep::Full && *self != whole {
            return Err(
                "with keep = full there is no region, so shape, dilate and structures must be left out"
                    .into(),
            );
        }
        match self.structures.iter().enumerate().find(|(i, name)| self.structures[..*i].contains(name)) {
            Some((_, name)) => Err(format!("structures: `{name}` is named twice")),
            None => Ok(()),
        }
    }
}

/// The five published strategies with a black fill: Full, NoROI, NoROI-BB, OnlyROI, OnlyROI-BB. The box is the exact
/// one; the published code's box lacks its last row and column.
#[must_use]
pub fn published() -> Vec<Handle<dyn Masker>> {
    let region = |keep, shape| Region { keep, shape, ..Region::default() }.into();
    vec![
        region(Keep::Full, Shape::Exact),
        region(Keep::Outside, Shape::Exact),
        region(Keep::Outside, Shape::Box),
        region(Keep::Inside, Shape::Exact),
        region(Keep::Inside, Shape::Box),
    ]
}

impl Region {
    /// `NoROI`, `OnlyROI-BB+25`, `NoROI-mean`, `NoROI[heart]`: strategy, dilation, fill unless black, structures.
    fn name(&self) -> String {
        let strategy = match (self.keep, self.shape) {
            (Keep::Full, _) => return "Full".into(),
            (Keep::Outside, Shape::Exact) => "NoROI",
            (Keep::Outside, Shape::Box) => "NoROI-BB",
            (Keep::Inside, Shape::Exact) => "OnlyROI",
            (Keep::Inside, Shape::Box) => "OnlyROI-BB",
        };
        let dilation = if self.dilate == 0 { String::new() } else { format!("{:+}", self.dilate) };
        let fill = if self.fill == Fill::Black { String::new() } else { format!("-{}", self.fill.name()) };
        let only = if self.structures.is_empty() {
            String::new()
        } else {
            format!("[{}]", self.structures.join(","))
        };
        format!("{strategy}{dilation}{fill}{only}")
    }

    fn describe(&self) -> String {
        let structures = match self.structures.as_slice() {
            [] => "the ROI".to_owned(),
            names => names.join(" + "),
        };
        let dilated = match self.dilate {
            0 => structures,
            1.. => format!("{structures} dilated by {} pixels", self.dilate),
            _ => format!("{structures} eroded by {} pixels", self.dilate.unsigned_abs()),
        };
        let region = match self.shape {
            Shape::Exact => dilated,
            Shape::Box => format!("the bounding box of {dilated}"),
        };
        match self.keep {
            Keep::Full => "The whole image, unchanged.".into(),
            Keep::Inside => format!("Only {region} is visible; all else is {}.", self.fill.describe()),
            Keep::Outside => format!("All but {region} is visible; that is {}.", self.fill.describe()),
        }
    }

    /// The region's pixels.
    fn select(&self, roi: &Roi) -> Result<Mask> {
        let union = roi.union(&self.structures)?;
        let named = || match self.structures.as_slice() {
            [] => "the ROI".to_owned(),
            names => format!("the ROI's part `{}`", names.join("`, `")),
        };
        if union.is_empty() {
            return Err(Error::EmptyRegion { what: named() });
        }
        let (width, height) = (roi.width(), roi.height());
        let kernel = |e| Error::plugin("eyepatch/region", e);
        let mut bits = roi::dilate(union.bits(), width, height, self.dilate).map_err(kernel)?;
        if self.shape == Shape::Box {
            bits = roi::box_mask(&bits, width, height).map_err(kernel)?;
        }
        let region = Mask::new(width, height, bits)?;
        if region.is_empty() {
            let what = format!("{}, eroded by {} pixels,", named(), self.dilate.unsigned_abs());
            return Err(Error::EmptyRegion { what });
        }
        Ok(region)
    }
}

/// Shows or hides the region of interest: inside or outside, as segmented or its box, dilated or eroded, some of its
/// structures or all, filled with black, the training part's mean or noise.
#[plugin("eyepatch/region")]
impl Masker for Region {
    fn card(&self) -> MaskingCard {
        let full = self.keep == Keep::Full;
        MaskingCard {
            name: self.name(),
            keep: self.keep,
            shape: self.shape,
            dilate: self.dilate,
            fill: if full { "none".into() } else { self.fill.name().into() },
            hides: full || self.fill.hides(),
            description: self.describe(),
            structures: if full { Vec::new() } else { self.structures.clone() },
            ..MaskingCard::default()
        }
    }

    fn prepare(&self, training: &dyn TrainingPart, ctx: &Ctx) -> Result<Box<dyn Prepared>> {
        let filler = if self.learns() { self.fill.prepare(training, ctx)? } else { Filler::Black };
        Ok(Box::new(Ready { region: self.clone(), filler }))
    }

    fn learns(&self) -> bool {
        self.keep != Keep::Full && self.fill.learns()
    }

    fn dilated(&self, by: i32) -> Option<Handle<dyn Masker>> {
        if self.keep == Keep::Full {
            return None;
        }
        Some(Self { dilate: self.dilate.saturating_add(by), ..self.clone() }.into())
    }
}

/// A region with its filler.
struct Ready {
    region: Region,
    filler: Filler,
}

impl Prepared for Ready {
    fn visible(&self, roi: &Roi, _donors: &dyn Donors, _ctx: &Ctx) -> Result<Mask> {
        match self.region.keep {
            Keep::Full => Ok(Mask::filled(roi.width(), roi.height(), true)),
            Keep::Inside => self.region.select(roi),
            Keep::Outside => Ok(self.region.select(roi)?.complement()),
        }
    }

    fn apply(&self, image: &Image, roi: &Roi, donors: &dyn Donors, ctx: &Ctx) -> Result<Image> {
        if (image.width(), image.height()) != (roi.width(), roi.height()) {
            let size = |w: usize, h: usize| format!("{h}x{w}");
            return Err(Error::shape(
                "ROI",
                format!("{}, the image's size", size(image.width(), image.height())),
                size(roi.width(), roi.height()),
            ));
        }
        let visible = self.visible(roi, donors, ctx)?;
        let mut masked = image.clone();
        if self.region.keep != Keep::Full {
            self.filler.fill(&mut masked, &visible, ctx)?;
        }
        Ok(masked)
    }
}
