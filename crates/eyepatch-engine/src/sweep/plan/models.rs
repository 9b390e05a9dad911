//! Cells that train models and ask them.

use std::sync::Arc;

use eyepatch_core::{Ctx, Seed, Workload};
use serde_json::{Value, json};

use super::data::preparation;
use super::{PREPARE, Role, SURVEY, SweepPlan, dilated_name, identity};
use crate::Result;
use crate::cell::CellCtx;
use crate::run::Options;
use crate::sweep::declare::EVALUATIONS;
use crate::sweep::features::{self, FeatureSet};
use crate::sweep::shared::Shared;
use crate::sweep::transfer::Transfer;
use crate::sweep::work::Labels;
use crate::sweep::{check, maps, readable, work};

/// A cell that trains a model.
#[derive(Debug, Clone, Copy)]
pub(super) struct FitCell {
    pub(super) trained: usize,
    pub(super) fold: usize,
    /// Position in the plan.
    pub(super) cell: usize,
}

impl SweepPlan {
    pub(super) fn train_and_predict(&mut self, transfers: &[Transfer], options: &Options) -> Result<()> {
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
        self.externals(transfers, options)?;
        let kept = self.features(&common);
        let mut fits = Vec::new();
        for trained in s.trainings() {
            for fold in 0..folds {
                fits.push(self.fit(&common, trained, fold, &kept));
            }
        }
        for &fit in &fits {
            for (evaluation, e) in s.evaluations.iter().enumerate() {
                if s.is_asked(fit.trained, e) {
                    self.predict(&common, fit, evaluation, &kept);
                }
            }
        }
        self.read(&common, &fits);
        let full = fits.iter().find(|fit| fit.trained == s.full && fit.fold == 0);
        if let (Some(explainer), Some(&FitCell { cell: fit, .. })) = (self.explainer.clone(), full) {
            let examples = s.examples(self.design.examples);
            let mut body =
                json!({ "common": common, "explainer": identity(explainer.spec()), "rows": examples });
            if s.table.classes.len() > 1 {
                body["classes"] = json!(s.table.classes.len());
            }
            let evaluations = self.design.evaluations;
            if evaluations != EVALUATIONS {
                body["evaluations"] = json!(evaluations);
            }
            let name = format!("{} fold 0", explainer.card().name);
            self.push(Role::Explain, name, body, vec![PREPARE, fit], move |s, cell| {
                work::explain(s, &explainer, (&examples, evaluations), cell)
            });
        }
        if let Some(&full) = full {
            self.judge_maps(&common, full, &kept);
            self.embed(&common, full);
        }
        self.abroad(&common, &fits);
        Ok(())
    }

    /// Maps of the first fold's full-image model, and of its twin that had nothing to learn.
    fn judge_maps(&mut self, common: &Value, full: FitCell, kept: &[(usize, Arc<FeatureSet>)]) {
        let Some(judge) = self.judge.clone() else { return };
        let s = self.shared.clone();
        let mut inputs = vec![PREPARE, full.cell];
        if s.model.card().trained_here {
            inputs.push(self.permuted(common, kept));
        }
        let others: Vec<Value> = judge.others.iter().map(|e| identity(e.spec())).collect();
        let body = json!({
            "common": common, "explainer": identity(judge.explainer.spec()), "others": others, "rule": judge.rule,
            "split": s.splits.hash(0), "legitimate": s.dataset.legitimate(), "revision": maps::REVISION,
        });
        let name = format!("{} fold 0", judge.explainer.card().name);
        let cell = self.push(Role::Maps, name, body, inputs, move |s, cell| maps::judge(s, &judge, cell));
        cell.parallel = true;
    }

    /// The full-image model of the first fold again, with the labels of other images.
    fn permuted(&mut self, common: &Value, kept: &[(usize, Arc<FeatureSet>)]) -> usize {
        let s = self.shared.clone();
        let masking = identity(s.maskings[s.full].handle.spec());
        let body =
            json!({ "common": common, "masking": masking, "split": s.splits.hash(0), "permuted": true });
        let (caches, sets): (Vec<_>, Vec<_>) =
            kept.iter().filter(|(_, f)| f.serves(s.full, 0)).cloned().unzip();
        let inputs = [vec![PREPARE], caches].concat();
        let name = format!("{} fold 0, labels permuted", s.trained_name(s.full));
        let estimate = self.estimate.unwrap_or_default();
        let surveys = self.surveys();
        let cell = self.push(Role::Permuted, name, body, inputs, move |s, cell| {
            work::fit(s, (s.full, 0), &sets, Labels::Permuted, cell)
        });
        cell.after = surveys;
        (cell.seconds, cell.bytes) = (estimate.fit_seconds, estimate.disk_bytes);
        self.cells.len() - 1
    }

    /// Asks the embedding of every fold's full-image model about the columns that the verdict names.
    fn read(&mut self, common: &Value, fits: &[FitCell]) {
        let s = self.shared.clone();
        let columns = self.design.verdict.as_ref().map(|rule| rule.attributes.clone()).unwrap_or_default();
        if columns.is_empty() {
            return;
        }
        for &FitCell { fold, cell: fit, .. } in fits.iter().filter(|fit| fit.trained == s.full) {
            let body = json!({
                "common": common, "columns": columns, "table": check::table_hash(&s), "split": s.splits.hash(fold),
                "revision": readable::REVISION,
            });
            let asked = columns.clone();
            let name = format!("{} fold {fold}", s.trained_name(s.full));
            self.push(Role::Read { fold }, name, body, vec![PREPARE, fit], move |s, cell| {
                readable::read(s, &asked, fold, cell)
            });
        }
    }

    /// What is kept of a shared trunk, with the cells that keep it.
    fn features(&mut self, common: &Value) -> Vec<(usize, Arc<FeatureSet>)> {
        let s = self.shared.clone();
        let sets = FeatureSet::all(&s);
        self.passes = features::passes(&s, &sets);
        let Some(trunk) = s.shares.trunk() else { return Vec::new() };
        let model = s.model.spec();
        let mut kept = Vec::new();
        let surveys = self.surveys();
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
            cell.after = surveys.clone();
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
        let surveys = self.surveys();
        let cell = self.push(Role::Fit { trained, fold }, name, body, inputs, move |s, cell| {
            work::fit(s, (trained, fold), &sets, Labels::Own, cell)
        });
        cell.after = surveys;
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
    pub(in crate::sweep) fn elsewhere(&mut self, other: Arc<Shared>) -> Result<()> {
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
        let body = preparation(&of);
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

    pub(super) fn scores(&mut self) -> Result<()> {
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
