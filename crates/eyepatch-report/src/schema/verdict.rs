//! What an audit says of a model, by the rule in `VERDICTS.md`: whether it takes a shortcut, and which.

use serde::{Deserialize, Serialize};

use super::{Estimate, Status};

/// Verdicts, one a class, with what they rest on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Verdict {
    /// The rule with its numbers, as it was declared before results were seen.
    pub rule: String,
    /// How much AUC counts: the margin of every primary contrast.
    pub margin: f64,
    /// Familywise error over all primary contrasts of all classes.
    pub alpha: f64,
    /// Primary contrasts that were tested together.
    pub n_tests: usize,
    /// One a class.
    pub classes: Vec<ClassVerdict>,
}

/// The verdict for one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClassVerdict {
    /// The class.
    pub class: String,
    /// About the model as delivered: a shortcut is taken, none is in evidence, or neither can be said.
    pub status: Status,
    /// In a sentence, with its numbers.
    pub sentence: String,
    /// About the data: whether the label can be told without the region.
    pub data: DataStatement,
    /// What the status rests on.
    pub primary: Vec<Contrast>,
    /// What names a cause, and never makes a verdict.
    pub supporting: Vec<Contrast>,
    /// The contrast of the hidden region in groups of patients, by each named column; it makes no verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subgroups: Vec<Contrast>,
    /// Causes that were looked for, the likeliest first.
    pub causes: Vec<Cause>,
    /// Smallest value of the primary contrasts that a test of this size would have found with 80 % power.
    pub minimal_detectable_gap: Option<f64>,
}

impl ClassVerdict {
    /// The cause that the verdict names.
    #[must_use]
    pub fn named_cause(&self) -> Option<&Cause> {
        self.causes.iter().find(|c| c.named)
    }
}

impl Verdict {
    /// The causes that the verdicts name, in words: `probably camera`; with their classes where these differ. Empty where none
    /// is named.
    #[must_use]
    pub fn probably(&self) -> String {
        let named: Vec<(&str, &str)> = self
            .classes
            .iter()
            .filter_map(|c| Some((c.class.as_str(), c.named_cause()?.name.as_str())))
            .collect();
        let [(_, first), ..] = named[..] else { return String::new() };
        if self.classes.len() == 1
            || (named.len() == self.classes.len() && named.iter().all(|n| n.1 == first))
        {
            return format!("probably {first}");
        }
        let each: Vec<String> = named.iter().map(|(class, cause)| format!("{cause} ({class})")).collect();
        format!("probably {}", each.join(", "))
    }
}

/// Whether the label can be told without the region, whatever the model makes of that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DataStatement {
    /// Whether there is signal outside of the region.
    pub signal: Signal,
    /// In a sentence, with its numbers.
    pub sentence: String,
}

/// Whether there is signal outside of the region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// A model trained with the region hidden beats chance and the shape of the mask.
    Outside,
    /// It does not.
    NotShown,
    /// No model was trained with the region hidden, or its AUC is not estimable.
    NotMeasured,
}

/// A difference of AUCs, held against a margin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Contrast {
    /// `hidden`, `attribute:camera`, `part:corner`, ...: unique within the class.
    pub id: String,
    /// What is compared with what, in words.
    pub what: String,
    /// What it must exceed.
    pub margin: f64,
    /// One a fill, or one.
    pub measured: Vec<Measured>,
    /// The largest of the fills' p; `None` where one of them is not estimable.
    pub p: Option<f64>,
    /// The same, adjusted by Holm for all contrasts that were tested with it.
    pub p_adjusted: Option<f64>,
    /// What it says.
    pub outcome: Outcome,
    /// Anything the reader must know: why it is not estimable, rows that had no match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Contrast {
    /// The estimate that argues least for the outcome, by which it stands: the largest p for evidence, the largest upper bound
    /// otherwise. `None` where nothing was measured.
    #[must_use]
    pub fn deciding(&self) -> Option<usize> {
        let worth = |m: &Measured| if self.outcome == Outcome::Evidence { m.p } else { m.upper };
        let all = self.measured.iter().enumerate();
        all.rev().max_by(|a, b| worth(a.1).total_cmp(&worth(b.1))).map(|(i, _)| i)
    }
}

/// One estimate of a contrast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Measured {
    /// The masking or attribute that it was measured with.
    pub with: String,
    /// The contrast, with its 95 % interval.
    pub estimate: Estimate,
    /// One-sided p of "the contrast is at most the margin".
    pub p: f64,
    /// One-sided 95 % upper bound.
    pub upper: f64,
}

/// What a contrast says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The adjusted p is below alpha: it exceeds the margin.
    Evidence,
    /// The one-sided 95 % upper bound lies below the margin, for every fill.
    None,
    /// Neither.
    Undecided,
}

/// A cause that was looked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cause {
    /// `camera`, `border`, `corner`, `mask shape`, `grey level`, ...
    pub name: String,
    /// AUC that the full-image model owes to it: what it loses without it or, of a part of the image, has by it alone.
    pub loss: Option<Estimate>,
    /// Whether it is the one that the verdict names.
    pub named: bool,
    /// What speaks for it.
    pub speaks_for: Vec<String>,
    /// What speaks against it.
    pub speaks_against: Vec<String>,
}
