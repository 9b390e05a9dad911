use std::path::PathBuf;

use eyepatch_core::Params;
use serde::{Deserialize, Serialize};

use crate::loaded::Cache;
use crate::params::{MAX_PIXELS, OnBad, Profile, check_margin, check_max_pixels};

/// AIROGS' training set: referable glaucoma or not. No ROI is published. Its fields are the plugin's parameters; the README
/// explains each. Start from [`airogs`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Airogs {
    pub(crate) root: PathBuf,
    pub(crate) masks: Option<PathBuf>,
    pub(crate) masks_origin: Option<String>,
    pub(crate) classes: Profile,
    pub(crate) margin: f32,
    pub(crate) on_bad: OnBad,
    pub(crate) max_pixels: u64,
    #[serde(skip)]
    pub(crate) cache: Cache,
}

impl Default for Airogs {
    fn default() -> Self {
        Self {
            root: PathBuf::new(),
            masks: None,
            masks_origin: None,
            classes: Profile::Strict,
            margin: 0.06,
            on_bad: OnBad::Refuse,
            max_pixels: MAX_PIXELS,
            cache: Cache::default(),
        }
    }
}

impl Params for Airogs {
    fn check(&self) -> Result<(), String> {
        if self.root.as_os_str().is_empty() {
            return Err(
                "`root` is missing: give the folder with `train_labels.csv` and the image folders".into()
            );
        }
        if self.masks.is_none() && self.masks_origin.is_some() {
            return Err("`masks_origin` is given and `masks` is not: say where the masks are".into());
        }
        check_margin(self.margin)?;
        check_max_pixels(self.max_pixels)
    }
}

/// AIROGS, unpacked into `root`: `train_labels.csv` and the folders `0` to `5`.
///
/// ```
/// let data = plugin_fundus::airogs("data/airogs");
/// ```
#[must_use]
pub fn airogs(root: impl Into<PathBuf>) -> Airogs {
    Airogs { root: root.into(), ..Airogs::default() }
}

crate::setters::shared_setters!(Airogs);

/// Builder methods: each sets the parameter of its name.
impl Airogs {
    /// A folder with a mask of the optic disc for each image, under the image's name, and where they come from.
    #[must_use]
    pub fn masks(self, folder: impl Into<PathBuf>, origin: impl Into<String>) -> Self {
        self.with(|p| (p.masks, p.masks_origin) = (Some(folder.into()), Some(origin.into())))
    }

    /// How classes are read.
    #[must_use]
    pub fn classes(self, profile: Profile) -> Self {
        self.with(|p| p.classes = profile)
    }
}
