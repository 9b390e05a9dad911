//! What the check of a data set found: see the crate `eyepatch-check`.
//!
//! Ids stand in [`CheckFinding::samples`] and [`CheckFinding::patients`] and nowhere else; sentences name columns, classes,
//! and values that several patients share. Paths stand nowhere.

use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::format::plural;

/// How grave a finding is. Sorted from the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A result on these data would be believed for the wrong reason.
    Alarm,
    /// It may be, or it makes a verdict impossible.
    Warning,
    /// Good to know.
    Note,
}

/// The check of a data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// The rule for columns, as it was fixed before any was measured.
    pub rule: String,
    /// The strength that a column must exceed for an alarm.
    pub threshold: f64,
    /// Rows of the table.
    pub n_images: usize,
    /// Different patients.
    pub n_patients: usize,
    /// Rows whose image or ROI could not be loaded.
    pub n_unreadable: usize,
    /// Columns times classes that were tested together.
    pub n_tests: usize,
    /// What was found, gravest first.
    pub findings: Vec<CheckFinding>,
    /// Every column and class that was measured, strongest first.
    pub columns: Vec<ColumnCheck>,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckFinding {
    /// How grave.
    pub severity: Severity,
    /// Which check: `patients`, `duplicates`, `columns`, `roi`, `counts`, `order`, `preparation`, `labels`, `files`.
    pub check: String,
    /// In a sentence, with its numbers and its direction.
    pub sentence: String,
    /// What to do.
    pub remedy: String,
    /// The class it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The column it is about; of a group of columns, the strongest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// AUC of that column, with its 95 % interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auc: Option<Estimate>,
    /// Ids of the first samples it is about; they identify.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<String>,
    /// The first patients it is about; they identify.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patients: Vec<String>,
}

/// How well a column alone tells a class, without any model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ColumnCheck {
    /// The class.
    pub class: String,
    /// The column, in words.
    pub column: String,
    /// Where it comes from: `table`, `file`, `image`, `inside the ROI`, `outside the ROI`, `ROI`, `order`.
    pub source: String,
    /// AUC with its 95 % interval, clustered by patient; below one half where low values go with the class.
    pub auc: Estimate,
    /// Holm-adjusted lower bound of the strength, which is max(AUC, 1 - AUC); one half says nothing.
    pub lower: f64,
    /// Holm-adjusted p of "the strength is at most the threshold".
    pub p: f64,
    /// Which way it points, in words: `taller images with pneumonia`.
    pub points_to: String,
    /// Images with a value and a label.
    pub n_images: usize,
    /// Patients behind them.
    pub n_patients: usize,
    /// The severity that it has; `None` where nothing is to be said of it.
    pub severity: Option<Severity>,
}

impl Check {
    /// Number of findings of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }

    /// `2 alarms, 1 warning, 3 notes`, without what there is none of; `nothing found` where there is nothing.
    #[must_use]
    pub fn counts(&self) -> String {
        let kinds = [(Severity::Alarm, "alarm"), (Severity::Warning, "warning"), (Severity::Note, "note")];
        let counted = kinds.map(|(severity, word)| (self.count(severity), word));
        let parts: Vec<String> =
            counted.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| plural(n, word)).collect();
        if parts.is_empty() { "nothing found".into() } else { parts.join(", ") }
    }
}
