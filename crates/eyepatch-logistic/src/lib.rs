//! Logistic regression with an L2 penalty on standardised features, by linfa's L-BFGS.
//!
//! A crate of its own because linfa and what it brings take more than a minute of processor time to build, and nothing that
//! only wants an AUC should wait for it.

mod error;
mod features;
mod fitted;
mod regression;

pub use error::LogisticError;
pub use features::Features;
pub use fitted::FittedLogistic;
pub use regression::LogisticRegression;
