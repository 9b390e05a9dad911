use serde::{Deserialize, Serialize};

use crate::{Attribution, Ctx, Embeddings, Figure, Finding, MaskingCard, Result, ScoreSet, Table};

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
