//! A data set at its working size, its splits, and the views that maskers and models are given.

mod features;
mod leave_out;
mod png;
mod prepared;
mod scheme;
pub(crate) mod split_file;
mod splits;
mod view;

pub(crate) use features::{FeatureFile, FeatureWriter, Features, Layout};
pub use png::encode_png;
pub(crate) use prepared::{Edge, PREPARE_REVISION, PreparedSet};
pub use scheme::{SplitScheme, TestWhere};
pub(crate) use splits::{Part, Splits, share_of};
pub(crate) use view::{Masked, Pipeline, RowSet};
