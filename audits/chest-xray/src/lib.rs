//! Audits of chest X-ray classifiers on real films, which are found through the environment variable `EYEPATCH_DATA`.

mod nih_pneumonia;

/// README's audit compiles as it stands.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
