use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Error, Image, Result, Roi};

/// A metadata value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Meta {
    /// Nothing was recorded.
    Missing,
    /// A finite number.
    Number(f64),
    /// Anything else.
    Text(String),
}

/// One row of a data set's table: all that is known of a sample without opening its image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Unique within the table.
    pub id: String,
    /// Images of one patient share it; splits never part them.
    pub patient: String,
    /// One a class, in the order of [`Table::classes`]; `None` where the label is missing.
    pub labels: Vec<Option<bool>>,
    /// Metadata by column name.
    pub meta: BTreeMap<String, Meta>,
    /// The image's file, where there is one.
    pub image: Option<PathBuf>,
    /// The ROI's file, where there is one.
    pub roi: Option<PathBuf>,
    /// 1-based line in the table's file, where there is one.
    pub line: Option<usize>,
}

/// A data set's table. Its order is the data set's own and never depends on threads or on a folder's listing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Class names, one a label.
    pub classes: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

impl Table {
    /// Checks what everybody relies on: ids that are unique and not empty, patients, a label a class, finite numbers.
    ///
    /// # Errors
    /// [`Error::Sample`] naming the first row at fault.
    pub fn check(&self) -> Result<()> {
        let mut seen = std::collections::BTreeSet::new();
        for (index, row) in self.rows.iter().enumerate() {
            let problem = if row.id.is_empty() {
                format!("row {index} has no id")
            } else if !seen.insert(row.id.as_str()) {
                "its id stands twice in the table".into()
            } else if row.patient.is_empty() {
                "it has no patient".into()
            } else if row.labels.len() != self.classes.len() {
                format!("it has {} labels for {} classes", row.labels.len(), self.classes.len())
            } else if let Some((name, _)) =
                row.meta.iter().find(|(_, m)| matches!(m, Meta::Number(x) if !x.is_finite()))
            {
                format!("its `{name}` is not a finite number")
            } else {
                continue;
            };
            let remedy = "mend the table, or the data set plugin that made it".into();
            return Err(Error::Sample { sample: row.id.clone(), path: None, row: row.line, problem, remedy });
        }
        Ok(())
    }
}

/// A sample with its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The row's id.
    pub id: String,
    /// The row's patient.
    pub patient: String,
    /// The row's labels.
    pub labels: Vec<Option<bool>>,
    /// The image.
    pub image: Image,
    /// The region of interest, of the image's size.
    pub roi: Roi,
}
