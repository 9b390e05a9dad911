//! The facade of eyepatch: what audits are written with, and the command line that runs them.
//!
//! ```ignore
//! use eyepatch::prelude::*;
//!
//! /// Does the model still find disease when the lungs are gone?
//! #[audit(seed = 1907, tags = ["masking", "chest"])]
//! fn lungs_hidden() -> MaskingSweep {
//!     MaskingSweep::new(densenet_small(), my_chest_xrays())
//!         .maskers(published())
//!         .probe(AucMatrix::default())
//!         .flag_if(auc(Keep::Outside).above(0.60))
//! }
//!
//! eyepatch::main!(plugin_densenet, plugin_maskers);
//! ```

pub mod cli;

pub use eyepatch_core as core;
pub use eyepatch_engine as engine;
pub use eyepatch_macros::{audit, sweep};

/// What audits need, in one line.
pub mod prelude {
    pub use eyepatch_core::{
        Dataset, Explainer, Handle, Keep, LegitimateRegion, Masker, Model, Probe, Profile, Shape, plugin,
    };
    pub use eyepatch_engine::{
        Experiment, MapRule, MaskingSweep, PlantedBenchmark, PlantedCase, Profiles, SplitScheme, Transfer,
        VerdictRule, auc,
    };
    pub use eyepatch_macros::{audit, sweep};
}

/// The program: links the named plugin and audit crates and runs the command line.
///
/// The linker drops a crate that nobody names, and its plugins with it; so every crate is named here. A crate that
/// registers nothing is warned about at start-up.
#[macro_export]
macro_rules! main {
    ($($krate:ident),* $(,)?) => {
        $(use $krate as _;)*

        fn main() -> ::std::process::ExitCode {
            $crate::cli::main(&[$(stringify!($krate)),*])
        }
    };
}

/// What `#[audit]` expands to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use eyepatch_core::__private::inventory;
    pub use eyepatch_core::Origin;
    pub use eyepatch_engine::{AuditEntry, Experiment};
}
