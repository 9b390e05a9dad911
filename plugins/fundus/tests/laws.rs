//! The laws of a data set on archives in the published layouts, the study's table, and what is said to bad input.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

#[path = "laws/airogs.rs"]
mod airogs;
#[path = "laws/archive.rs"]
mod archive;
#[path = "laws/chaksu.rs"]
mod chaksu;
#[path = "laws/golden.rs"]
mod golden;
#[path = "laws/rim_one.rs"]
mod rim_one;

use std::sync::LazyLock;

use archive::Archive;

static CHAKSU: LazyLock<Archive> = LazyLock::new(Archive::chaksu);
static AIROGS: LazyLock<Archive> = LazyLock::new(Archive::airogs);
static RIM_ONE: LazyLock<Archive> = LazyLock::new(Archive::rim_one);

eyepatch_testkit::dataset_laws! {
    chaksu_strict: plugin_fundus::chaksu(crate::CHAKSU.root());
    chaksu_published: plugin_fundus::chaksu(crate::CHAKSU.root()).published().resave_side(32);
    chaksu_apart: plugin_fundus::chaksu(crate::CHAKSU.root()).masks(plugin_fundus::Masks::Apart);
    airogs_bare: plugin_fundus::airogs(crate::AIROGS.root());
    airogs_with_masks: plugin_fundus::airogs(crate::AIROGS.root()).masks(crate::AIROGS.path("masks"), "drawn by nobody");
    rim_one_dl: plugin_fundus::rim_one_dl(crate::RIM_ONE.root());
}
