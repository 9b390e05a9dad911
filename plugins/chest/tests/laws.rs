//! The laws of a data set for both archives, what is said to bad input, and the real tables.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy.toml allows both in test functions, not in their helpers"
)]

#[path = "laws/archives.rs"]
mod archives;
#[path = "laws/bad_input.rs"]
mod bad_input;
#[path = "laws/chexmask.rs"]
mod chexmask;
#[path = "laws/labels.rs"]
mod labels;
#[path = "laws/nih.rs"]
mod nih;
#[path = "laws/real.rs"]
mod real;

use std::sync::LazyLock;

use archives::{Nih, Pad};

static PAD: LazyLock<Pad> = LazyLock::new(|| Pad::plain(8));
static NIH: LazyLock<Nih> = LazyLock::new(|| Nih::plain(6, 40));
static BOXED: LazyLock<Nih> = LazyLock::new(|| Nih::plain(2, 1024));

eyepatch_testkit::dataset_laws! {
    padchest: crate::PAD.strict();
    published: crate::PAD.published();
    chestxray14: crate::NIH.set();
    chestxray14_with_boxes: crate::BOXED.set().with_boxes();
}
