//! No id at all.
use eyepatch_core::{Ctx, Evidence, Finding, Params, Probe, ProbeCard, Result, plugin};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Count {
    level: f64,
}

impl Params for Count {}

/// Counts.
#[plugin]
impl Probe for Count {
    fn card(&self) -> ProbeCard {
        ProbeCard { name: String::new(), description: String::new() }
    }

    fn examine(&self, _: &Evidence<'_>, _: &Ctx) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }
}

fn main() {}
