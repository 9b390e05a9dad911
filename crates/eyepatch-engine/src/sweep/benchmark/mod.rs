//! Verdicts on models whose truth is known: the benchmark of planted shortcuts.
//!
//! Every case is a sweep on data in which a shortcut was planted, or a trap that looks like one, with a twin of the data in
//! whose pixels that association is broken. Truth is measured: what the full-image model loses on the twin.

mod plan;
mod score;

use eyepatch_core::{Dataset, Handle};
use serde_json::{Value, json};

use super::MaskingSweep;
use crate::audit::{AuditInfo, Experiment};
use crate::run::{Options, Planned};
use crate::{Error, Result};

/// One model whose truth is known.
#[derive(Clone)]
pub struct PlantedCase {
    /// Its name, unique within the benchmark.
    pub name: String,
    /// The shortcut or trap.
    pub group: String,
    /// Strength of a shortcut, from 1; `None` for a trap.
    pub strength: Option<usize>,
    /// Causes that are right, where it is a shortcut.
    pub causes: Vec<String>,
    /// The audit. It declares a verdict.
    pub sweep: MaskingSweep,
    /// The same rows with the association broken in the pixels; `None` where nothing was planted.
    pub broken: Option<Handle<dyn Dataset>>,
    /// Whether the quick form has it.
    pub quick: bool,
}

/// Many models whose truth is known, and how often verdicts on them are right.
#[derive(Clone)]
pub struct PlantedBenchmark {
    cases: Vec<PlantedCase>,
}

impl PlantedBenchmark {
    /// A benchmark of these cases.
    #[must_use]
    pub fn new(cases: Vec<PlantedCase>) -> Self {
        Self { cases }
    }

    /// Checks what can be checked without reading data.
    fn check(&self, audit: &AuditInfo) -> Result<()> {
        let wrong = |problem: String, remedy: &str| {
            Err(Error::Declaration { audit: audit.id.clone(), problem, remedy: remedy.into() })
        };
        if self.cases.is_empty() {
            return wrong("a benchmark without cases".into(), "add some");
        }
        for (i, case) in self.cases.iter().enumerate() {
            if self.cases[..i].iter().any(|c| c.name == case.name) {
                return wrong(format!("two cases called `{}`", case.name), "give each a name of its own");
            }
            if case.sweep.design.verdict.is_none() {
                return wrong(
                    format!("case `{}` without a verdict", case.name),
                    "declare `.verdict(rule)` in its sweep",
                );
            }
        }
        Ok(())
    }
}

impl Experiment for PlantedBenchmark {
    fn kind(&self) -> &'static str {
        "planted-benchmark"
    }

    fn plan(&self, audit: &AuditInfo, options: &Options) -> Result<Box<dyn Planned>> {
        self.check(audit)?;
        Ok(Box::new(plan::BenchmarkPlan::new(&self.cases, audit, options)?))
    }

    fn describe(&self) -> Value {
        let case = |c: &PlantedCase| {
            let broken = c.broken.as_ref().map(|b| json!({ "id": b.spec().id, "params": b.spec().params }));
            json!({
                "name": c.name, "group": c.group, "strength": c.strength, "causes": c.causes,
                "sweep": c.sweep.spec(), "broken": broken, "quick": c.quick,
            })
        };
        json!({ "cases": self.cases.iter().map(case).collect::<Vec<_>>() })
    }
}
