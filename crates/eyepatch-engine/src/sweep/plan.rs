use std::path::PathBuf;
use std::sync::Arc;

use eyepatch_core::{Ctx, Estimate, Explainer, Handle, PluginSpec, Probe, Profile, Seed, Workload};
use serde_json::{Value, json};

use super::declare::Design;
use super::features::{self, FeatureSet};
use super::shared::Shared;
use super::{MaskingSweep, assemble, check, measure, work};
use crate::Result;
use crate::audit::AuditInfo;
use crate::cell::{Cell, CellCtx, CellSpec};
use crate::data::PREPARE_REVISION;
use crate::run::{Assembled, Options, Planned, Precision, TrunkPasses};

/// The cells of a sweep and what each of them is for.
pub(super) struct SweepPlan {
    pub(super) shared: Arc<Shared>,
    pub(super) design: Design,
    pub(super) probes: Vec<Handle<dyn Probe>>,
    pub(super) explainer: Option<Handle<dyn Explainer>>,
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
}

/// What a cell is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Prepare,
    Survey,
    Check,
    Split,
    Measure,
    Features,
    Fit {
        trained: usize,
        fold: usize,
    },
    Predict {
        trained: usize,
        evaluation: usize,
        fold: usize,
    },
    Explain,
    Scores,
    /// Prepares a data set that differs in pixels only.
    Elsewhere,
    /// Asks the full-image model about it.
    Broken {
        fold: usize,
    },
}

/// A cell that trains a model.
#[derive(Debug, Clone, Copy)]
struct FitCell {
    trained: usize,
    fold: usize,
    /// Position in the plan.
    cell: usize,
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
            quick: options.quick,
            roles: Vec::new(),
            device: options.device,
            cells: Vec::new(),
            passes: None,
            half: options.cache_precision == Precision::F16,
            estimate: None,
            prefix: prefix.to_owned(),
            others: Vec::new(),
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
            plan.train_and_predict(options)?;
        }
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

    fn prepare(&mut self) {
        let s = self.shared.clone();
        let mut body = json!({
            "dataset": identity(s.dataset.spec()), "content": s.content, "size": s.size, "revision": PREPARE_REVISION,
        });
        if s.preparation == Profile::Published {
            body["preparation"] = json!(s.preparation);
        }
        let name = s.dataset.card().name;
        let cell = self.push(Role::Prepare, name, body, vec![], work::prepare);
        cell.parallel = true;
        cell.bytes = (s.table.rows.len() * s.size.0 * s.size.1 * 3) as u64;
    }

    /// Masks everything once before anything is trained, so that an empty ROI is found in the first minute.
    fn survey(&mut self) {
        let s = self.shared.clone();
        let maskings: Vec<Value> = s.evaluations.iter().map(|e| identity(e.handle.spec())).collect();
        let body = json!({ "maskings": maskings, "split": s.splits.hash(0), "seed": s.audit.seed });
        self.push(Role::Survey, "maskings".into(), body, vec![PREPARE], work::survey).parallel = true;
    }

    /// Looks for what gives the answer away before anything is trained.
    fn check(&mut self) {
        let s = self.shared.clone();
        let splits: Vec<_> = (0..s.splits.folds.len()).map(|k| s.splits.hash(k)).collect();
        let body = json!({
            "dataset": identity(s.dataset.spec()), "content": s.content, "table": check::table_hash(&s),
            "splits": splits, "revision": eyepatch_check::REVISION,
        });
        let cell = self.push(Role::Check, s.dataset.card().name, body, vec![], check::check);
        // A data set that cannot be used is told by `prepare`, with all that is wrong.
        cell.after = vec![PREPARE];
        cell.parallel = true;
    }

    /// Measures in the images what a verdict compares models with, and looks for causes in.
    fn measure(&mut self) {
        let body = json!({ "revision": measure::REVISION });
        self.push(Role::Measure, "shapes and looks".into(), body, vec![PREPARE], measure::measure).parallel =
            true;
    }

    /// Keeps the folds that every model of the audit is trained and tested on.
    fn split(&mut self) {
        let s = self.shared.clone();
        let folds: Vec<_> = (0..s.splits.folds.len()).map(|k| s.splits.hash(k)).collect();
        let body = json!({ "folds": folds, "rows": s.splits.names_hash(&s.table) });
        self.push(Role::Split, "folds".into(), body, vec![], work::split);
    }

    fn train_and_predict(&mut self, options: &Options) -> Result<()> {
        let s = self.shared.clone();
        let ctx = Ctx::new(Seed::root(s.audit.seed), 1)?.with_device(options.device);
        let folds = s.splits.folds.len();
        let mean = |len: usize| len / folds;
        let workload = Workload {
            train_images: mean(s.splits.folds.iter().map(|f| f.train.len()).sum()),
            predict_images: mean(s.splits.folds.iter().map(|f| f.test.len()).sum()),
            classes: s.table.classes.len(),
        };
        self.estimate = s.model.estimate(&workload, &ctx);
        let model_content = s.model.content(&ctx)?;
        let mut common = json!({
            "model": identity(s.model.spec()), "model_content": model_content, "audit": s.audit.stream(),
            "seed": s.audit.seed, "device": options.device, "precision": "f32",
        });
        if let Some(trunk) = s.shares.trunk() {
            common["trunk"] = json!({ "key": trunk.key, "precision": trunk.precision });
        }
        let kept = self.features(&common);
        let mut fits = Vec::new();
        for trained in s.trainings() {
            for fold in 0..folds {
                fits.push(self.fit(&common, trained, fold, &kept));
            }
        }
        for &fit in &fits {
            for (evaluation, e) in s.evaluations.iter().enumerate() {
                if !s.for_full_only(e) || fit.trained == s.full {
                    self.predict(&common, fit, evaluation, &kept);
                }
            }
        }
        let full = fits.iter().find(|fit| fit.trained == s.full && fit.fold == 0);
        if let (Some(explainer), Some(&FitCell { cell: fit, .. })) = (self.explainer.clone(), full) {
            let examples = s.examples(self.design.examples);
            let body = json!({ "common": common, "explainer": identity(explainer.spec()), "rows": examples });
            let name = format!("{} fold 0", explainer.card().name);
            self.push(Role::Explain, name, body, vec![PREPARE, fit], move |s, cell| {
                work::explain(s, &explainer, &examples, cell)
            });
        }
        Ok(())
    }

    /// What is kept of a shared trunk, with the cells that keep it.
    fn features(&mut self, common: &Value) -> Vec<(usize, Arc<FeatureSet>)> {
        let s = self.shared.clone();
        let sets = FeatureSet::all(&s);
        self.passes = features::passes(&s, &sets);
        let Some(trunk) = s.shares.trunk() else { return Vec::new() };
        let model = s.model.spec();
        let mut kept = Vec::new();
        for set in sets.into_iter().map(Arc::new) {
            let masking = &s.maskings[set.masking];
            // The head's parameters are not part of it: another head finds the features there.
            let body = json!({
                "trunk": common["trunk"], "model": [&model.id, &model.version, model.revision], "view": set.view,
                "masking": identity(masking.handle.spec()), "split": set.fold.map(|f| s.splits.hash(f)),
                "rows": set.rows_hash(), "audit": s.audit.stream(), "seed": s.audit.seed, "device": common["device"],
            });
            let (of, name) = (set.clone(), set.name(&s, trunk.views));
            let cell = self.push(Role::Features, name, body, vec![PREPARE], move |s, cell| {
                features::compute(s, &of, cell)
            });
            cell.after = vec![SURVEY];
            (cell.parallel, cell.cache) = (true, true);
            cell.seconds = trunk.trunk.seconds(set.layout.rows.len()).unwrap_or_default();
            cell.bytes = set.bytes();
            kept.push((self.cells.len() - 1, set));
        }
        kept
    }

    fn fit(
        &mut self,
        common: &Value,
        trained: usize,
        fold: usize,
        kept: &[(usize, Arc<FeatureSet>)],
    ) -> FitCell {
        let s = self.shared.clone();
        let masking = &s.maskings[trained];
        let body = json!({
            "common": common, "masking": identity(masking.handle.spec()), "split": s.splits.hash(fold),
        });
        let name = format!("{} fold {fold}", s.trained_name(trained));
        let estimate = self.estimate.unwrap_or_default();
        let (caches, sets): (Vec<_>, Vec<_>) =
            kept.iter().filter(|(_, f)| f.serves(trained, fold)).cloned().unzip();
        let inputs = [vec![PREPARE], caches].concat();
        let cell = self.push(Role::Fit { trained, fold }, name, body, inputs, move |s, cell| {
            work::fit(s, (trained, fold), &sets, cell)
        });
        cell.after = vec![SURVEY];
        cell.seconds = estimate.fit_seconds;
        cell.bytes = estimate.disk_bytes;
        FitCell { trained, fold, cell: self.cells.len() - 1 }
    }

    /// Asks a model about the test part of its own fold; of which fold, only the model says.
    fn predict(
        &mut self,
        common: &Value,
        fit: FitCell,
        evaluation: usize,
        kept: &[(usize, Arc<FeatureSet>)],
    ) {
        let s = self.shared.clone();
        let FitCell { trained, fold, cell: fit } = fit;
        let e = &s.evaluations[evaluation];
        let body = json!({
            "common": common, "masking": identity(e.handle.spec()), "split": s.splits.hash(fold),
        });
        let name = format!(
            "{} on {} fold {fold}",
            s.trained_name(trained),
            dilated_name(&s.maskings[e.masking].card.name, e.dilation)
        );
        let seconds = self.estimate.unwrap_or_default().predict_seconds;
        let role = Role::Predict { trained, evaluation, fold };
        let serves = |f: &FeatureSet| f.view == 0 && e.dilation == 0 && f.serves(e.masking, fold);
        let (caches, sets): (Vec<_>, Vec<_>) = kept.iter().filter(|(_, f)| serves(f)).cloned().unzip();
        let inputs = [vec![PREPARE, fit], caches].concat();
        let cell = self
            .push(role, name, body, inputs, move |s, cell| work::predict(s, (evaluation, fold), &sets, cell));
        cell.seconds = seconds;
    }

    /// Also asks the full-image model of every fold about the same test rows of another data set: one with the same
    /// table but other pixels.
    pub(super) fn elsewhere(&mut self, other: Arc<Shared>) -> Result<()> {
        let s = self.shared.clone();
        let tables = other.table.rows.len() == s.table.rows.len()
            && other.splits.names_hash(&other.table) == s.splits.names_hash(&s.table);
        let folds = s.splits.folds.len();
        if !tables || (0..folds).any(|k| other.splits.hash(k) != s.splits.hash(k)) {
            return Err(crate::Error::Declaration {
                audit: s.audit.id.clone(),
                problem: "the two data sets do not hold the same rows in the same parts".into(),
                remedy: "give a data set that differs in pixels only".into(),
            });
        }
        self.others.push(other.clone());
        let of = other.clone();
        let body = json!({
            "dataset": identity(of.dataset.spec()), "content": of.content, "size": of.size, "revision": PREPARE_REVISION,
        });
        let prepare = move |_: &Shared, cell: &CellCtx| work::prepare(&of, cell);
        let cell = self.push(Role::Elsewhere, "broken".into(), body, vec![], prepare);
        cell.parallel = true;
        let prepared = self.cells.len() - 1;
        let fits: Vec<(usize, usize)> = self
            .roles
            .iter()
            .enumerate()
            .filter_map(|(i, role)| match role {
                Role::Fit { trained, fold } if *trained == s.full => Some((i, *fold)),
                _ => None,
            })
            .collect();
        let evaluation = other.evaluations.iter().position(|e| e.masking == other.full && e.dilation == 0);
        for (fit, fold) in fits {
            let Some(evaluation) = evaluation else { continue };
            let body = json!({ "elsewhere": identity(other.dataset.spec()), "split": s.splits.hash(fold) });
            let of = other.clone();
            let work = move |_: &Shared, cell: &CellCtx| work::predict(&of, (evaluation, fold), &[], cell);
            let name = format!("Full on broken fold {fold}");
            self.push(Role::Broken { fold }, name, body, vec![prepared, fit], work);
        }
        Ok(())
    }

    /// All that holds images in memory.
    pub(super) fn sets(&self) -> Vec<Arc<Shared>> {
        std::iter::once(&self.shared).chain(&self.others).cloned().collect()
    }

    /// Takes the cells out, for a plan that holds those of several sweeps.
    pub(super) fn take_cells(&mut self) -> Vec<Cell> {
        std::mem::take(&mut self.cells)
    }

    fn scores(&mut self) -> Result<()> {
        let s = self.shared.clone();
        let ctx = Ctx::new(Seed::root(s.audit.seed), 1)?;
        let maskings: Vec<Value> = s.evaluations.iter().map(|e| identity(e.handle.spec())).collect();
        let splits: Vec<_> = (0..s.splits.folds.len()).map(|k| s.splits.hash(k)).collect();
        let body = json!({
            "model": identity(s.model.spec()), "model_content": s.model.content(&ctx)?, "maskings": maskings,
            "splits": splits, "audit": s.audit.stream(), "seed": s.audit.seed,
        });
        let cell = self.push(Role::Scores, "score file".into(), body, vec![PREPARE], work::scores);
        cell.after = vec![SURVEY];
        cell.parallel = true;
        Ok(())
    }
}

impl Role {
    fn kind(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Survey => "survey",
            Self::Check => "check",
            Self::Split => "split",
            Self::Measure => "measure",
            Self::Features => "features",
            Self::Fit { .. } => "fit",
            Self::Predict { .. } => "predict",
            Self::Explain => "explain",
            Self::Scores => "scores",
            Self::Elsewhere => "prepare",
            Self::Broken { .. } => "predict",
        }
    }
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
