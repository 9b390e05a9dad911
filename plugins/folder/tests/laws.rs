//! The laws of a data set, and what the folder plugin says to bad input.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

#[path = "laws/bad_input.rs"]
mod bad_input;
#[path = "laws/finding_out.rs"]
mod finding_out;
#[path = "laws/fixture.rs"]
mod fixture;
#[path = "laws/jpegs.rs"]
mod jpegs;
#[path = "laws/outlines.rs"]
mod outlines;
#[path = "laws/pairs.rs"]
mod pairs;
#[path = "laws/pixels.rs"]
mod pixels;
#[path = "laws/real.rs"]
mod real;

use std::sync::LazyLock;

use eyepatch_core::LegitimateRegion;
use fixture::Fixture;
use plugin_folder::Folder;

static FILES: LazyLock<Fixture> = LazyLock::new(|| Fixture::plain(8));

fn plain() -> Folder {
    let region =
        LegitimateRegion { structures: vec!["roi".into()], margin: 0.1, reason: "drawn there".into() };
    FILES.folder().licence("none").legitimate("label", region)
}

eyepatch_testkit::dataset_laws! {
    plain: crate::plain();
}
