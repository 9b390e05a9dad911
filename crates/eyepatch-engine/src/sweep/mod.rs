//! The masking sweep: one model a masking and fold, each evaluated on each masking, and the region's dilation swept.

mod answer;
mod assemble;
mod benchmark;
mod check;
mod declare;
mod export;
mod features;
mod flag;
mod gallery;
mod gathered;
mod maps;
mod measure;
mod plan;
mod probes;
mod readable;
mod shared;
mod shown;
mod spec;
mod summary;
mod tables;
mod transfer;
mod work;

pub use benchmark::{PlantedBenchmark, PlantedCase};
pub use declare::MaskingSweep;
pub use export::Export;
pub use flag::{Auc, FlagRule, auc};
pub use maps::MapRule;
pub use shown::{Shown, scores_file};
pub use spec::{PluginRef, SweepSpec};
pub use transfer::Transfer;
