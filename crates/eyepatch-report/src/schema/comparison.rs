//! Audits of one run against each other, as variants of one.

use serde::{Deserialize, Serialize};

use super::{AnswerKind, Estimate, Status};

/// Variants of one audit, held against each other. Every list has one entry a variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Comparison {
    /// The declared audit's id.
    pub of: String,
    /// The question it asks.
    pub question: String,
    /// The variants' names: `published`, `strict`.
    pub variants: Vec<String>,
    /// What the variants' answers are; screenings where it is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<AnswerKind>,
    /// Every choice in which they differ.
    pub choices: Vec<Choice>,
    /// Their answers, one a class.
    pub answers: Vec<AnswerOf>,
    /// Their AUC matrices, a cell an entry.
    pub aucs: Vec<ComparedAuc>,
}

/// A choice in which variants differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Choice {
    /// Whose parameter it is: `model.order`, `dataset.labels`, `maskers.3.shape`.
    pub what: String,
    /// What each variant chose; `None` where it has no such parameter.
    pub values: Vec<Option<String>>,
}

/// The variants' answers for one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AnswerOf {
    /// The class.
    pub class: String,
    /// `None` where a variant has no such class.
    pub statuses: Vec<Option<Status>>,
    /// AUC of the full-image model on full images.
    pub full: Vec<Option<Estimate>>,
    /// AUC of the full-image model with the region hidden.
    pub hidden: Vec<Option<Estimate>>,
}

/// One cell of the variants' AUC matrices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ComparedAuc {
    /// The class.
    pub class: String,
    /// The training masking; names that differ are joined by ` / `.
    pub trained: String,
    /// The evaluation masking, likewise.
    pub evaluated: String,
    /// The AUCs, where they are estimable.
    pub aucs: Vec<Option<Estimate>>,
}
