//! Two plugins of one id in one module.
use eyepatch_core::{Ctx, Evidence, Finding, Params, Probe, ProbeCard, Result, plugin};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Count {
    level: f64,
}

impl Params for Count {}

/// Counts.
#[plugin("acme/count")]
impl Probe for Count {
    fn card(&self) -> ProbeCard {
        ProbeCard { name: String::new(), description: String::new() }
    }

    fn examine(&self, _: &Evidence<'_>, _: &Ctx) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Again {}

impl Params for Again {}

/// Counts again.
#[plugin("acme/count")]
impl Probe for Again {
    fn card(&self) -> ProbeCard {
        ProbeCard { name: String::new(), description: String::new() }
    }

    fn examine(&self, _: &Evidence<'_>, _: &Ctx) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }
}

fn main() {}
