//! Builder methods: each sets the parameter of its name.

use std::path::PathBuf;

use crate::cache::Cache;
use eyepatch_data::MissingLabels;

use crate::params::{By, Dates, Dicom};
use crate::window::Window;

eyepatch_data::card_setters!(Dicom);

impl Dicom {
    /// A changed data set has read nothing yet.
    fn with<T>(mut self, change: impl FnOnce(&mut Self) -> T) -> Self {
        let _ = change(&mut self);
        self.cache = Cache::default();
        self
    }

    /// What a line of the table is found by.
    #[must_use]
    pub fn by(self, by: By) -> Self {
        self.with(|p| p.by = by)
    }

    /// The table's column that says to which file a line belongs.
    #[must_use]
    pub fn key(self, column: impl Into<String>) -> Self {
        self.with(|p| p.key = Some(column.into()))
    }

    /// What masks are named by: [`By::File`] or [`By::SopInstance`].
    #[must_use]
    pub fn roi_by(self, by: By) -> Self {
        self.with(|p| p.roi_by = by)
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

    /// Columns of the table that become metadata.
    #[must_use]
    pub fn meta<S: Into<String>>(self, columns: impl IntoIterator<Item = S>) -> Self {
        self.with(|p| p.meta = columns.into_iter().map(Into::into).collect())
    }

    /// The table's column that says whose image it is, instead of Patient ID.
    #[must_use]
    pub fn patient(self, column: impl Into<String>) -> Self {
        self.with(|p| p.patient = Some(column.into()))
    }

    /// Declares that no patient has two images.
    #[must_use]
    pub fn one_image_per_patient(self) -> Self {
        self.with(|p| p.one_image_per_patient = true)
    }

    /// Where the key of the pseudonyms lies, or is to be made.
    #[must_use]
    pub fn key_file(self, path: impl Into<PathBuf>) -> Self {
        self.with(|p| p.key_file = Some(path.into()))
    }

    /// What becomes of dates.
    #[must_use]
    pub fn dates(self, dates: Dates) -> Self {
        self.with(|p| p.dates = dates)
    }

    /// Which values are black and white.
    #[must_use]
    pub fn window(self, window: Window) -> Self {
        self.with(|p| p.window = window)
    }

    /// The frame that is read where a file has several; 1 is the first.
    #[must_use]
    pub fn frame(self, number: u32) -> Self {
        self.with(|p| p.frame = Some(number))
    }
}
