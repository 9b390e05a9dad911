//! Two audits of one name.
use eyepatch::prelude::*;

/// Does it work?
#[audit(seed = 1907)]
fn lungs_hidden() -> MaskingSweep {
    unreachable!()
}

/// Does it work again?
#[audit(seed = 1908)]
fn lungs_hidden() -> MaskingSweep {
    unreachable!()
}

fn main() {}
