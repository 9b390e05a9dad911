//! Prepared sets: a data set's images at one size in a file that is mapped into memory and shared between runs.
//!
//! A set is a folder:
//!
//! | file | what it holds |
//! |---|---|
//! | `images.npy` | `[n, height, width]` or `[n, height, width, channels]`, `u1`, `u2` or `f4` |
//! | `rois.npy` | `[n, structures, 2, height, bytes a row]`, `u1`: bits, most significant first; outer edge, then inner edge |
//! | `table.csv` | id, patient, labels and metadata of each image, for people |
//! | `rows.jsonl` | the same, exactly, for programs |
//! | `manifest.csv` | what was done, a line a row of the original table, skipped ones too |
//! | `journal.txt` | the same by block, with a checksum a line; what a killed run goes on from |
//! | `prepared.json` | what the set is, and the other files' checksums; written last |
//!
//! It is written to `OUT.part`, block by block: a block's bytes are made durable, then its line is added to the journal. The
//! finished folder is renamed to `OUT`. Nothing of it depends on the number of threads, or on how often a run was killed.

mod blocks;
mod finish;
mod journal;
mod part;
mod plan;
mod set;
mod values;
mod write;

pub use journal::{Entry, Kept};
pub use plan::{Options, Plan, Values};
pub use set::PreparedSet;
pub use values::study_image;
pub use write::{Outcome, prepare};

/// Name and version of the layout.
pub const FORMAT: &str = "eyepatch-prepared/1";

const IMAGES: &str = "images.npy";
const ROIS: &str = "rois.npy";
const TABLE: &str = "table.csv";
const ROWS: &str = "rows.jsonl";
const MANIFEST: &str = "manifest.csv";
const JOURNAL: &str = "journal.txt";
const DESCRIPTION: &str = "prepared.json";
/// Bytes before the numbers of `images.npy` and `rois.npy`: room for any shape.
const HEADER: usize = 192;

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
