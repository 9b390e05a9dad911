//! Where a result comes from, and how long it took.

use eyepatch_core::{ContentHash, Device, PluginSpec};
use serde::{Deserialize, Serialize};

/// Hashes, seeds and versions: what one needs to get the same result again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Provenance {
    /// Every plugin that had a part.
    pub plugins: Vec<PluginSpec>,
    /// Every cell by kind, name and key, in the order of the plan.
    pub cells: Vec<CellRecord>,
    /// Where numbers were crunched; left out where a result is shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// Number type of the network.
    pub precision: String,
}

/// One cell of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CellRecord {
    /// What kind of work.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its key: a hash over specification, inputs and revisions.
    pub key: ContentHash,
}

/// How long a run took; kept beside the result, never in it. `timings.json` holds one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Timings {
    /// Seconds from start to report.
    pub total_seconds: f64,
    /// Threads used.
    pub threads: usize,
    /// Most bytes that the run store held at once, cells of earlier runs included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_disk_bytes: Option<u64>,
    /// Most memory that the program held at once, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// One a cell; none for a cache that nobody needed.
    pub cells: Vec<CellTiming>,
}

/// How long one cell took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CellTiming {
    /// The audit.
    pub audit: String,
    /// What kind of work.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Seconds it took when it was computed.
    pub seconds: f64,
    /// Whether this run found it whole in the store.
    pub reused: bool,
}
