//! The program as a user meets it: commands, files, exit codes, messages.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

mod bad_input;
mod browser;
mod check;
mod compare;
mod data;
mod explain;
mod maps;
mod onnx;
mod predict;
mod prepare;
mod program;
mod quickstart;
mod reader;
mod resume;
mod scores;
mod split;
mod stats;
mod study;
mod sweep;
mod toolbox;
mod weights;
