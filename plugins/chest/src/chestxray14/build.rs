//! The constructor and builder methods.

use std::collections::BTreeMap;
use std::path::PathBuf;

use eyepatch_core::LegitimateRegion;

use super::ChestXray14;
use crate::chexmask::NoSize;
use crate::loaded::Cache;
use crate::options::{OnBad, lungs_and_heart};

/// The study's five findings, named as in PadChest.
const LABELS: [&str; 5] = [
    "cardiomegaly=Cardiomegaly",
    "pneumonia=Pneumonia",
    "atelectasis=Atelectasis",
    "pneumothorax=Pneumothorax",
    "pleural effusion=Effusion",
];

impl Default for ChestXray14 {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            table: None,
            images: None,
            masks: None,
            boxes: false,
            boxes_file: None,
            boxed_only: false,
            labels: LABELS.map(str::to_owned).into(),
            structures: lungs_and_heart(),
            min_rca: 0.7,
            no_size: NoSize::Common,
            bits: Some(8),
            on_missing: OnBad::Refuse,
            on_bad: OnBad::Refuse,
            max_pixels: 100_000_000,
            legitimate: BTreeMap::new(),
            cache: Cache::default(),
        }
    }
}

/// ChestX-ray14 in `folder`: the label table, `images/` or `images_001/images/` to `images_012/images/`, and CheXmask's
/// `ChestX-Ray8.csv`.
///
/// ```
/// let data = plugin_chest::chestxray14("/data/nih").masks("/data/chexmask/OriginalResolution/ChestX-Ray8.csv").with_boxes();
/// ```
#[must_use]
pub fn chestxray14(folder: impl Into<PathBuf>) -> ChestXray14 {
    ChestXray14 { folder: folder.into(), ..ChestXray14::default() }
}

/// Builder methods: each sets the parameter of its name.
impl ChestXray14 {
    /// A changed data set has read nothing yet.
    fn with<T>(mut self, change: impl FnOnce(&mut Self) -> T) -> Self {
        let _ = change(&mut self);
        self.cache = Cache::default();
        self
    }

    /// The label table.
    #[must_use]
    pub fn label_table(self, path: impl Into<PathBuf>) -> Self {
        self.with(|p| p.table = Some(path.into()))
    }

    /// The folder of images.
    #[must_use]
    pub fn images(self, folder: impl Into<PathBuf>) -> Self {
        self.with(|p| p.images = Some(folder.into()))
    }

    /// CheXmask's file for ChestX-ray8.
    #[must_use]
    pub fn masks(self, path: impl Into<PathBuf>) -> Self {
        self.with(|p| p.masks = Some(path.into()))
    }

    /// Takes the drawn boxes as structures `CLASS box`.
    #[must_use]
    pub fn with_boxes(self) -> Self {
        self.with(|p| p.boxes = true)
    }

    /// The same, from this file.
    #[must_use]
    pub fn boxes_file(self, path: impl Into<PathBuf>) -> Self {
        self.with_boxes().with(|p| p.boxes_file = Some(path.into()))
    }

    /// Keeps the films that have a box of one of the classes.
    #[must_use]
    pub fn boxed_only(self) -> Self {
        self.with_boxes().with(|p| p.boxed_only = true)
    }

    /// The classes, each as `FINDING` or `CLASS=FINDING`.
    #[must_use]
    pub fn labels<S: Into<String>>(self, labels: impl IntoIterator<Item = S>) -> Self {
        self.with(|p| p.labels = labels.into_iter().map(Into::into).collect())
    }

    /// The structures of the ROI.
    #[must_use]
    pub fn structures<S: Into<String>>(self, structures: impl IntoIterator<Item = S>) -> Self {
        self.with(|p| p.structures = structures.into_iter().map(Into::into).collect())
    }

    /// Masks with a mean Dice RCA above this are used.
    #[must_use]
    pub fn min_rca(self, min_rca: f64) -> Self {
        self.with(|p| p.min_rca = min_rca)
    }

    /// What is taken for the size of a mask whose row gives none.
    #[must_use]
    pub fn no_size(self, no_size: NoSize) -> Self {
        self.with(|p| p.no_size = no_size)
    }

    /// Bits a pixel of the image files; `None` for either.
    #[must_use]
    pub fn bits(self, bits: Option<u8>) -> Self {
        self.with(|p| p.bits = bits)
    }

    /// What becomes of a row whose image is not there.
    #[must_use]
    pub fn on_missing(self, on_missing: OnBad) -> Self {
        self.with(|p| p.on_missing = on_missing)
    }

    /// What becomes of a row whose image or mask cannot be read.
    #[must_use]
    pub fn on_bad(self, on_bad: OnBad) -> Self {
        self.with(|p| p.on_bad = on_bad)
    }

    /// The largest number of pixels an image may have.
    #[must_use]
    pub fn max_pixels(self, max_pixels: u64) -> Self {
        self.with(|p| p.max_pixels = max_pixels)
    }

    /// Where a class's signs may legitimately lie, instead of the default.
    #[must_use]
    pub fn legitimate_region(self, class: impl Into<String>, region: LegitimateRegion) -> Self {
        self.with(|p| p.legitimate.insert(class.into(), region))
    }
}
