//! When a set of maps counts as evidence: thresholds that are declared before maps are seen, and the judgement by them.

mod additivity;
mod judge;
mod rule;

pub use additivity::relative_additivity_error;
pub use judge::{Judged, Judgement, State};
pub use rule::{Check, MapChecks, MapSet, Taken};

#[cfg(test)]
mod tests;
