//! A parameter that #[audit] does not take.
use eyepatch::prelude::*;

/// Does it work?
#[audit(seed = 1907, tag = "chest")]
fn lungs_hidden() -> MaskingSweep {
    unreachable!()
}

fn main() {}
