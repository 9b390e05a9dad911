//! Nothing to sweep over.
use eyepatch::sweep;

#[derive(Clone, Copy, Default)]
struct Region {
    keep: bool,
    dilate: i32,
}

fn main() {
    let _ = sweep!(Region { keep: true, ..Region::default() });
}
