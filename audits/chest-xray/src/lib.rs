//! Audits of chest X-ray classifiers on real films, which are found through the environment variable `EYEPATCH_DATA`.

mod nih_pneumonia;
mod padchest;

use std::path::PathBuf;

/// Where data sets were unpacked.
fn data() -> PathBuf {
    // Unset, the name itself stands in the path, and the error about the missing table says what to set.
    std::env::var_os("EYEPATCH_DATA").map_or_else(|| PathBuf::from("$EYEPATCH_DATA"), PathBuf::from)
}

/// README's audit compiles as it stands.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
