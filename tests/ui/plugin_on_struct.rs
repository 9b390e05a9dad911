//! Not an implementation.
use eyepatch_core::plugin;

/// Counts.
#[plugin("acme/count")]
struct Count;

fn main() {}
