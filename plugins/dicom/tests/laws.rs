//! The laws of a data set, pixels against pydicom's, what stays private, and what is said to bad input.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

#[path = "laws/bad_input.rs"]
mod bad_input;
#[path = "laws/build.rs"]
mod build;
#[path = "laws/fixture.rs"]
mod fixture;
#[path = "laws/golden.rs"]
mod golden;
#[path = "laws/hostile.rs"]
mod hostile;
#[path = "laws/joins.rs"]
mod joins;
#[path = "laws/privacy.rs"]
mod privacy;

use std::sync::LazyLock;

use eyepatch_core::LegitimateRegion;
use fixture::Fixture;
use plugin_dicom::{Dates, Dicom, OnBad};

static FILES: LazyLock<Fixture> = LazyLock::new(|| Fixture::plain(8));

fn plain() -> Dicom {
    let region =
        LegitimateRegion { structures: vec!["roi".into()], margin: 0.1, reason: "drawn there".into() };
    FILES.dicom().licence("none").legitimate("label", region)
}

eyepatch_testkit::dataset_laws! {
    plain: crate::plain();
    dropping: crate::plain().on_bad(OnBad::Drop).dates(Dates::Shift).meta(["site"]);
}
