//! Fills: against OpenCV and scipy, their laws with and without feather, their names and forms.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod forms;
mod golden;
mod laws;
mod pictures;
