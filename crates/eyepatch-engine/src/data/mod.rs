//! A data set at its working size, its splits, and the views that maskers and models are given.

mod bilinear;
mod features;
mod npy;
mod png;
mod prepared;
mod resize;
mod scheme;
pub(crate) mod split_file;
mod splits;
mod view;

pub(crate) use features::{FeatureFile, FeatureWriter, Features, Layout};
pub use npy::encode_npy;
pub use png::encode_png;
pub(crate) use prepared::{Edge, PREPARE_REVISION, PreparedSet};
pub use resize::{Resampling, resize};
pub use scheme::{SplitScheme, TestWhere};
pub(crate) use splits::{Part, Splits, share_of};
pub(crate) use view::{Masked, Pipeline, RowSet};
