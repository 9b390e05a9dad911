//! Not a struct literal.
use eyepatch::sweep;

fn main() {
    let _ = sweep!([1, 2, 3]);
}
