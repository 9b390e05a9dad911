//! AUC with patient-clustered intervals, and patient-grouped splits.
//!
//! Everything here is pure and in `f64`: numbers in, numbers or a typed refusal out. A statistic that the data
//! cannot support is [`NotEstimable`] with its reason, never a NaN or a convenient default.

mod auc;
mod clustered;
mod error;
mod normal;
mod power;
pub mod sklearn;
mod splits;
mod strata;

pub use auc::{Placements, auc};
pub use clustered::{AucEstimate, FoldAuc, FoldScores, IntervalMethod, mean_auc_over_folds};
pub use error::{NotEstimable, StatsError};
pub use normal::{normal_cdf, normal_quantile, normal_upper_tail};
pub use power::{hanley_mcneil_variance, minimal_detectable_gap};
pub use splits::{Holdout, check_no_overlap, group_holdout, group_kfold};
pub use strata::joint_strata;
