//! An audit without a question.
use eyepatch::prelude::*;

#[audit(seed = 1907)]
fn lungs_hidden() -> MaskingSweep {
    unreachable!()
}

fn main() {}
