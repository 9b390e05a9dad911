//! How verdicts do on models whose truth is known.

use eyepatch_core::PluginSpec;
use serde::{Deserialize, Serialize};

use super::{CellRecord, ClassVerdict, Estimate};

/// A benchmark of planted shortcuts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Benchmark {
    /// `crate/function`.
    pub id: String,
    /// The question it asks.
    pub question: String,
    /// Its root seed.
    pub seed: u64,
    /// Whether it ran in its quick form: fewer models.
    pub quick: bool,
    /// Where it is declared.
    pub declared_in: String,
    /// The rule of the verdicts.
    pub rule: String,
    /// How truth was measured, and what counts as planted and as clean.
    pub truth: String,
    /// One entry a model, in the order of their declaration.
    pub cases: Vec<BenchmarkCase>,
    /// How each way of reading did: the verdict first, then what else is read from the same models.
    pub readings: Vec<Reading>,
    /// Share of models with a shortcut, correctly called so, whose cause was named right.
    pub cause_accuracy: Rate,
    /// Share of inconclusive verdicts among models with a planted shortcut.
    pub inconclusive_planted: Rate,
    /// Share of inconclusive verdicts among clean models.
    pub inconclusive_clean: Rate,
    /// The plugins involved.
    pub plugins: Vec<PluginSpec>,
    /// The cells it was made of.
    pub cells: Vec<CellRecord>,
}

/// One model of a benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BenchmarkCase {
    /// Its name, unique.
    pub name: String,
    /// The shortcut or trap.
    pub group: String,
    /// Strength of a shortcut, from 1.
    pub strength: Option<usize>,
    /// Causes that are right for it.
    pub causes: Vec<String>,
    /// AUC on full images.
    pub full: Option<Estimate>,
    /// AUC that the model loses when the planted association is broken in the pixels; `None` where nothing was planted.
    pub loss: Option<Estimate>,
    /// What it counts as.
    pub bucket: Bucket,
    /// The verdict on the model.
    pub verdict: ClassVerdict,
    /// Whether each further reading calls it a shortcut, in the order of the benchmark's readings after the verdict;
    /// `None` where it says nothing.
    pub others: Vec<Option<bool>>,
}

impl BenchmarkCase {
    /// The cause that the verdict names.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.verdict.causes.iter().find(|c| c.named).map(|c| c.name.as_str())
    }
}

/// What a model counts as, by the truth that was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Bucket {
    /// It loses at least 0.10 of AUC.
    Planted,
    /// Between the two.
    Between,
    /// The interval of its loss lies below 0.02, or nothing was planted.
    Clean,
}

/// How a way of reading did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reading {
    /// Its name.
    pub name: String,
    /// What it looks at and when it calls a model a shortcut.
    pub rule: String,
    /// Called a shortcut among planted models.
    pub sensitivity: Rate,
    /// Not called a shortcut among clean models.
    pub specificity: Rate,
}

/// A share with its exact interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Rate {
    /// How many.
    pub count: usize,
    /// Of how many.
    pub of: usize,
    /// Their share with the 95 % interval of Clopper and Pearson; `None` of none.
    pub share: Option<Estimate>,
}
