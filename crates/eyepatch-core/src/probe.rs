use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Attribution, Ctx, Embeddings, Figure, MaskingCard, Result, ScoreSet, Table};

/// What a probe measures, for reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeCard {
    /// Its name.
    pub name: String,
    /// What it estimates and how, with source.
    pub description: String,
}

/// All that an audit has gathered.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The data set's table.
    pub table: &'a Table,
    /// The maskings of the audit.
    pub maskings: &'a [MaskingCard],
    /// Scores of every model on every masking and fold.
    pub scores: &'a [ScoreSet],
    /// Training, watching and tested rows of each fold.
    pub splits: &'a [FoldRows],
    /// What the full-image model of the first fold makes of its tested images under every masking of the matrix, and of images of
    /// noise, at the layers that the probe reads ([`Probe::reads`]); none where the model gives none.
    pub embeddings: &'a [Embeddings],
    /// Attributions by row of the table, where the audit asked for them.
    pub attributions: &'a [(usize, Attribution)],
}

/// Rows of the table by part of a fold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FoldRows {
    /// Rows that models learn from.
    pub train: Vec<usize>,
    /// Rows that watch the training.
    pub validation: Vec<usize>,
    /// Rows that are tested.
    pub test: Vec<usize>,
}

/// Layers whose embeddings a probe reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layers {
    /// None: scores are enough.
    #[default]
    None,
    /// The last one, [`Embeddings::LAST`].
    Last,
    /// The last one, and every layer whose activations the model gives.
    All,
}

/// An interval estimate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Interval {
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// Confidence level, for instance 0.95.
    pub level: f64,
}

/// Which way an estimate lies from its reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The whole interval lies above.
    Above,
    /// The whole interval lies below.
    Below,
    /// The interval holds the reference.
    #[default]
    Undecided,
}

/// One piece of evidence, as data. End a literal with `..Finding::default()`, so that a field that is added later
/// breaks nothing. `N` is what counts are: numbers, but where a result is shared and small ones are held back.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Finding"))]
pub struct Finding<N = usize> {
    /// What is compared, for instance `auc`.
    pub contrast: String,
    /// Where: class, trained, evaluated, dilation, ... Findings of one contrast differ in these.
    pub at: BTreeMap<String, String>,
    /// The quantity estimated, in words.
    pub estimand: String,
    /// The value that the estimate is held against (0.5 for an AUC against chance).
    pub reference: f64,
    /// How far from the reference counts, declared before results are seen.
    pub margin: Option<f64>,
    /// The estimate; `None` where it is not estimable.
    pub estimate: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
    /// One-sided p against "estimate <= reference + margin".
    pub p: Option<f64>,
    /// Images it rests on.
    pub n_images: N,
    /// Patients it rests on.
    pub n_patients: N,
    /// Patients with at least one positive image.
    pub n_patients_positive: N,
    /// Patients with at least one negative image; a patient may be on both sides.
    pub n_patients_negative: N,
    /// Which way it points.
    pub direction: Direction,
    /// Name of the figure that shows it.
    pub figure: Option<String>,
    /// Name of the table that shows it.
    pub table: Option<String>,
    /// Anything the reader must know, why it is not estimable, for instance.
    pub note: Option<String>,
}

/// Turns evidence into findings.
pub trait Probe: Send + Sync {
    /// What it measures.
    fn card(&self) -> ProbeCard;

    /// The embeddings it reads. One that reads any is worked out in a cell of its own, so that it may take its time.
    fn reads(&self) -> Layers {
        Layers::None
    }

    /// The findings, in an order that depends on the evidence alone.
    ///
    /// # Errors
    /// The probe's own; something not estimable is a finding that says so, not an error.
    fn examine(&self, evidence: &Evidence<'_>, ctx: &Ctx) -> Result<Vec<Finding>>;

    /// Figures for the report, in the order in which they are shown; `found` is what [`Probe::examine`] found in this evidence. With
    /// the default a report has tables only.
    ///
    /// # Errors
    /// The probe's own; what cannot be drawn is left out.
    fn figures(&self, evidence: &Evidence<'_>, found: &[Finding], ctx: &Ctx) -> Result<Vec<Figure>> {
        let _ = (evidence, found, ctx);
        Ok(Vec::new())
    }
}
