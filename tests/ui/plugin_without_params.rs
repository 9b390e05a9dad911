//! Parameters that cannot be read or written.
use eyepatch_core::{Ctx, Evidence, Finding, Probe, ProbeCard, Result, plugin};

struct Count;

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

fn main() {}
