//! How a model does on data from elsewhere.

use eyepatch_core::{ContentHash, DataCard, PluginSpec};
use serde::{Deserialize, Serialize};

use super::Estimate;

/// The models of an audit on one external data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Transfer {
    /// The data set.
    pub plugin: PluginSpec,
    /// What it says of itself.
    pub card: DataCard,
    /// Images.
    pub n_images: usize,
    /// Patients.
    pub n_patients: usize,
    /// Hash over all that turns a file into what the models see (size, filter, steps, maskings): of the audit's own data and of these.
    /// They are equal.
    pub preparation: [ContentHash; 2],
    /// One a class.
    pub classes: Vec<TransferClass>,
    /// What the reader must know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TransferClass {
    /// The class.
    pub class: String,
    /// External images that have it.
    pub positive: usize,
    /// External images that do not.
    pub negative: usize,
    /// What happened, in a sentence with its numbers.
    pub sentence: String,
    /// Every model on every masking.
    pub rows: Vec<TransferRow>,
    /// The full-image model on full external images, by group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<TransferGroup>,
    /// Whether its probabilities are right, here and there, before and after recalibration; none where it gives no probabilities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calibration: Vec<Calibration>,
    /// Its operating point, chosen at home and carried over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating: Option<Carried>,
    /// Why calibration or operating point are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One model on one masking, here and there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TransferRow {
    /// The training masking.
    pub trained: String,
    /// The evaluation masking.
    pub evaluated: String,
    /// AUC on the audit's own tested images.
    pub internal: Option<Estimate>,
    /// AUC on the external images: the mean over the folds' models, each asked about all of them.
    pub external: Option<Estimate>,
    /// The first less the second.
    pub drop: Option<Estimate>,
    /// Two-sided p of "there is no drop".
    pub p: Option<f64>,
    /// Why something is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One group of external images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TransferGroup {
    /// The column.
    pub column: String,
    /// Its value.
    pub value: String,
    /// Patients with the class and without it.
    pub n_patients: [usize; 2],
    /// The AUC; `None` where it is not estimable.
    pub auc: Option<Estimate>,
}

/// Calibration of probabilities, the mean over folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Calibration {
    /// Whose images: `internal`, `external`.
    pub data: String,
    /// `as delivered`, `recalibrated at home`, `recalibrated there`.
    pub form: String,
    /// Brier score; lower is better.
    pub brier: f64,
    /// Expected calibration error, ten bins of equal mass.
    pub ece: f64,
    /// Slope of logistic recalibration; 1 where calibrated. `None` where it is not estimable.
    pub slope: Option<f64>,
    /// Calibration in the large; above 0 the probabilities are too low.
    pub in_the_large: Option<f64>,
    /// Mean probability and share of positives of each bin, of the first fold's model.
    pub bins: Vec<(f64, f64)>,
}

/// An operating point that was chosen on the audit's own tested images, on external ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Carried {
    /// The sensitivity that was asked for at home.
    pub target: f64,
    /// Sensitivity at home and there.
    pub sensitivity: [Estimate; 2],
    /// Specificity at home and there.
    pub specificity: [Estimate; 2],
    /// Share of positives at home and there.
    pub prevalence: [f64; 2],
    /// Share of called images that are positive: at home, there, and there if positives were as frequent as at home; `None` where no
    /// image is called.
    pub ppv: [Option<f64>; 3],
    /// Share of images not called that are negative, in the same order; `None` where all are called.
    pub npv: [Option<f64>; 3],
}
