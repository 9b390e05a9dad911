//! The explainers of eyepatch: a model's outputs on composed images as a game.

mod compose;
mod continuation;
mod explanation;
mod images;
mod run;
mod shap_kernel;
mod shap_partition;
mod shap_permutation;
mod there;

pub use explanation::{Explanation, PlayerValues};
pub use shap_kernel::ShapKernel;
pub use shap_partition::ShapPartition;
pub use shap_permutation::ShapPermutation;
