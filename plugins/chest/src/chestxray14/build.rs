//! The constructor and builder methods.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::ChestXray14;
use crate::chexmask::NoSize;
use crate::loaded::Cache;
use crate::options::lungs_and_heart;
use eyepatch_data::OnBad;

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

crate::setters::shared_setters!(ChestXray14);

/// Builder methods: each sets the parameter of its name.
impl ChestXray14 {
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
}
