//! What an audit answers, in a word and in numbers.

use serde::{Deserialize, Serialize};

use super::Estimate;

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AnswerKind {
    /// Intervals held against a threshold. A flag calls for controls before it is called a shortcut.
    #[default]
    Screening,
    /// Primary contrasts with error control: flagged means that a shortcut is taken, clear that none is in evidence.
    Verdict,
}

impl AnswerKind {
    /// A status in a word, as [`Answer::word`] has it.
    #[must_use]
    pub fn word(self, status: Status) -> &'static str {
        crate::format::status(self, status)
    }
}

/// What a rule says about a class or an audit; [`AnswerKind`] says what sort of rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The interval lies wholly above the threshold.
    Flagged,
    /// The interval lies wholly below the threshold.
    Clear,
    /// The interval holds the threshold, or the data are too few.
    Inconclusive,
}

/// The answer to an audit's question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Answer {
    /// Whether it is a screening or the short form of a verdict.
    #[serde(default)]
    pub kind: AnswerKind,
    /// The worst status over the classes: flagged, then inconclusive, then clear.
    pub status: Status,
    /// The answer in one sentence, with its numbers.
    pub sentence: String,
    /// The rule, as it was declared before results were seen.
    pub rule: String,
    /// The cell of the matrix that the rule looks at, for marking it in tables and curves; `None` where the rule
    /// has another form.
    #[serde(default)]
    pub test: Option<RuleTest>,
    /// One a class.
    pub classes: Vec<ClassAnswer>,
    /// What the answer does not say.
    pub caveats: Vec<String>,
}

impl Answer {
    /// The status in a word: `Flagged`, `Clear` or `Inconclusive` of a screening; `Shortcut`, `No evidence` or `Inconclusive`
    /// of a verdict.
    #[must_use]
    pub fn word(&self) -> &'static str {
        crate::format::status(self.kind, self.status)
    }
}

/// What a rule holds against what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RuleTest {
    /// Name of the training masking, as in the rows of its matrix.
    pub trained: String,
    /// Names of the evaluation maskings, as in the columns of its matrix.
    pub evaluated: Vec<String>,
    /// The AUC that the interval is held against.
    pub threshold: f64,
}

/// The answer for one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClassAnswer {
    /// The class.
    pub class: String,
    /// Its status.
    pub status: Status,
    /// In a sentence, with its numbers.
    pub sentence: String,
    /// AUC of the full-image model on full images.
    pub full: Option<Estimate>,
    /// AUC of the full-image model with the region hidden.
    pub hidden: Option<Estimate>,
    /// Smallest gap above the threshold that a test of this size would find with 80 % power.
    pub minimal_detectable_gap: Option<f64>,
}
