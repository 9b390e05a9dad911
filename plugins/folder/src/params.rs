use std::collections::BTreeMap;
use std::path::PathBuf;

use eyepatch_core::{LegitimateRegion, Params};
use eyepatch_data::{MissingLabels, OnBad};
use serde::{Deserialize, Serialize};

use crate::cache::Cache;
use crate::filter::Filter;

/// What ROIs are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoiFrom {
    /// A `.json` file is COCO, a `.csv` file boxes and polygons, a folder mask images.
    #[default]
    Auto,
    /// A folder of mask images: any non-zero pixel is inside.
    Masks,
    /// A CSV file of boxes and polygons.
    Csv,
    /// A COCO JSON file of boxes, polygons and run lengths.
    Coco,
}

/// What a plan need not say.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_not(grey: &bool) -> bool {
    !grey
}

/// A data set from a table (CSV), a folder of images and ROIs. Its fields are the plugin's parameters; the README
/// explains each. Start from [`folder`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Folder {
    pub(crate) table: PathBuf,
    pub(crate) images: PathBuf,
    pub(crate) rois: PathBuf,
    pub(crate) roi_from: RoiFrom,
    pub(crate) id: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) roi: Option<String>,
    pub(crate) structures: BTreeMap<String, String>,
    pub(crate) patient: Option<String>,
    pub(crate) one_image_per_patient: bool,
    pub(crate) labels: Vec<String>,
    pub(crate) missing_labels: MissingLabels,
    pub(crate) meta: Option<Vec<String>>,
    pub(crate) ignore: Vec<String>,
    #[serde(rename = "where")]
    pub(crate) where_: Vec<String>,
    pub(crate) on_bad: OnBad,
    pub(crate) max_pixels: u64,
    /// Three equal channels are one.
    #[serde(skip_serializing_if = "is_not")]
    pub(crate) grey: bool,
    pub(crate) legitimate: BTreeMap<String, LegitimateRegion>,
    pub(crate) name: Option<String>,
    pub(crate) licence: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) roi_origin: Option<String>,
    pub(crate) biases: Vec<String>,
    #[serde(skip)]
    pub(crate) cache: Cache,
}

impl Default for Folder {
    fn default() -> Self {
        Self {
            table: PathBuf::new(),
            images: PathBuf::new(),
            rois: PathBuf::new(),
            roi_from: RoiFrom::Auto,
            id: None,
            image: None,
            roi: None,
            structures: BTreeMap::new(),
            patient: None,
            one_image_per_patient: false,
            labels: Vec::new(),
            missing_labels: MissingLabels::Refuse,
            meta: None,
            ignore: Vec::new(),
            where_: Vec::new(),
            on_bad: OnBad::Refuse,
            max_pixels: 100_000_000,
            grey: false,
            legitimate: BTreeMap::new(),
            name: None,
            licence: None,
            origin: None,
            roi_origin: None,
            biases: Vec::new(),
            cache: Cache::default(),
        }
    }
}

impl Params for Folder {
    fn check(&self) -> Result<(), String> {
        for (field, path) in [("table", &self.table), ("images", &self.images), ("rois", &self.rois)] {
            if path.as_os_str().is_empty() {
                return Err(format!("`{field}` is missing: give the path of the {field}"));
            }
        }
        match (&self.patient, self.one_image_per_patient) {
            (None, false) => {
                return Err(
                    "`patient` is missing: give the column that says whose image it is (splits never \
                            part a patient), or set `one_image_per_patient` where that is so"
                        .into(),
                );
            }
            (Some(column), true) => {
                return Err(format!(
                    "`patient` is `{column}` and `one_image_per_patient` is set: give one of the two"
                ));
            }
            _ => {}
        }
        if self.roi.is_some() && !self.structures.is_empty() {
            return Err("`roi` and `structures` are both given: `roi` is for a single structure".into());
        }
        if self.max_pixels == 0 {
            return Err("`max_pixels` is 0: no image could be read".into());
        }
        for (class, region) in &self.legitimate {
            if !region.margin.is_finite() || region.margin < 0.0 {
                let margin = region.margin;
                return Err(format!("`legitimate` of `{class}` has margin {margin}: it must be 0 or more"));
            }
        }
        self.where_.iter().try_for_each(|text| Filter::parse(text).map(|_| ()))
    }
}

/// A data set from a table, a folder of images and ROIs (a folder of mask images, a CSV file or COCO JSON).
///
/// ```
/// use plugin_folder::folder;
///
/// let data = folder("labels.csv", "images", "masks").patient("patient_id").label("label");
/// ```
#[must_use]
pub fn folder(table: impl Into<PathBuf>, images: impl Into<PathBuf>, rois: impl Into<PathBuf>) -> Folder {
    Folder { table: table.into(), images: images.into(), rois: rois.into(), ..Folder::default() }
}

eyepatch_data::card_setters!(Folder);

/// Builder methods: each sets the parameter of its name.
impl Folder {
    /// A changed data set has read nothing yet.
    fn with<T>(mut self, change: impl FnOnce(&mut Self) -> T) -> Self {
        let _ = change(&mut self);
        self.cache = Cache::default();
        self
    }

    /// What ROIs are read from.
    #[must_use]
    pub fn roi_from(self, from: RoiFrom) -> Self {
        self.with(|p| p.roi_from = from)
    }

    /// The column with each row's unique id.
    #[must_use]
    pub fn id(self, column: impl Into<String>) -> Self {
        self.with(|p| p.id = Some(column.into()))
    }

    /// The column with the image's file.
    #[must_use]
    pub fn image_column(self, column: impl Into<String>) -> Self {
        self.with(|p| p.image = Some(column.into()))
    }

    /// The column with the mask's file.
    #[must_use]
    pub fn roi_column(self, column: impl Into<String>) -> Self {
        self.with(|p| p.roi = Some(column.into()))
    }

    /// A named structure of the ROI and the column with its mask's file.
    #[must_use]
    pub fn structure(self, name: impl Into<String>, column: impl Into<String>) -> Self {
        self.with(|p| p.structures.insert(name.into(), column.into()))
    }

    /// The column that says whose image it is.
    #[must_use]
    pub fn patient(self, column: impl Into<String>) -> Self {
        self.with(|p| p.patient = Some(column.into()))
    }

    /// Declares that no patient has two images.
    #[must_use]
    pub fn one_image_per_patient(self) -> Self {
        self.with(|p| p.one_image_per_patient = true)
    }

    /// A label column, which names its class.
    #[must_use]
    pub fn label(self, column: impl Into<String>) -> Self {
        self.with(|p| p.labels.push(column.into()))
    }

    /// A class and the column with its labels.
    #[must_use]
    pub fn label_as(self, class: &str, column: &str) -> Self {
        self.label(format!("{class}={column}"))
    }

    /// What an empty label cell means.
    #[must_use]
    pub fn missing_labels(self, missing_labels: MissingLabels) -> Self {
        self.with(|p| p.missing_labels = missing_labels)
    }

    /// The metadata columns; all others are left out.
    #[must_use]
    pub fn meta<S: Into<String>>(self, columns: impl IntoIterator<Item = S>) -> Self {
        self.with(|p| p.meta = Some(columns.into_iter().map(Into::into).collect()))
    }

    /// A column that is no metadata.
    #[must_use]
    pub fn ignore(self, column: impl Into<String>) -> Self {
        self.with(|p| p.ignore.push(column.into()))
    }

    /// Reads images that are stored in three equal channels as grey; one with colours is refused.
    #[must_use]
    pub fn grey(self) -> Self {
        self.with(|p| p.grey = true)
    }

    /// Keeps the rows for which `expression` holds, for instance `quality<=0.12`. Called several times: all must.
    #[must_use]
    pub fn filter(self, expression: impl Into<String>) -> Self {
        self.with(|p| p.where_.push(expression.into()))
    }
}
