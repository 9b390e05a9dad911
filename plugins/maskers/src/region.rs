use eyepatch_core::{
    Ctx, Donors, Error, Handle, Image, Keep, Kind, Mask, Masker, MaskingCard, Params, Prepared, Result, Roi,
    Shape, TrainingPart, plugin,
};
use eyepatch_kernels::roi;
use serde::{Deserialize, Serialize};

use crate::control::{Of, Others};
use crate::dilate::Dilate;
use crate::fill::{Fill, Filler};

/// Hides what lies inside or outside a region of interest. The default is the study's NoROI: the ROI, as segmented,
/// turned black.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Region {
    /// What stays visible.
    pub keep: Keep,
    /// The region's outline; the box is taken after the dilation, as published.
    pub shape: Shape,
    /// Dilation (city-block); pixels of the working size, a fraction of it, or to a visible share.
    pub dilate: Dilate,
    /// Names of the structures whose union is the region; empty means all.
    pub structures: Vec<String>,
    /// Whose region: the sample's own, or a control's.
    pub of: Of,
    /// What hidden pixels become.
    pub fill: Fill,
    /// Width in pixels of a soft edge: visible pixels this near to a hidden one are mixed with the fill.
    pub feather: u32,
}

impl Default for Region {
    fn default() -> Self {
        Self {
            keep: Keep::Outside,
            shape: Shape::Exact,
            dilate: Dilate::default(),
            structures: Vec::new(),
            of: Of::Own,
            fill: Fill::Black,
            feather: 0,
        }
    }
}

impl Params for Region {
    fn check(&self) -> Result<(), String> {
        let whole = Self { keep: Keep::Full, fill: self.fill, ..Self::default() };
        if self.keep == Keep::Full && *self != whole {
            return Err(
                "with keep = full there is no region, so shape, dilate, structures, of and feather must be left out"
                    .into(),
            );
        }
        self.fill.check()?;
        self.dilate.check()?;
        self.of.check()?;
        self.check_goes_with_region()?;
        match self.structures.iter().enumerate().find(|(i, name)| self.structures[..*i].contains(name)) {
            Some((_, name)) => Err(format!("structures: `{name}` is named twice")),
            None => Ok(()),
        }
    }
}

impl Region {
    /// What can be done to the ROI cannot be done to every region.
    fn check_goes_with_region(&self) -> Result<(), String> {
        let as_it_is =
            self.shape == Shape::Exact && self.dilate == Dilate::Pixels(0) && self.structures.is_empty();
        if self.of.cause().is_some() && !as_it_is {
            return Err(format!(
                "with of = {} the region leaves out the whole ROI, so shape, dilate and structures must be left out",
                self.of.name()
            ));
        }
        if self.of == Of::Cover && self.dilate.may_erode() {
            return Err(
                "dilate: a cover that is eroded no longer covers the ROI; with of = cover give pixels or a \
                        fraction of 0 or more"
                    .into(),
            );
        }
        Ok(())
    }

    /// `NoROI`, `OnlyROI-BB+25`, `NoROI-mean`, `NoROI[heart]`, `NoROI~moved`: strategy, dilation, whose region, fill unless
    /// black, feather, structures.
    fn name(&self) -> String {
        let strategy = match self.keep {
            Keep::Full => return "Full".into(),
            Keep::Outside => "NoROI",
            Keep::Inside => "OnlyROI",
        };
        let shape = match self.shape {
            Shape::Exact => "",
            Shape::Box => "-BB",
            Shape::BoxPublished => "-BB*",
        };
        let of = if self.of == Of::Own { String::new() } else { format!("~{}", self.of.name()) };
        let fill = if self.fill == Fill::Black { String::new() } else { format!("-{}", self.fill.name()) };
        let feather = if self.feather == 0 { String::new() } else { format!("-feather({})", self.feather) };
        let only = if self.structures.is_empty() {
            String::new()
        } else {
            format!("[{}]", self.structures.join(","))
        };
        format!("{strategy}{shape}{}{of}{fill}{feather}{only}", self.dilate.name())
    }

    fn describe(&self) -> String {
        let structures = match (self.of, self.structures.as_slice()) {
            (Of::Own, []) => "the ROI".to_owned(),
            (Of::Own, names) => names.join(" + "),
            (of, []) => of.describe(),
            (of, names) => format!("{} ({})", of.describe(), names.join(" + ")),
        };
        let dilated = match self.dilate {
            Dilate::Pixels(0) => structures,
            Dilate::Pixels(by @ 1..) => format!("{structures} dilated by {by} pixels"),
            Dilate::Pixels(by) => format!("{structures} eroded by {} pixels", by.unsigned_abs()),
            other => format!("{structures} {}", other.describe().unwrap_or_default()),
        };
        let region = match self.shape {
            Shape::Exact => dilated,
            Shape::Box => format!("the bounding box of {dilated}"),
            Shape::BoxPublished => {
                format!("{dilated}, united with its bounding box without last row and column")
            }
        };
        let fill = self.fill.describe();
        let soft = match self.feather {
            0 => String::new(),
            width => format!(" The edge is soft over {width} visible pixels."),
        };
        match self.keep {
            Keep::Full => "The whole image, unchanged.".into(),
            Keep::Inside => format!("Visible: only {region}. All other pixels are {fill}.{soft}"),
            Keep::Outside => format!("Hidden: {region}. The hidden pixels are {fill}.{soft}"),
        }
    }

    /// The own ROI's pixels, before anything is done to them. Never empty.
    fn own(&self, roi: &Roi) -> Result<Mask> {
        let union = roi.union(&self.structures)?;
        if union.is_empty() {
            return Err(Error::EmptyRegion { what: self.named() });
        }
        Ok(union)
    }

    fn named(&self) -> String {
        match self.structures.as_slice() {
            [] => "the ROI".to_owned(),
            names => format!("the ROI's part `{}`", names.join("`, `")),
        }
    }

    /// Dilates and shapes a region, which holds a pixel.
    fn shaped(&self, region: Mask) -> Result<Mask> {
        if self.shape == Shape::Exact && self.dilate == Dilate::Pixels(0) {
            return Ok(region);
        }
        let (width, height) = (region.width(), region.height());
        let kernel = |e| Error::plugin("eyepatch/region", e);
        let bits = self.dilate.apply(region.bits(), (width, height), self.keep)?;
        let bits = match self.shape {
            Shape::Exact => bits,
            Shape::Box => roi::box_mask(&bits, width, height).map_err(kernel)?,
            Shape::BoxPublished => roi::box_published(&bits, width, height).map_err(kernel)?,
        };
        let shaped = Mask::new(width, height, bits)?;
        if shaped.is_empty() {
            let what = match self.dilate {
                Dilate::Pixels(by) => format!("{}, eroded by {} pixels,", self.named(), by.unsigned_abs()),
                other => format!("{}, {},", self.named(), other.describe().unwrap_or_default()),
            };
            return Err(Error::EmptyRegion { what });
        }
        Ok(shaped)
    }
}

/// Shows or hides the region of interest, or a control's region: inside or outside, as segmented or its box, dilated or
/// eroded, some of its structures or all, under any of eleven fills.
#[plugin("eyepatch/region", revision = 2)]
impl Masker for Region {
    fn card(&self) -> MaskingCard {
        let full = self.keep == Keep::Full;
        MaskingCard {
            name: self.name(),
            keep: self.keep,
            shape: self.shape,
            dilate: self.dilate.pixels().unwrap_or(0),
            resized: self.dilate.describe(),
            feather: self.feather,
            control: self.of.holds().map(Into::into),
            cover: self.of == Of::Cover,
            cause: self.of.cause().map(Into::into),
            fill: if full { "none".into() } else { self.fill.name().into() },
            hides: full || self.fill.hides(),
            description: self.describe(),
            structures: if full { Vec::new() } else { self.structures.clone() },
        }
    }

    fn prepare(&self, training: &dyn TrainingPart, ctx: &Ctx) -> Result<Box<dyn Prepared>> {
        // A literal in code may not have been checked.
        self.check().map_err(|problem| Error::Params {
            kind: Kind::Masker,
            id: "eyepatch/region".into(),
            problem,
        })?;
        let full = self.keep == Keep::Full;
        let filler = if full { Filler::default() } else { self.fill.prepare(training, ctx)? };
        let learnt = self.of.learnt(training, &self.structures, ctx)?;
        Ok(Box::new(Ready { region: self.clone(), filler, learnt }))
    }

    fn learns(&self) -> bool {
        self.keep != Keep::Full && (self.fill.learns() || self.of.learns())
    }

    fn dilated(&self, by: i32) -> Option<Handle<dyn Masker>> {
        let pixels = self.dilate.pixels().filter(|_| self.keep != Keep::Full)?;
        let dilated = Self { dilate: Dilate::Pixels(pixels.saturating_add(by)), ..self.clone() };
        dilated.check_goes_with_region().is_ok().then(|| dilated.into())
    }
}

/// A region that has seen its training part.
struct Ready {
    region: Region,
    filler: Filler,
    learnt: Option<Mask>,
}

impl Prepared for Ready {
    fn visible(&self, roi: &Roi, donors: &dyn Donors, ctx: &Ctx) -> Result<Mask> {
        let Region { keep, of, structures, .. } = &self.region;
        if *keep == Keep::Full {
            return Ok(Mask::filled(roi.width(), roi.height(), true));
        }
        let others = Others { structures, donors, learnt: self.learnt.as_ref() };
        let region = self.region.shaped(of.select(self.region.own(roi)?, &others, ctx)?)?;
        Ok(if *keep == Keep::Inside { region } else { region.complement() })
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
            self.filler.fill(&mut masked, &visible, self.region.feather, ctx)?;
        }
        Ok(masked)
    }
}
