//! The plan of a sweep: its cells, by `data` and `models`, and what each is for, `role`.

mod data;
mod models;
mod probes;
mod role;
mod transfer;

use std::path::PathBuf;
use std::sync::Arc;

use eyepatch_core::{Ctx, Estimate, Explainer, Handle, PluginSpec, Probe};
use serde_json::{Value, json};

use super::declare::Design;
use super::maps::Judge;
use super::shared::Shared;
use super::transfer::External;
use super::{MaskingSweep, assemble};
use crate::Result;
use crate::audit::AuditInfo;
use crate::cell::{Cell, CellCtx, CellSpec};
use crate::run::{Assembled, Options, Planned, Precision, TrunkPasses};

pub(super) use role::Role;

/// The cells of a sweep and what each of them is for.
pub(super) struct SweepPlan {
    pub(super) shared: Arc<Shared>,
    pub(super) design: Design,
    pub(super) probes: Vec<Handle<dyn Probe>>,
    pub(super) explainer: Option<Handle<dyn Explainer>>,
    /// What judges maps, where the sweep says so.
    pub(super) judge: Option<Arc<Judge>>,
    pub(super) quick: bool,
    pub(super) roles: Vec<Role>,
    pub(super) device: eyepatch_core::Device,
    cells: Vec<Cell>,
    passes: Option<TrunkPasses>,
    /// Whether half precision was asked for.
    half: bool,
    estimate: Option<Estimate>,
    /// Before the name of every cell: of which case of a benchmark it is.
    prefix: String,
    /// Data sets that it asks about beside its own.
    others: Vec<Arc<Shared>>,
    /// External data.
    pub(super) externals: Vec<External>,
}

/// Position of the `prepare` cell in every plan.
const PREPARE: usize = 0;
/// Position of the `survey` cell in every plan.
const SURVEY: usize = 1;

impl SweepPlan {
    pub(super) fn new(sweep: &MaskingSweep, audit: &AuditInfo, options: &Options) -> Result<Self> {
        Self::named(sweep, audit, options, "")
    }

    /// The same with something before the name of every cell, which tells it from those of other sweeps in one plan.
    pub(super) fn named(
        sweep: &MaskingSweep,
        audit: &AuditInfo,
        options: &Options,
        prefix: &str,
    ) -> Result<Self> {
        let shared = Arc::new(Shared::new(sweep, audit, options)?);
        let mut plan = Self {
            shared,
            design: sweep.design.clone(),
            probes: sweep.probes.clone(),
            explainer: sweep.explainer.clone(),
            judge: judge(sweep, options.quick),
            quick: options.quick,
            roles: Vec::new(),
            device: options.device,
            cells: Vec::new(),
            passes: None,
            half: options.cache_precision == Precision::F16,
            estimate: None,
            prefix: prefix.to_owned(),
            others: Vec::new(),
            externals: Vec::new(),
        };
        plan.prepare();
        plan.survey();
        if sweep.design.check {
            plan.check();
        }
        plan.split();
        if sweep.design.verdict.is_some() {
            plan.measure();
        }
        if plan.shared.model.scores().is_some() {
            plan.scores()?;
        } else {
            plan.train_and_predict(&sweep.transfers, options)?;
        }
        plan.examine();
        Ok(plan)
    }

    fn push(
        &mut self,
        role: Role,
        name: String,
        body: Value,
        inputs: Vec<usize>,
        work: impl Fn(&Shared, &CellCtx) -> Result<()> + Send + Sync + 'static,
    ) -> &mut Cell {
        let name = format!("{}{name}", self.prefix);
        let spec = CellSpec { kind: role.kind().into(), name, body };
        let shared = self.shared.clone();
        self.cells.push(Cell::new(spec, inputs, &self.cells, move |cell| work(&shared, cell)));
        self.roles.push(role);
        let last = self.cells.len() - 1;
        &mut self.cells[last]
    }

    /// All that holds images in memory.
    pub(super) fn sets(&self) -> Vec<Arc<Shared>> {
        std::iter::once(&self.shared).chain(&self.others).cloned().collect()
    }

    /// Takes the cells out, for a plan that holds those of several sweeps.
    pub(super) fn take_cells(&mut self) -> Vec<Cell> {
        std::mem::take(&mut self.cells)
    }
}

/// What judges the sweep's maps.
fn judge(sweep: &MaskingSweep, quick: bool) -> Option<Arc<Judge>> {
    let (rule, explainer) = (sweep.design.maps.clone()?, sweep.explainer.clone()?);
    let rule = if quick { rule.quick() } else { rule };
    Some(Arc::new(Judge { explainer, others: sweep.other_explainers.clone(), rule }))
}

/// `NoROI` or, dilated further, `NoROI+25`.
pub(super) fn dilated_name(name: &str, dilation: i32) -> String {
    if dilation == 0 { name.to_owned() } else { format!("{name}{dilation:+}") }
}

/// What of a plugin enters a cell's key.
fn identity(spec: &PluginSpec) -> Value {
    json!({ "id": spec.id, "params": spec.params, "revision": spec.revision, "version": spec.version })
}

impl Planned for SweepPlan {
    fn cells(&self) -> &[Cell] {
        &self.cells
    }

    fn overview(&self) -> Vec<(String, String)> {
        let s = &self.shared;
        let names = |further: bool| {
            let of = s.maskings.iter().filter(|m| m.further == further).map(|m| m.card.name.clone());
            of.collect::<Vec<_>>().join(", ")
        };
        let patients: std::collections::BTreeSet<&str> =
            s.table.rows.iter().map(|r| r.patient.as_str()).collect();
        let mut lines = vec![
            (
                "data".to_owned(),
                format!(
                    "{}: {} images of {} patients",
                    s.dataset.card().name,
                    s.table.rows.len(),
                    patients.len()
                ),
            ),
            ("model".to_owned(), format!("{} at {}x{} px", s.model.card().name, s.size.0, s.size.1)),
            ("maskings".to_owned(), names(false)),
            ("folds".to_owned(), s.splits.folds.len().to_string()),
            ("splits".to_owned(), s.splits.scheme().to_owned()),
            ("rule".to_owned(), self.design.flag.sentence(assemble::LEVEL)),
        ];
        if s.maskings.iter().any(|m| m.further) {
            lines.insert(3, ("evaluated only".to_owned(), names(true)));
        }
        if let Some(TrunkPasses { shared, unshared }) = self.passes {
            let text = format!("{shared} images through it; {unshared} if every model kept its own features");
            lines.push(("shared trunk".to_owned(), text));
        }
        if let Some(text) = s.shares.message() {
            lines.push(("note".to_owned(), text));
        }
        for (c, class) in s.table.classes.iter().enumerate() {
            let gap = match assemble::detectable_gap(s, c, self.design.flag.threshold - 0.5) {
                Ok(gap) => format!(
                    "AUC {:.3} or more is told from the threshold {:.2} with 80 % power",
                    0.5 + gap,
                    self.design.flag.threshold
                ),
                Err(e) => format!("not to be had: {e}"),
            };
            lines.push((format!("minimal detectable gap, {class}"), gap));
        }
        lines
    }

    fn detectable_gaps(&self) -> Vec<(String, Option<f64>)> {
        let s = &self.shared;
        let gap = |c| assemble::detectable_gap(s, c, self.design.flag.threshold - 0.5).ok();
        s.table.classes.iter().enumerate().map(|(c, class)| (class.clone(), gap(c))).collect()
    }

    fn trunk_passes(&self) -> Option<TrunkPasses> {
        self.passes
    }

    fn notices(&self) -> Vec<String> {
        let idle = self.half && self.shared.shares.trunk().is_none();
        let idle =
            idle.then(|| "No trunk is shared, so the precision of its features changes nothing.".to_owned());
        self.shared.shares.message().into_iter().chain(idle).collect()
    }

    fn assemble(&self, folders: &[PathBuf], ctx: &Ctx) -> Result<Assembled> {
        assemble::assemble(self, folders, ctx)
    }
}
