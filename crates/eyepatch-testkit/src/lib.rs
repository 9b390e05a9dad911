//! Property-test strategies and the laws every plugin must keep.
//!
//! One line in a plugin's `tests/laws.rs` checks it against random small inputs, one test a law, so that a failure
//! names the law and shows the smallest input that breaks it:
//!
//! ```text
//! eyepatch_testkit::masker_laws! { ring: Ring { width: 3 }; }
//! eyepatch_testkit::dataset_laws! { mine: MyTable { path: "tests/table.csv".into() }; }
//! eyepatch_testkit::explainer_laws! { occlusion: Occlusion::default(); }
//! eyepatch_testkit::model_laws! { small: MyNet { epochs: 1, ..MyNet::default() }; }
//! eyepatch_testkit::probe_laws! { matrix: MyProbe::default(); }
//! ```
//!
//! The laws are methods of [`MaskerLaws`], [`DatasetLaws`], [`ModelLaws`], [`ExplainerLaws`] and [`ProbeLaws`]; each
//! says what it protects. [`region`] holds laws between several maskers, [`strategy`] the inputs, for tests of one's
//! own. A law that is broken panics, as a test should. `PROPTEST_CASES` sets the number of random inputs.

mod axioms;
mod dataset;
mod explainer;
mod law;
mod masker;
mod model;
mod probe;
pub mod region;
pub mod strategy;
mod toy;
mod trunk;

pub use dataset::DatasetLaws;
pub use explainer::ExplainerLaws;
pub use masker::{MaskCase, MaskerLaws};
pub use model::ModelLaws;
pub use probe::ProbeLaws;
pub use toy::{FullScale, LeftQuarter, Memory, ToyBuffer, ToyExamples};

/// Writes one test a law; for the macros below.
#[doc(hidden)]
#[macro_export]
macro_rules! __laws {
    ($name:ident, $laws:expr; $($law:ident)*) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $(#[test] fn $law() { $laws.$law(); })*
        }
    };
}
