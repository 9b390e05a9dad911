//! An empty list.
use eyepatch::sweep;

#[derive(Clone, Copy, Default)]
struct Region {
    keep: bool,
    dilate: i32,
}

fn main() {
    let _ = sweep!(Region { keep: [], ..Region::default() });
}
