//! AUCs: matrices, further fills and controls, dilations.

use serde::{Deserialize, Serialize};

use super::Estimate;

/// The AUC of every training masking on every evaluation masking, for one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Matrix"))]
pub struct Matrix<N = usize> {
    /// The class.
    pub class: String,
    /// Training maskings.
    pub rows: Vec<String>,
    /// Evaluation maskings.
    pub columns: Vec<String>,
    /// `rows` x `columns`; `None` where it is not estimable.
    pub cells: Vec<Vec<Option<Estimate>>>,
    /// Images behind each cell.
    pub n_images: N,
    /// Patients behind each cell.
    pub n_patients: N,
}

/// The full-image model on controls and further fills, and on what they are to be compared with, for one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Further {
    /// The class.
    pub class: String,
    /// The training masking.
    pub trained: String,
    /// In the order of the maskings.
    pub rows: Vec<FurtherRow>,
}

/// One masking's AUC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FurtherRow {
    /// The evaluation masking.
    pub masking: String,
    /// The AUC, where it is estimable.
    pub auc: Option<Estimate>,
}

/// AUC against dilation, for one class, training masking and evaluation masking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Curve {
    /// The class.
    pub class: String,
    /// The training masking.
    pub trained: String,
    /// The evaluation masking, before dilation.
    pub evaluated: String,
    /// Sorted by dilation.
    pub points: Vec<CurvePoint>,
}

/// One point of a dilation curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CurvePoint {
    /// Dilation in pixels of the working size; negative erodes.
    pub dilation: i32,
    /// Mean share of pixels that stay visible, 0 to 1.
    pub visible: f64,
    /// The AUC; `None` where it is not estimable.
    pub auc: Option<Estimate>,
}
