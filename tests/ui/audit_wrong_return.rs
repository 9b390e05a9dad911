//! An audit that returns no experiment.
use eyepatch::prelude::*;

/// Does it work?
#[audit(seed = 1907)]
fn lungs_hidden() -> u32 {
    7
}

fn main() {}
