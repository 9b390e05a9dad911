//! AUC with patient-clustered intervals, contrasts of AUCs, bootstrap and permutation tests, and patient-grouped splits.
//!
//! Everything here is pure and in `f64`: numbers in, numbers or a typed refusal out. A statistic that the data
//! cannot support is [`NotEstimable`] with its reason, never a NaN or a convenient default.

mod auc;
mod benjamini_hochberg;
mod binomial;
mod bootstrap;
mod bootstrap_interval;
mod clustered;
mod contrast;
mod delong;
mod encode;
mod error;
mod holm;
mod influence;
mod jackknife;
mod normal;
mod permutation;
mod power;
mod presorted;
mod runs;
mod screen;
pub mod sklearn;
mod splits;
mod strata;
mod student;
mod weighted;

pub use auc::{Placements, auc};
pub use benjamini_hochberg::benjamini_hochberg_adjusted;
pub use binomial::exact_interval;
pub use bootstrap::{Bootstrap, bootstrap};
pub use bootstrap_interval::{BootstrapInterval, BootstrapMethod};
pub use clustered::{AucEstimate, IntervalMethod, mean_auc_over_folds};
pub use contrast::{ContrastEstimate, contrast};
pub use delong::{DeLong, DeLongTest};
pub use encode::{EncodedFold, encode_categories};
pub use error::{NotEstimable, StatsError};
pub use holm::{holm_adjusted, holm_steps};
pub use influence::{AucInfluence, FoldAuc, FoldScores, covariance};
pub use normal::{log10_normal_upper_tail, normal_cdf, normal_quantile, normal_upper_tail};
pub use permutation::{PermutationTest, permute_labels, swap_scores};
pub use power::{hanley_mcneil_variance, minimal_detectable_gap};
pub use runs::{RunsTest, runs_test};
pub use screen::{Pointing, Screen, screen, screen_values};
pub use splits::{Holdout, check_no_overlap, group_holdout, group_kfold};
pub use strata::joint_strata;
pub use student::{student_quantile, student_upper_tail};
pub use weighted::weighted_auc;

#[cfg(test)]
mod inference_golden_tests;
