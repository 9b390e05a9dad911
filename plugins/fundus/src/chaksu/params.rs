use std::path::PathBuf;

use eyepatch_core::Params;
use serde::{Deserialize, Serialize};

use crate::loaded::Cache;
use crate::params::{MAX_PIXELS, OnBad, Profile, check_margin, check_max_pixels};

/// A part of Chákṣu, as its authors divided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// `Train`: 1009 images.
    Train,
    /// `Test`: 336 images.
    Test,
}

impl Part {
    pub(crate) const ALL: [Self; 2] = [Self::Train, Self::Test];

    /// As in the column `part`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }
}

/// Where the discs come from that STAPLE fused out of five experts' outlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Masks {
    /// `4.0_OD_CO_Fusion_Images`, as in the study: one image for both structures, the disc grey and the cup white.
    #[default]
    Together,
    /// `5.0_OD_OC_Mean_Median_Majority_STAPLE`: an image for each structure.
    Apart,
}

/// Chákṣu: fundus photographs of three cameras, glaucoma suspect or normal. Its fields are the plugin's parameters; the
/// README explains each. Start from [`chaksu`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chaksu {
    pub(crate) root: PathBuf,
    pub(crate) parts: Vec<Part>,
    pub(crate) masks: Masks,
    pub(crate) names: Profile,
    pub(crate) decisions: Profile,
    pub(crate) patients: Profile,
    pub(crate) discs: Profile,
    pub(crate) resave: Profile,
    pub(crate) resave_side: usize,
    pub(crate) margin: f32,
    pub(crate) on_bad: OnBad,
    pub(crate) max_pixels: u64,
    #[serde(skip)]
    pub(crate) cache: Cache,
}

impl Default for Chaksu {
    fn default() -> Self {
        Self {
            root: PathBuf::new(),
            parts: Part::ALL.to_vec(),
            masks: Masks::Together,
            names: Profile::Strict,
            decisions: Profile::Strict,
            patients: Profile::Strict,
            discs: Profile::Strict,
            resave: Profile::Strict,
            resave_side: 512,
            // Half a disc's diameter: the circle of 3.4 mm around a disc of 1.8 mm on which the nerve fibre layer is
            // measured ends 0.8 mm from the disc's edge, and 45 degrees are about 13.5 mm.
            margin: 0.06,
            on_bad: OnBad::Refuse,
            max_pixels: MAX_PIXELS,
            cache: Cache::default(),
        }
    }
}

impl Params for Chaksu {
    fn check(&self) -> Result<(), String> {
        if self.root.as_os_str().is_empty() {
            return Err(
                "`root` is missing: give the folder that `Train` and `Test` were unpacked into".into()
            );
        }
        if self.parts.is_empty() || (self.parts.len() > 1 && self.parts != Part::ALL) {
            return Err(r#"`parts` must be ["train"], ["test"] or ["train", "test"]"#.into());
        }
        if !(16..=8192).contains(&self.resave_side) {
            return Err(format!("`resave_side` is {}: it must be 16 to 8192 pixels", self.resave_side));
        }
        if self.discs == Profile::Published && self.masks == Masks::Apart {
            return Err("`discs` is \"published\" and `masks` is \"apart\": the study took the masks of both structures \
                        together"
                .into());
        }
        check_margin(self.margin)?;
        check_max_pixels(self.max_pixels)
    }
}

/// Chákṣu, unpacked into `root`, with everything mended that can be.
///
/// ```
/// use plugin_fundus::chaksu;
///
/// let strict = chaksu("data/chaksu");
/// let as_published = chaksu("data/chaksu").published();
/// ```
#[must_use]
pub fn chaksu(root: impl Into<PathBuf>) -> Chaksu {
    Chaksu { root: root.into(), ..Chaksu::default() }
}

crate::setters::shared_setters!(Chaksu);

/// Builder methods: each sets the parameter of its name.
impl Chaksu {
    /// Every choice as the study made it: names, decisions, patients, discs and resave.
    #[must_use]
    pub fn published(self) -> Self {
        self.profile(Profile::Published)
    }

    /// Names, decisions, patients, discs and resave as published, or all as they should be.
    #[must_use]
    pub fn profile(self, profile: Profile) -> Self {
        self.names(profile).decisions(profile).patients(profile).discs(profile).resave(profile)
    }

    /// One part only.
    #[must_use]
    pub fn part(self, part: Part) -> Self {
        self.with(|p| p.parts = vec![part])
    }

    /// Which fused masks are read.
    #[must_use]
    pub fn masks(self, masks: Masks) -> Self {
        self.with(|p| p.masks = masks)
    }

    /// How image files are found from the tables' names.
    #[must_use]
    pub fn names(self, profile: Profile) -> Self {
        self.with(|p| p.names = profile)
    }

    /// How decisions are read.
    #[must_use]
    pub fn decisions(self, profile: Profile) -> Self {
        self.with(|p| p.decisions = profile)
    }

    /// Whose images they are taken to be.
    #[must_use]
    pub fn patients(self, profile: Profile) -> Self {
        self.with(|p| p.patients = profile)
    }

    /// Which grey levels of a mask are disc.
    #[must_use]
    pub fn discs(self, profile: Profile) -> Self {
        self.with(|p| p.discs = profile)
    }

    /// Whether images are those of the archive or as the study stored them.
    #[must_use]
    pub fn resave(self, profile: Profile) -> Self {
        self.with(|p| p.resave = profile)
    }

    /// Width and height, in pixels, at which the study stored images.
    #[must_use]
    pub fn resave_side(self, side: usize) -> Self {
        self.with(|p| p.resave_side = side)
    }
}
