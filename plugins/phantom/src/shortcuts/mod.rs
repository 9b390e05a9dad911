//! Planted shortcuts: things beside the disease that go with the label, as often as one wishes.
//!
//! Each is one file that implements [`Plant`], and one variant of [`What`].

mod background;
mod blur;
mod border;
mod camera_gain;
mod glyphs;
mod jpeg;
mod metadata;
mod positioning;
mod tag;
mod tube;
mod wide_roi;

use serde::{Deserialize, Serialize};

pub use self::background::Background;
pub use self::blur::Blur;
pub use self::border::Border;
pub use self::camera_gain::CameraGain;
pub use self::jpeg::Jpeg;
pub use self::metadata::MetadataOnly;
pub use self::positioning::Positioning;
pub use self::tag::{Corner, Tag};
pub use self::tube::{Route, Tube};
pub use self::wide_roi::WideRoi;
use crate::camera::Camera;
use crate::canvas::{Frame, Plane, Pose};
use crate::phantom::Sign;
use crate::scene::{Scene, Structure};
use crate::stream::Stream;
use crate::{Anatomy, Error};

/// How often something is present among positives and among negatives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Association {
    /// P(present | positive), 0 to 1.
    pub positive: f64,
    /// P(present | negative), 0 to 1.
    pub negative: f64,
}

impl Association {
    /// Present in this share of positives and of negatives.
    #[must_use]
    pub const fn new(positive: f64, negative: f64) -> Self {
        Self { positive, negative }
    }

    /// As often in positives as in negatives.
    #[must_use]
    pub const fn independent(share: f64) -> Self {
        Self::new(share, share)
    }

    /// The probability that goes with a label.
    #[must_use]
    pub fn given(self, label: bool) -> f64 {
        if label { self.positive } else { self.negative }
    }

    /// AUC of presence alone for the label: 0.5 + (P(present | positive) - P(present | negative)) / 2.
    #[must_use]
    pub fn auc(self) -> f64 {
        0.5 + (self.positive - self.negative) / 2.0
    }

    /// The same share of all images, and none of the association: what `broken` makes of it. `prevalence` is the
    /// share of positives, 0 to 1.
    #[must_use]
    pub fn broken(self, prevalence: f64) -> Self {
        Self::independent(prevalence * self.positive + (1.0 - prevalence) * self.negative)
    }

    pub(crate) fn check(self, field: &str) -> Result<(), Error> {
        for (name, p) in [("positive", self.positive), ("negative", self.negative)] {
            if !(0.0..=1.0).contains(&p) {
                return Err(Error::range(format!("{field}.{name}"), p, "0 to 1"));
            }
        }
        Ok(())
    }
}

/// A shortcut and its association with the label. Presence is drawn for each image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shortcut {
    /// What is planted.
    pub what: What,
    /// How often, by label.
    pub when: Association,
}

/// The shortcuts there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Writing in a corner.
    Tag(Tag),
    /// A tube over the body.
    Tube(Tube),
    /// A frame around the film.
    Border(Border),
    /// A brighter or darker exposure.
    CameraGain(CameraGain),
    /// A camera with coarser JPEG.
    Jpeg(Jpeg),
    /// A camera with a softer focus.
    Blur(Blur),
    /// A site with a weave behind the patient.
    Background(Background),
    /// A site that turns and zooms the patient.
    Positioning(Positioning),
    /// A metadata column, and nothing in the pixels.
    MetadataOnly(MetadataOnly),
    /// A wider ROI, and nothing in the pixels.
    WideRoi(WideRoi),
}

impl What {
    pub(crate) fn plant(&self) -> &dyn Plant {
        match self {
            Self::Tag(plant) => plant,
            Self::Tube(plant) => plant,
            Self::Border(plant) => plant,
            Self::CameraGain(plant) => plant,
            Self::Jpeg(plant) => plant,
            Self::Blur(plant) => plant,
            Self::Background(plant) => plant,
            Self::Positioning(plant) => plant,
            Self::MetadataOnly(plant) => plant,
            Self::WideRoi(plant) => plant,
        }
    }

    /// The truth column that tells whether it is present (see [`crate::Phantom::with_truth_columns`]).
    #[must_use]
    pub fn column(&self) -> &str {
        self.plant().column()
    }

    /// The column in which a hospital's own table shows it: `camera`, `site`, that of [`MetadataOnly`], or none.
    #[must_use]
    pub fn recorded_in(&self) -> Option<&str> {
        match self.plant().recorded() {
            Recorded::Nowhere => None,
            Recorded::Camera(_) => Some("camera"),
            Recorded::Site(_) => Some("site"),
            Recorded::Column => Some(self.column()),
        }
    }

    /// Whether it changes pixels inside the region where the disease lives (lungs, disc).
    #[must_use]
    pub fn reaches_region(&self) -> bool {
        self.plant().reaches_region()
    }
}

macro_rules! into_what {
    ($($kind:ident),*) => {$(
        impl From<$kind> for What {
            fn from(plant: $kind) -> Self {
                Self::$kind(plant)
            }
        }
    )*};
}
into_what!(Tag, Tube, Border, CameraGain, Jpeg, Blur, Background, Positioning, MetadataOnly, WideRoi);

/// Where a hospital's own table shows a shortcut.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded<'a> {
    /// Nobody wrote it down.
    Nowhere,
    /// The image is of this camera.
    Camera(&'a str),
    /// The image is of this site.
    Site(&'a str),
    /// Its own column is all there is.
    Column,
}

/// What a shortcut is to be planted in.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) anatomy: Anatomy,
    pub(crate) sign: Sign,
    pub(crate) size: usize,
}

/// What a shortcut may touch, in the order of an image's life. Streams are the shortcut's own.
pub(crate) trait Plant {
    /// The truth column that tells whether it is present.
    fn column(&self) -> &str;

    /// What that column says.
    fn word(&self, present: bool) -> &str {
        if present { "yes" } else { "no" }
    }

    /// Where a hospital's own table shows it.
    fn recorded(&self) -> Recorded<'_> {
        Recorded::Nowhere
    }

    /// Whether it changes pixels inside the region where the disease lives.
    fn reaches_region(&self) -> bool {
        false
    }

    /// What it is, for the data card: "a frame of 4 % of the width, level 0".
    fn describe(&self) -> String;

    /// Checks ranges, and that it goes with anatomy, sign and size.
    fn check(&self, target: Target) -> Result<(), Error>;

    /// Moves the patient before the camera.
    fn position(&self, _pose: &mut Pose, _stream: &mut Stream) {}

    /// Whether it adds something to the scene.
    fn is_in_scene(&self) -> bool {
        false
    }

    /// Adds something to the scene; the camera will blur, grain and compress it.
    fn place(&self, _scene: &mut Scene, _frame: Frame, _stream: &mut Stream) {}

    /// Changes the camera.
    fn set_camera(&self, _camera: &mut Camera) {}

    /// Writes on the finished film.
    fn print(&self, _film: &mut Film<'_>, _stream: &mut Stream) {}

    /// Draws the ROI otherwise than it is; `depth` is the depth inside the lungs in body units.
    fn outline(&self, _structures: &mut [Structure], _depth: &Plane, _frame: Frame) {}
}

/// A finished film. No pixel of a structure can be written on.
pub(crate) struct Film<'a> {
    pub(crate) size: usize,
    pub(crate) channels: usize,
    pub(crate) pixels: &'a mut [u8],
    /// 1 inside any structure.
    pub(crate) kept: &'a [u8],
}

impl Film<'_> {
    /// Mixes grey `level` into pixel `i` with weight `cover`, 0 to 1.
    pub(crate) fn mix(&mut self, i: usize, level: u8, cover: f32) {
        if self.kept[i] != 0 || cover <= 0.0 {
            return;
        }
        for value in &mut self.pixels[i * self.channels..(i + 1) * self.channels] {
            let old = f32::from(*value);
            *value = (old + (f32::from(level) - old) * cover.min(1.0) + 0.5) as u8;
        }
    }

    /// Adds `levels` to pixel `i`.
    pub(crate) fn add(&mut self, i: usize, levels: f32) {
        if self.kept[i] != 0 {
            return;
        }
        for value in &mut self.pixels[i * self.channels..(i + 1) * self.channels] {
            *value = (f32::from(*value) + levels + 0.5).clamp(0.0, 255.0) as u8;
        }
    }
}
