//! The program as a user meets it: commands, files, exit codes, messages.

mod acme;
mod bad_input;
mod data;
mod program;
mod resume;
mod scores;
mod sweep;
mod toolbox;
