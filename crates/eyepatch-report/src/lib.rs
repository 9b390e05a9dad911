//! The versioned result schema and its renderers.

pub mod schema;

pub use schema::{RunResult, SCHEMA, Timings};
