//! An audit without a seed.
use eyepatch::prelude::*;

/// Does it work?
#[audit(tags = ["chest"])]
fn lungs_hidden() -> MaskingSweep {
    unreachable!()
}

fn main() {}
