use std::path::PathBuf;

use eyepatch_core::Params;
use serde::{Deserialize, Serialize};

use crate::loaded::Cache;
use crate::params::{MAX_PIXELS, OnBad, check_margin, check_max_pixels};

/// How the authors divided the images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partition {
    /// `partitioned_by_hospital`: training images of one hospital, test images of the two others.
    #[default]
    ByHospital,
    /// `partitioned_randomly`.
    Randomly,
}

impl Partition {
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::ByHospital => "partitioned_by_hospital",
            Self::Randomly => "partitioned_randomly",
        }
    }
}

/// RIM-ONE DL: photographs cropped around the disc, normal or glaucoma, with disc and cup. Its fields are the plugin's
/// parameters; the README explains each. Start from [`rim_one_dl`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RimOneDl {
    pub(crate) root: PathBuf,
    pub(crate) partition: Partition,
    pub(crate) margin: f32,
    pub(crate) on_bad: OnBad,
    pub(crate) max_pixels: u64,
    #[serde(skip)]
    pub(crate) cache: Cache,
}

impl Default for RimOneDl {
    fn default() -> Self {
        Self {
            root: PathBuf::new(),
            partition: Partition::ByHospital,
            // Half a disc's diameter, where the disc takes up nearly half of the crop's width.
            margin: 0.2,
            on_bad: OnBad::Refuse,
            max_pixels: MAX_PIXELS,
            cache: Cache::default(),
        }
    }
}

impl Params for RimOneDl {
    fn check(&self) -> Result<(), String> {
        if self.root.as_os_str().is_empty() {
            return Err("`root` is missing: give the folder that both archives were unpacked into".into());
        }
        check_margin(self.margin)?;
        check_max_pixels(self.max_pixels)
    }
}

/// RIM-ONE DL, unpacked into `root`: `RIM-ONE_DL_images` and `RIM-ONE_DL_reference_segmentations`.
///
/// ```
/// use plugin_fundus::{Partition, rim_one_dl};
///
/// let data = rim_one_dl("data/rim-one-dl").partition(Partition::Randomly);
/// ```
#[must_use]
pub fn rim_one_dl(root: impl Into<PathBuf>) -> RimOneDl {
    RimOneDl { root: root.into(), ..RimOneDl::default() }
}

crate::setters::shared_setters!(RimOneDl);

/// Builder methods: each sets the parameter of its name.
impl RimOneDl {
    /// Which division the column `part` tells.
    #[must_use]
    pub fn partition(self, partition: Partition) -> Self {
        self.with(|p| p.partition = partition)
    }
}
