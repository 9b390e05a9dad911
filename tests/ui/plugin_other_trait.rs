//! A trait that cannot be registered.
use eyepatch_core::plugin;

struct Count;

/// Counts.
#[plugin("acme/count")]
impl Clone for Count {
    fn clone(&self) -> Self {
        Self
    }
}

fn main() {}
