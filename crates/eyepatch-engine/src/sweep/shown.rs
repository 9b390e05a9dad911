//! Masked images of a finished run, for people to look at.

use std::collections::BTreeMap;

use eyepatch_core::{Ctx, Image, Prepared, Seed};
use eyepatch_report::escape::csv_cell;
use eyepatch_report::schema::CellRecord;

use super::MaskingSweep;
use super::plan::{Role, SweepPlan};
use crate::audit::AuditInfo;
use crate::cell::audit_name;
use crate::data::RowSet;
use crate::run::{Observer, Options, Planned};
use crate::schedule::execute;
use crate::store::Store;
use crate::{Error, Result};

/// Which masked images of a finished run are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The fold whose models answered about them.
    pub fold: usize,
    /// Masking and sample of each, as `scores.csv` names them.
    pub images: &'a [(String, String)],
    /// The cells of the run, as its result lists them.
    pub cells: &'a [CellRecord],
}

/// Where a run keeps the scores of an audit, below its folder.
#[must_use]
pub fn scores_file(audit: &str) -> String {
    format!("tables/{}/scores.csv", audit_name(audit))
}

pub(super) fn shown(
    sweep: &MaskingSweep,
    audit: &AuditInfo,
    options: &Options,
    store: &Store,
    wanted: &Shown<'_>,
    observer: &dyn Observer,
) -> Result<Vec<Image>> {
    let plan = SweepPlan::new(sweep, audit, options)?;
    belongs(&plan, audit, wanted.cells)?;
    let s = &plan.shared;
    let wrong = |problem: String| Error::Declaration {
        audit: audit.id.clone(),
        problem,
        remedy: "run the audit again, and name the folder of that run".into(),
    };
    if wanted.fold >= s.splits.folds.len() {
        return Err(wrong(format!("there is no fold {} (folds count from 0)", wanted.fold)));
    }
    let prepare = &plan.cells()[..1];
    observer.audit(audit, prepare);
    let folder = execute(prepare, audit, store, options, observer)?.remove(0).folder;
    let ctx = Ctx::new(Seed::root(audit.seed).child(audit.stream()), options.threads)?
        .with_cancel(options.cancel.clone());
    // As they may stand in a table that spreadsheets open safely.
    let tested = s.splits.folds[wanted.fold].test.iter();
    let rows: BTreeMap<String, usize> = tested.map(|&r| (csv_cell(&s.table.rows[r].id), r)).collect();
    let mut maskings: BTreeMap<&str, (RowSet, Box<dyn Prepared>)> = BTreeMap::new();
    let mut images = Vec::with_capacity(wanted.images.len());
    for (masking, sample) in wanted.images {
        ctx.check()?;
        let row = *rows
            .get(sample)
            .ok_or_else(|| wrong(format!("fold {} does not test sample `{sample}`", wanted.fold)))?;
        if !maskings.contains_key(masking.as_str()) {
            let named = |e: &&super::shared::Evaluation| {
                e.dilation == 0 && csv_cell(&s.maskings[e.masking].card.name) == *masking
            };
            let evaluation = s.evaluations.iter().find(named);
            let evaluation =
                evaluation.ok_or_else(|| wrong(format!("the audit has no masking `{masking}`")))?;
            let training = s.training(&folder, wanted.fold, s.keep(evaluation))?;
            let prepared = training.prepare(&evaluation.handle, &ctx)?;
            maskings.insert(masking, (training, prepared));
        }
        let (training, prepared) = &maskings[masking.as_str()];
        images.push(training.masked(row, prepared.as_ref(), &ctx)?);
    }
    Ok(images)
}

/// Asks for the run's own data, folds and maskings: those that this plan would make.
fn belongs(plan: &SweepPlan, audit: &AuditInfo, cells: &[CellRecord]) -> Result<()> {
    let ours = plan.roles.iter().zip(plan.cells());
    for (role, cell) in ours.filter(|(r, _)| matches!(r, Role::Prepare | Role::Survey | Role::Split)) {
        let what = match role {
            Role::Prepare => "data",
            Role::Survey => "maskings",
            _ => "folds",
        };
        let same = |r: &&CellRecord| r.kind == cell.spec.kind && r.name == cell.spec.name;
        if cells.iter().find(same).is_none_or(|r| r.key != cell.key) {
            return Err(Error::Declaration {
                audit: audit.id.clone(),
                problem: format!(
                    "its {what} are not those of the run: other options, other files or another version"
                ),
                remedy: "give the options that the run was given, or run the audit again".into(),
            });
        }
    }
    Ok(())
}
