//! Golden values of shap, and the core against slow twins and the axioms of Shapley values.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in their helpers")]

mod golden;
mod parts;
