//! Reader studies: which masked images human readers are shown, to hold their answers against a model's.

mod error;
mod select;

pub use error::{Error, Result};
pub use select::{Candidate, Cell, Design, Pick, select};
