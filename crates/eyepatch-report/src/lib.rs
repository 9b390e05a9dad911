//! The versioned result schema and its renderers.
//!
//! A run ends in one [`RunResult`] ([`json`]), and everything a reader sees is made from it: the page
//! ([`html`]), tables ([`csv`]), TensorBoard event files ([`tensorboard`]), a summary for terminals and pull requests
//! ([`markdown`]) and JUnit XML for continuous integration ([`junit`]). [`pictures`] draws what the page shows; [`escape`] encodes foreign text for each context it can end up in; [`share`] makes the form
//! of a result that may leave the house.

mod aligned;
mod charts;
mod checklist;
pub mod compared;
pub mod csv;
mod error;
pub mod escape;
pub mod figures;
mod format;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
mod next;
pub mod pictures;
pub mod schema;
pub mod scores;
pub mod share;
pub mod supplement;
pub mod tensorboard;

pub use error::{Error, Result};
pub use schema::{RunResult, SCHEMA, Timings};
