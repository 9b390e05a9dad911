//! From declared experiments to a plan of cells, a run store, and results.
//!
//! declare -> plan -> cells -> evidence -> answer -> result. An [`Experiment`] plans cells; a [`Store`] keeps what
//! they write; [`execute`] runs those that are missing; the experiment then turns evidence into a result.
//! Nothing here knows a concrete data set, masker, model, explainer or probe.

mod audit;
mod cell;
mod compare;
mod data;
mod error;
mod machine;
mod output;
mod profiles;
mod run;
mod schedule;
mod store;
mod sweep;
mod verdict;

pub use audit::{AuditEntry, AuditInfo, Audits, Experiment, Variant, expanded};
pub use cell::{Cell, CellCtx, CellSpec};
pub use compare::compare_runs;
pub use data::{SplitScheme, TestWhere, encode_png};
pub use error::{Error, Result};
pub use output::{write_report, write_run};
pub use profiles::Profiles;
pub use run::{Assembled, Observer, Options, Outcome, Planned, Precision, Quiet, TrunkPasses, run_audits};
pub use schedule::{Done, execute};
pub use store::{Store, write_file};
pub use sweep::{
    Auc, Export, FlagRule, MapRule, MaskingSweep, PlantedBenchmark, PlantedCase, PluginRef, Shown, SweepSpec,
    Transfer, auc, scores_file,
};
pub use verdict::VerdictRule;
