//! A field that the struct does not have.
use eyepatch::sweep;

#[derive(Clone, Copy, Default)]
struct Region {
    keep: bool,
    dilate: i32,
}

fn main() {
    let _ = sweep!(Region { keep: [true, false], dilation: 3, ..Region::default() });
}
