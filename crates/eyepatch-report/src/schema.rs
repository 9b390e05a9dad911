//! The versioned result of a run. `result.json` holds one [`RunResult`]; every renderer reads it and nothing
//! else, so a report can be made again from it at any time.
//!
//! It holds no timings and no machine's name: the same audit gives the same bytes at any number of threads.

use std::collections::BTreeMap;

use eyepatch_core::{
    ContentHash, DataCard, Device, Epoch, Finding, Interval, LegitimateRegion, MaskingCard, ModelCard,
    PluginSpec,
};
use serde::{Deserialize, Serialize};

mod benchmark;
mod check;
mod maps;
mod probe;
mod transfer;
mod verdict;

pub use benchmark::{Benchmark, BenchmarkCase, Bucket, Rate, Reading};
pub use check::{Check, CheckFinding, ColumnCheck, Severity};
pub use maps::{Beyond, CheckState, MapCheck, MapCluster, MapExample, MapGroup, MapPlace, Maps, Null};
pub use probe::{ProbeSection, Thumbnails};
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

/// Variants of one audit, held against each other. Every list has one entry a variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Comparison {
    /// The declared audit's id.
    pub of: String,
    /// The question it asks.
    pub question: String,
    /// The variants' names: `published`, `strict`.
    pub variants: Vec<String>,
    /// What the variants' answers are; screenings where it is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<AnswerKind>,
    /// Every choice in which they differ.
    pub choices: Vec<Choice>,
    /// Their answers, one a class.
    pub answers: Vec<AnswerOf>,
    /// Their AUC matrices, a cell an entry.
    pub aucs: Vec<ComparedAuc>,
}

/// A choice in which variants differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Choice {
    /// Whose parameter it is: `model.order`, `dataset.labels`, `maskers.3.shape`.
    pub what: String,
    /// What each variant chose; `None` where it has no such parameter.
    pub values: Vec<Option<String>>,
}

/// The variants' answers for one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AnswerOf {
    /// The class.
    pub class: String,
    /// `None` where a variant has no such class.
    pub statuses: Vec<Option<Status>>,
    /// AUC of the full-image model on full images.
    pub full: Vec<Option<Estimate>>,
    /// AUC of the full-image model with the region hidden.
    pub hidden: Vec<Option<Estimate>>,
}

/// One cell of the variants' AUC matrices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ComparedAuc {
    /// The class.
    pub class: String,
    /// The training masking; names that differ are joined by ` / `.
    pub trained: String,
    /// The evaluation masking, likewise.
    pub evaluated: String,
    /// The AUCs, where they are estimable.
    pub aucs: Vec<Option<Estimate>>,
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

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AnswerKind {
    /// Intervals held against a threshold. A flag calls for controls before it is called a shortcut.
    #[default]
    Screening,
    /// Primary contrasts with error control: flagged means that a shortcut is taken, clear that none is in evidence.
    Verdict,
}

impl AnswerKind {
    /// A status in a word, as [`Answer::word`] has it.
    #[must_use]
    pub fn word(self, status: Status) -> &'static str {
        crate::format::status(self, status)
    }
}

/// What a rule says about a class or an audit; [`AnswerKind`] says what sort of rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The interval lies wholly above the threshold.
    Flagged,
    /// The interval lies wholly below the threshold.
    Clear,
    /// The interval holds the threshold, or the data are too few.
    Inconclusive,
}

/// The answer to an audit's question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Answer {
    /// Whether it is a screening or the short form of a verdict.
    #[serde(default)]
    pub kind: AnswerKind,
    /// The worst status over the classes: flagged, then inconclusive, then clear.
    pub status: Status,
    /// The answer in one sentence, with its numbers.
    pub sentence: String,
    /// The rule, as it was declared before results were seen.
    pub rule: String,
    /// The cell of the matrix that the rule looks at, for marking it in tables and curves; `None` where the rule
    /// has another form.
    #[serde(default)]
    pub test: Option<RuleTest>,
    /// One a class.
    pub classes: Vec<ClassAnswer>,
    /// What the answer does not say.
    pub caveats: Vec<String>,
}

impl Answer {
    /// The status in a word: `Flagged`, `Clear` or `Inconclusive` of a screening; `Shortcut`, `No evidence` or `Inconclusive`
    /// of a verdict.
    #[must_use]
    pub fn word(&self) -> &'static str {
        crate::format::status(self.kind, self.status)
    }
}

/// What a rule holds against what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RuleTest {
    /// Name of the training masking, as in [`Matrix::rows`].
    pub trained: String,
    /// Names of the evaluation maskings, as in [`Matrix::columns`].
    pub evaluated: Vec<String>,
    /// The AUC that the interval is held against.
    pub threshold: f64,
}

/// The answer for one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClassAnswer {
    /// The class.
    pub class: String,
    /// Its status.
    pub status: Status,
    /// In a sentence, with its numbers.
    pub sentence: String,
    /// AUC of the full-image model on full images.
    pub full: Option<Estimate>,
    /// AUC of the full-image model with the region hidden.
    pub hidden: Option<Estimate>,
    /// Smallest gap above the threshold that a test of this size would find with 80 % power.
    pub minimal_detectable_gap: Option<f64>,
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

/// The data in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "DataSummary"))]
pub struct DataSummary<N = usize> {
    /// The plugin.
    pub plugin: PluginSpec,
    /// What the data set says of itself.
    pub card: DataCard,
    /// Images used.
    pub n_images: N,
    /// Patients behind them.
    pub n_patients: N,
    /// Counts by class.
    pub classes: Vec<ClassCount<N>>,
    /// Metadata columns.
    pub columns: Vec<ColumnSummary<N>>,
    /// Legitimate region by class.
    pub legitimate: BTreeMap<String, LegitimateRegion>,
    /// Hash over the content of all samples; left out where a result is shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentHash>,
}

/// Counts of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ClassCount"))]
pub struct ClassCount<N = usize> {
    /// The class.
    pub class: String,
    /// Positive images.
    pub positive: N,
    /// Negative images.
    pub negative: N,
    /// Images without this label.
    pub missing: N,
    /// Patients with a positive image.
    pub patients_positive: N,
}

/// One metadata column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ColumnSummary"))]
pub struct ColumnSummary<N = usize> {
    /// The column.
    pub name: String,
    /// Rows without a value.
    pub missing: N,
    /// Range for numbers, counts of the commonest values for text; in words.
    pub summary: String,
}

/// The model and its training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ModelSummary {
    /// The plugin.
    pub plugin: PluginSpec,
    /// What the model says of itself.
    pub card: ModelCard,
    /// Working height and width in pixels.
    pub size: (usize, usize),
    /// One a training masking and fold.
    pub training: Vec<Training>,
}

/// The training of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Training {
    /// The training masking.
    pub trained: String,
    /// 0-based fold.
    pub fold: usize,
    /// Losses by epoch.
    pub history: Vec<Epoch>,
}

/// One masking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MaskingSummary {
    /// The plugin.
    pub plugin: PluginSpec,
    /// What it does.
    pub card: MaskingCard,
    /// Whether only the full-image model is evaluated on it: a control or a further fill, not part of the matrix.
    #[serde(default)]
    pub further: bool,
    /// Mean share of pixels that stay visible, 0 to 1.
    pub visible: f64,
}

/// The splits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "SplitSummary"))]
pub struct SplitSummary<N = usize> {
    /// How they were made.
    pub scheme: String,
    /// One a fold and part.
    pub parts: Vec<PartCount<N>>,
    /// What the leak check found.
    pub leak_check: String,
}

/// One part of one fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "PartCount"))]
pub struct PartCount<N = usize> {
    /// 0-based fold.
    pub fold: usize,
    /// `train`, `validation` or `test`.
    pub part: String,
    /// Images.
    pub images: N,
    /// Patients.
    pub patients: N,
    /// Positive images by class, in the order of the classes.
    pub positives: Vec<N>,
}

/// The AUC of every training masking on every evaluation masking, for one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Matrix"))]
pub struct Matrix<N = usize> {
    /// The class.
    pub class: String,
    /// Training maskings.
    pub rows: Vec<String>,
    /// Evaluation maskings.
    pub columns: Vec<String>,
    /// `rows` x `columns`; `None` where it is not estimable.
    pub cells: Vec<Vec<Option<Estimate>>>,
    /// Images behind each cell.
    pub n_images: N,
    /// Patients behind each cell.
    pub n_patients: N,
}

/// The full-image model on controls and further fills, and on what they are to be compared with, for one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Further {
    /// The class.
    pub class: String,
    /// The training masking.
    pub trained: String,
    /// In the order of the maskings.
    pub rows: Vec<FurtherRow>,
}

/// One masking's AUC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FurtherRow {
    /// The evaluation masking.
    pub masking: String,
    /// The AUC, where it is estimable.
    pub auc: Option<Estimate>,
}

/// AUC against dilation, for one class, training masking and evaluation masking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Curve {
    /// The class.
    pub class: String,
    /// The training masking.
    pub trained: String,
    /// The evaluation masking, before dilation.
    pub evaluated: String,
    /// Sorted by dilation.
    pub points: Vec<CurvePoint>,
}

/// One point of a dilation curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CurvePoint {
    /// Dilation in pixels of the working size; negative erodes.
    pub dilation: i32,
    /// Mean share of pixels that stay visible, 0 to 1.
    pub visible: f64,
    /// The AUC; `None` where it is not estimable.
    pub auc: Option<Estimate>,
}

/// A picture beside the result, PNG.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Picture {
    /// Path relative to the result, always `pictures/NAME.png`.
    pub file: String,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// What its colours add up to, in words, for its caption: of an attribution, how much raises the output and how
    /// much lowers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Hash of the file.
    pub hash: ContentHash,
}

/// One sample under every masking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GalleryRow {
    /// The sample's id.
    pub sample: String,
    /// Names of its positive classes.
    pub positive: Vec<String>,
    /// The image with the ROI's outline.
    pub roi: Picture,
    /// Name of the masking and the masked image.
    pub masked: Vec<(String, Picture)>,
}

/// One explained example.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Explained {
    /// The sample's id.
    pub sample: String,
    /// The class explained.
    pub class: String,
    /// The training masking of the model.
    pub trained: String,
    /// The explainer.
    pub plugin: PluginSpec,
    /// The method, in a sentence or two.
    pub description: String,
    /// Output on the baseline and on the image.
    pub base_value: f64,
    /// Output on the image.
    pub output_value: f64,
    /// See [`eyepatch_core::Attribution::additivity_error`].
    pub additivity_error: Option<f64>,
    /// Model evaluations used.
    pub evaluations: usize,
    /// Share of absolute attribution inside the ROI, and the share that its area alone would give; 0 to 1.
    pub inside: (f64, f64),
    /// The image with the attribution over it.
    pub picture: Picture,
}

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
