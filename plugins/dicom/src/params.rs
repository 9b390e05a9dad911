use std::collections::BTreeMap;
use std::path::PathBuf;

use eyepatch_core::{LegitimateRegion, Params};
use eyepatch_data::{MissingLabels, OnBad};
use serde::{Deserialize, Serialize};

use crate::cache::Cache;
use crate::limits::Limits;
use crate::window::Window;

/// What a line of the table, or the name of a mask, is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The file's path below the folder, with or without its extension; or its name alone where no two share it.
    #[default]
    File,
    /// SOP Instance UID.
    SopInstance,
    /// Accession Number: all images of a study's request.
    Accession,
    /// Patient ID: all of a patient's images.
    Patient,
}

/// What becomes of dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dates {
    /// They are not read.
    #[default]
    Drop,
    /// The study's date becomes a column, moved back by 1 to 3650 days; by as many for all of a patient's images.
    Shift,
}

/// A data set from a folder of DICOM files. Its fields are the plugin's parameters; the README explains each. Start from
/// [`dicom`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dicom {
    pub(crate) images: PathBuf,
    pub(crate) table: PathBuf,
    pub(crate) rois: PathBuf,
    pub(crate) key: Option<String>,
    pub(crate) by: By,
    pub(crate) roi_by: By,
    pub(crate) labels: Vec<String>,
    pub(crate) missing_labels: MissingLabels,
    pub(crate) meta: Vec<String>,
    pub(crate) patient: Option<String>,
    pub(crate) one_image_per_patient: bool,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) dates: Dates,
    pub(crate) window: Window,
    pub(crate) frame: Option<u32>,
    pub(crate) on_bad: OnBad,
    pub(crate) max_pixels: u64,
    pub(crate) max_frames: u32,
    pub(crate) max_bytes: u64,
    pub(crate) legitimate: BTreeMap<String, LegitimateRegion>,
    pub(crate) name: Option<String>,
    pub(crate) licence: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) roi_origin: Option<String>,
    pub(crate) biases: Vec<String>,
    #[serde(skip)]
    pub(crate) cache: Cache,
}

impl Default for Dicom {
    fn default() -> Self {
        let Limits { max_bytes, max_pixels, max_frames } = Limits::default();
        Self {
            images: PathBuf::new(),
            table: PathBuf::new(),
            rois: PathBuf::new(),
            key: None,
            by: By::File,
            roi_by: By::File,
            labels: Vec::new(),
            missing_labels: MissingLabels::Refuse,
            meta: Vec::new(),
            patient: None,
            one_image_per_patient: false,
            key_file: None,
            dates: Dates::Drop,
            window: Window::Stored,
            frame: None,
            on_bad: OnBad::Refuse,
            max_pixels,
            max_frames,
            max_bytes,
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

impl Params for Dicom {
    fn check(&self) -> Result<(), String> {
        for (field, path) in [("images", &self.images), ("table", &self.table), ("rois", &self.rois)] {
            if path.as_os_str().is_empty() {
                return Err(format!("`{field}` is missing: give the path of the {field}"));
            }
        }
        if let (Some(column), true) = (&self.patient, self.one_image_per_patient) {
            return Err(format!(
                "`patient` is `{column}` and `one_image_per_patient` is set: give one of the two"
            ));
        }
        if !matches!(self.roi_by, By::File | By::SopInstance) {
            return Err(
                "`roi_by` is neither \"file\" nor \"sop-instance\": every image has a ROI of its own".into(),
            );
        }
        if self.frame == Some(0) {
            return Err("`frame` is 0: the first is 1".into());
        }
        if let Window::Fixed { center, width } = self.window
            && !(center.is_finite() && width.is_finite() && width >= 1.0)
        {
            return Err(format!(
                "`window` has center {center} and width {width}: the width must be 1 or more"
            ));
        }
        for (name, limit) in [
            ("max_pixels", self.max_pixels),
            ("max_frames", self.max_frames.into()),
            ("max_bytes", self.max_bytes),
        ] {
            if limit == 0 {
                return Err(format!("`{name}` is 0: no image could be read"));
            }
        }
        for (class, region) in &self.legitimate {
            if !region.margin.is_finite() || region.margin < 0.0 {
                let margin = region.margin;
                return Err(format!("`legitimate` of `{class}` has margin {margin}: it must be 0 or more"));
            }
        }
        Ok(())
    }
}

impl Dicom {
    pub(crate) fn limits(&self) -> Limits {
        Limits { max_bytes: self.max_bytes, max_pixels: self.max_pixels, max_frames: self.max_frames }
    }

    /// Where the key of the pseudonyms lies.
    pub(crate) fn key_path(&self) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| self.images.join(KEY_FILE))
    }
}

/// The key's file in the folder of the images, where the files themselves say who is who.
pub(crate) const KEY_FILE: &str = ".eyepatch-dicom.key";

/// A data set from a folder of DICOM files, a table of labels (CSV) and a folder of masks (PNG).
///
/// ```
/// use plugin_dicom::{By, dicom};
///
/// let data = dicom("scans", "labels.csv", "masks").by(By::SopInstance).label("pneumonia");
/// ```
#[must_use]
pub fn dicom(images: impl Into<PathBuf>, table: impl Into<PathBuf>, rois: impl Into<PathBuf>) -> Dicom {
    Dicom { images: images.into(), table: table.into(), rois: rois.into(), ..Dicom::default() }
}
