//! Not a function.
use eyepatch::prelude::*;

/// Does it work?
#[audit(seed = 1907)]
struct LungsHidden;

fn main() {}
