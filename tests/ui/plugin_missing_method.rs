//! A required method is missing.
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
}

fn main() {}
