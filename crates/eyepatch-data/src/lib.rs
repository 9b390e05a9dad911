//! From files to tables, images and ROIs: what every data set plugin needs.
//!
//! Everything here reads files from strangers. Sizes are checked before anything is allocated, paths stay inside the folder
//! that the user named, and what cannot be used is told with file, line and remedy.

mod bad;
mod cache;
mod choices;
pub mod decode;
mod error;
mod extent;
pub mod facts;
mod files;
mod form;
mod hashes;
mod jpeg;
mod list;
pub mod mapped;
pub mod npy;
mod packed;
mod places;
pub mod prepared;
pub mod resize;
mod scan;
mod sheet;
mod stream;

pub use bad::{Bad, Fault};
pub use cache::Cache;
pub use choices::{MissingLabels, OnBad};
pub use error::{Error, Result};
pub use extent::check_extent;
pub use files::{EXTENSIONS, File, Found, Root};
pub use hashes::{FileHashes, lock};
pub use list::{ListError, python_list};
pub use places::{FoundRow, Place, Places};
pub use sheet::{Record, Sheet, quoted, table_error};
pub use stream::{Stream, StreamRow};
