//! A generic implementation has no single id.
use eyepatch_core::{Ctx, Evidence, Finding, Probe, ProbeCard, Result, plugin};

struct Count<T>(T);

/// Counts.
#[plugin("acme/count")]
impl<T: Send + Sync> Probe for Count<T> {
    fn card(&self) -> ProbeCard {
        ProbeCard { name: String::new(), description: String::new() }
    }

    fn examine(&self, _: &Evidence<'_>, _: &Ctx) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }
}

fn main() {}
