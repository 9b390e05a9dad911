//! A data set at its working size, its splits, and the views that maskers and models are given.

mod npy;
mod png;
mod prepared;
mod resize;
mod splits;
mod view;

pub use png::encode_png;
pub(crate) use prepared::{PREPARE_REVISION, PreparedSet};
pub(crate) use splits::folds_of;
pub(crate) use splits::{Part, Splits};
pub(crate) use view::{Masked, Pipeline, RowSet, mask_one};
