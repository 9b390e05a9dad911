//! An audit that wants something from outside.
use eyepatch::prelude::*;

/// Does it work?
#[audit(seed = 1907)]
fn lungs_hidden(folds: usize) -> MaskingSweep {
    let _ = folds;
    unreachable!()
}

fn main() {}
