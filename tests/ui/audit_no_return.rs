//! An audit that returns nothing.
use eyepatch::prelude::*;

/// Does it work?
#[audit(seed = 1907)]
fn lungs_hidden() {}

fn main() {}
