//! Asks a probe that reads embeddings, in a cell of its own.

use std::path::{Path, PathBuf};

use eyepatch_core::{Evidence, Figure, Finding, Handle, Probe};
use serde::{Deserialize, Serialize};

use super::embed;
use crate::Result;
use crate::cell::{CellCtx, read_json};
use crate::sweep::gathered::Gathered;
use crate::sweep::plan::Role;
use crate::sweep::shared::Shared;

const EXAMINED_FILE: &str = "examined.json";

/// What a probe says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::sweep) struct Examined {
    pub(in crate::sweep) findings: Vec<Finding>,
    pub(in crate::sweep) figures: Vec<Figure>,
}

impl Examined {
    /// Asks a probe.
    pub(super) fn of(
        probe: &Handle<dyn Probe>,
        evidence: &Evidence<'_>,
        ctx: &eyepatch_core::Ctx,
    ) -> Result<Self> {
        let findings = probe.examine(evidence, ctx)?;
        let figures = probe.figures(evidence, &findings, ctx)?;
        figures.iter().try_for_each(|f| f.check(evidence.table.rows.len()))?;
        Ok(Self { findings, figures })
    }
}

/// Asks a probe; the cell's inputs are what `roles` say.
pub(in crate::sweep) fn examine(
    shared: &Shared,
    probe: &Handle<dyn Probe>,
    roles: &[Role],
    cell: &CellCtx,
) -> Result<()> {
    let gathered = Gathered::of(shared, roles.iter().zip(cell.inputs.iter()))?;
    let embedded = roles.iter().zip(&cell.inputs).find(|(role, _)| **role == Role::Embed);
    let embeddings = embedded.map(|(_, folder): (_, &PathBuf)| embed::read(folder)).transpose()?;
    let cards: Vec<_> = shared.maskings.iter().map(|m| m.card.clone()).collect();
    let evidence = Evidence {
        table: &shared.table,
        maskings: &cards,
        scores: &gathered.scores,
        splits: &shared.splits.folds,
        embeddings: embeddings.as_deref().unwrap_or_default(),
        attributions: &[],
    };
    cell.write_json(EXAMINED_FILE, &Examined::of(probe, &evidence, cell.ctx)?)
}

/// What [`examine`] left in a folder.
pub(in crate::sweep) fn examined(folder: &Path) -> Result<Examined> {
    read_json(&folder.join(EXAMINED_FILE))
}
