//! The versioned result of a run. `result.json` holds one [`RunResult`]; every renderer reads it and nothing
//! else, so a report can be made again from it at any time.
//!
//! It holds no timings and no machine's name: the same audit gives the same bytes at any number of threads.

use eyepatch_core::{Finding, Interval};
use serde::{Deserialize, Serialize};

mod answer;
mod aucs;
mod benchmark;
mod check;
mod comparison;
mod inputs;
mod maps;
mod pictures;
mod probe;
mod provenance;
mod transfer;
mod verdict;

pub use answer::{Answer, AnswerKind, ClassAnswer, RuleTest, Status};
pub use aucs::{Curve, CurvePoint, Further, FurtherRow, Matrix};
pub use benchmark::{Benchmark, BenchmarkCase, Bucket, Rate, Reading};
pub use check::{Check, CheckFinding, ColumnCheck, Severity};
pub use comparison::{AnswerOf, Choice, ComparedAuc, Comparison};
pub use inputs::{
    ClassCount, ColumnSummary, DataSummary, MaskingSummary, ModelSummary, PartCount, SplitSummary, Training,
};
pub use maps::{Beyond, CheckState, MapCheck, MapCluster, MapExample, MapGroup, MapPlace, Maps, Null};
pub use pictures::{Explained, GalleryRow, Picture};
pub use probe::{ProbeSection, Thumbnails};
pub use provenance::{CellRecord, CellTiming, Provenance, Timings};
pub use transfer::{Calibration, Carried, Transfer, TransferClass, TransferGroup, TransferRow};
pub use verdict::{Cause, ClassVerdict, Contrast, DataStatement, Measured, Outcome, Signal, Verdict};

/// Name and version of this schema. The number grows when a reader of the old one would go wrong.
pub const SCHEMA: &str = "eyepatch-result/1";

/// All that one run found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RunResult {
    /// [`SCHEMA`].
    #[cfg_attr(test, schemars(extend("const" = SCHEMA)))]
    pub schema: String,
    /// Version of eyepatch that wrote it.
    pub generator: String,
    /// One entry an audit, sorted by id.
    pub audits: Vec<AuditResult>,
    /// One entry a declaration that stands for several audits: as published and as it should be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comparisons: Vec<Comparison>,
    /// One entry a benchmark of verdicts on models whose truth is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub benchmarks: Vec<Benchmark>,
}

/// All that one audit found. `N` is what counts of images and patients are: numbers, but in a [`crate::share`]d result,
/// where small ones are held back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "AuditResult"))]
pub struct AuditResult<N = usize> {
    /// `crate/function`.
    pub id: String,
    /// The question it asks: its doc comment.
    pub question: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its root seed.
    pub seed: u64,
    /// Whether it ran in its quick form (fewer epochs, folds or samples), which is for trying out only.
    pub quick: bool,
    /// Where it is declared.
    pub declared_in: String,
    /// The answer.
    pub answer: Answer,
    /// The verdict that the answer says in short, where the audit declares one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The data.
    pub data: DataSummary<N>,
    /// The model.
    pub model: ModelSummary,
    /// The maskings, in the order of the matrix.
    pub maskings: Vec<MaskingSummary>,
    /// The splits.
    pub splits: SplitSummary<N>,
    /// What the check of the data set found.
    #[serde(default)]
    pub check: Option<Check>,
    /// One AUC matrix a class.
    pub matrices: Vec<Matrix<N>>,
    /// Dilation curves.
    pub curves: Vec<Curve>,
    /// The full-image model on controls and further fills.
    #[serde(default)]
    pub further: Vec<Further>,
    /// Examples of every masking.
    pub gallery: Vec<GalleryRow>,
    /// Explained examples.
    pub explanations: Vec<Explained>,
    /// Attribution maps of many images and whether they count, one entry a class; none where they were not judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maps: Vec<Maps>,
    /// The models on external data; none in a shared result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transfers: Vec<Transfer>,
    /// Every finding, as data.
    pub findings: Vec<Finding<N>>,
    /// What probes have to say and to show beside the AUC matrix; none in a shared result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<ProbeSection>,
    /// What the reader must know: assumptions, dropped rows, damaged cells recomputed.
    pub notes: Vec<String>,
    /// Hashes, seeds and versions.
    pub provenance: Provenance,
}

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its interval.
    pub interval: Option<Interval>,
}
