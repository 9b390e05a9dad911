//! Odd but legal uses. Here, and not among the cases of trybuild: with one that must pass, it would build all dependencies anew
//! where it now only checks them.
use eyepatch::prelude::*;
use eyepatch::sweep;

mod inner {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct Grid<const N: usize> {
        pub(crate) keep: &'static str,
        pub(crate) sizes: [usize; N],
        pub(crate) r#type: Option<u8>,
    }
}

/// A question
/// of two lines with "quotes", a \backslash and {braces}?
#[audit(seed = 0xFFFF_FFFF_FFFF_FFFF, tags = [],)]
#[must_use]
pub(crate) fn r#loop() -> MaskingSweep {
    unreachable!()
}

#[doc = "A question as an attribute?"]
#[audit(tags = ["a", "b"], seed = 0)]
fn as_attribute() -> eyepatch::engine::MaskingSweep {
    unreachable!()
}

#[test]
fn grids_of_odd_structs() {
    let grid = sweep!(inner::Grid::<2> { keep: ["a", "b"], sizes: [[1, 2]], r#type: [None, Some(3)] });
    assert_eq!(grid.len(), 4);
    assert_eq!(grid[0], inner::Grid { keep: "a", sizes: [1, 2], r#type: None });
    assert_eq!(grid[1], inner::Grid { keep: "a", sizes: [1, 2], r#type: Some(3) });
    assert_eq!(grid[2].keep, "b");
}
