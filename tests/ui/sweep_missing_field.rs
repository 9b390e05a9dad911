//! A field of the struct is missing and no `..rest` gives it.
use eyepatch::sweep;

#[derive(Clone, Copy, Default)]
struct Region {
    keep: bool,
    dilate: i32,
}

fn main() {
    let _ = sweep!(Region { keep: [true, false] });
}
