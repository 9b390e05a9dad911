//! What each cell of a sweep does.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use eyepatch_core::{
    Attribution, Budget, ContentHash, Ctx, Epoch, Error as CoreError, Examples, Explainer, Fitted, Handle,
    Hasher, Image, Keep, ManifestRow, ScoreKey, ScoreSet, Scores, Subjects,
};
use rayon::prelude::*;

use super::features::FeatureSet;
use super::maps::{Permuted, donors};
use super::plan::dilated_name;
use super::shared::{DELIVERED, Evaluation, Shared};
use crate::cell::{CellCtx, file_name};
use crate::data::{Features, Masked, Part, PreparedSet, split_file};
use crate::{Error, Result};

/// Images a batch of prediction; bounds memory and changes no score.
const BATCH: usize = 32;
/// Training images that it may put in the place of what it hides.
const DONORS: usize = 16;

pub(super) const SURVEY_FILE: &str = "visible.json";
pub(super) const SPLIT_FILE: &str = "split-rows.csv";
pub(super) const SCORES_FILE: &str = "scores.json";
pub(super) const HISTORY_FILE: &str = "history.json";
const MODEL_FOLDER: &str = "model";
pub(super) const ATTRIBUTIONS_FILE: &str = "attributions.json";

pub(super) fn prepare(shared: &Shared, cell: &CellCtx) -> Result<()> {
    PreparedSet::write(
        &*shared.dataset,
        &shared.table,
        &shared.sources,
        (shared.size, shared.preparation),
        cell,
    )
}

/// Writes down which rows of which fold train, watch and are tested.
pub(super) fn split(shared: &Shared, cell: &CellCtx) -> Result<()> {
    let path = cell.out.join(SPLIT_FILE);
    std::fs::write(&path, split_file::to_csv(&shared.splits, &shared.table)?).map_err(Error::io(&path))
}

/// Applies every masking to every row: an empty region is found here, and the mean visible share is kept.
pub(super) fn survey(shared: &Shared, cell: &CellCtx) -> Result<()> {
    let set = shared.set(&cell.inputs[0])?;
    let wanted = shared.model.input().channels;
    if set.channels() == 3 && wanted == 1 && shared.model.scores().is_none() {
        return Err(
            CoreError::shape("image channels", "1 (the model takes grey images)", "3 (colour)").into()
        );
    }
    let plane = (shared.size.0 * shared.size.1) as f64;
    let (done, total) = (AtomicU64::new(0), (shared.evaluations.len() * shared.table.rows.len()) as u64);
    let mut shares = Vec::new();
    for evaluation in &shared.evaluations {
        let training = shared.training(&cell.inputs[0], 0, shared.keep(evaluation))?;
        let prepared = training.prepare(&evaluation.handle, cell.ctx)?;
        let one = |row: usize| -> Result<usize> {
            cell.ctx.check()?;
            let visible = training.visible(row, prepared.as_ref(), cell.ctx)?;
            cell.ctx.progress().report(done.fetch_add(1, Ordering::Relaxed) + 1, total, "maskings");
            Ok(visible.area())
        };
        let areas: Vec<Result<usize>> =
            cell.ctx.install(|| (0..shared.table.rows.len()).into_par_iter().map(one).collect());
        let of = areas.len();
        let (good, bad): (Vec<_>, Vec<_>) = areas.into_iter().partition(Result::is_ok);
        if !bad.is_empty() {
            return Err(many(bad.into_iter().filter_map(Result::err), of));
        }
        let sum: usize = good.into_iter().flatten().sum();
        shares.push(sum as f64 / (of as f64 * plane));
    }
    cell.write_json(SURVEY_FILE, &shares)
}

/// One error for several samples; an error of another kind goes through as it is.
fn many(errors: impl Iterator<Item = crate::Error>, of: usize) -> crate::Error {
    let mut shown = Vec::new();
    for error in errors {
        match error {
            crate::Error::Plugin(e @ CoreError::Sample { .. }) => shown.push(e),
            other => return other,
        }
    }
    let total = shown.len();
    shown.truncate(5);
    crate::Error::Samples { total, of, shown }
}

/// Features that a cell finds in its caches, which keep these sets.
fn kept(shared: &Shared, sets: &[Arc<FeatureSet>], cell: &CellCtx) -> Result<Option<Features>> {
    shared.shares.trunk().map(|t| t.open(sets, &cell.caches)).transpose()
}

/// Whose labels a model is trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Labels {
    /// Each image's own.
    Own,
    /// Those of other images.
    Permuted,
}

pub(super) fn fit(
    shared: &Shared,
    (trained, fold): (usize, usize),
    sets: &[Arc<FeatureSet>],
    labels: Labels,
    cell: &CellCtx,
) -> Result<()> {
    let masking = &shared.maskings[trained];
    let training = shared.training(&cell.inputs[0], fold, masking.card.keep)?;
    let prepared = training.prepare(&masking.handle, cell.ctx)?;
    let features = kept(shared, sets, cell)?;
    let (masking, features) = (prepared.as_ref(), features.as_ref());
    let view = |rows| Masked { training: &training, rows, masking, features, ctx: cell.ctx };
    let split = &shared.splits.folds[fold];
    let (train, watched) = (view(&split.train), view(&split.validation));
    let fitted = match labels {
        Labels::Own => shared.model.fit(&train, &watched, cell.ctx)?,
        Labels::Permuted => {
            let seed = |part| cell.ctx.seed().child(part);
            let train = Permuted::new(&train, seed("permuted training labels"));
            let watched = Permuted::new(&watched, seed("permuted validation labels"));
            shared.model.fit(&train, &watched, cell.ctx)?
        }
    };
    shared.outputs(fitted.classes())?;
    let history: Vec<Epoch> = fitted.history().to_vec();
    let finite = |e: &Epoch| e.train_loss.is_finite() && e.validation_loss.is_none_or(f64::is_finite);
    if let Some(bad) = history.iter().find(|e| !finite(e)) {
        let what = format!("loss of model `{}` in epoch {}", shared.model.spec().id, bad.epoch);
        return Err(CoreError::shape(what, "a finite number", "one that is not").into());
    }
    // A folder of its own, so that a model may call its files as it likes.
    let folder = cell.out.join(MODEL_FOLDER);
    std::fs::create_dir(&folder).map_err(Error::io(&folder))?;
    fitted.save(&folder)?;
    cell.write_json(HISTORY_FILE, &history)
}

pub(super) fn restore(shared: &Shared, fit: &Path, ctx: &Ctx) -> Result<Box<dyn Fitted>> {
    Ok(shared.model.restore(&fit.join(MODEL_FOLDER), ctx)?)
}

pub(super) fn predict(
    shared: &Shared,
    (evaluation, fold): (usize, usize),
    sets: &[Arc<FeatureSet>],
    cell: &CellCtx,
) -> Result<()> {
    let e = &shared.evaluations[evaluation];
    let training = shared.training(&cell.inputs[0], fold, shared.keep(e))?;
    let prepared = training.prepare(&e.handle, cell.ctx)?;
    let fitted = restore(shared, &cell.inputs[1], cell.ctx)?;
    let rows = &shared.splits.folds[fold].test;
    let features = kept(shared, sets, cell)?;
    let (masking, features) = (prepared.as_ref(), features.as_ref());
    let view = Masked { training: &training, rows, masking, features, ctx: cell.ctx };
    let outputs = shared.outputs(fitted.classes())?;
    let (mut values, mut space) = (Vec::new(), shared.model.card().output);
    let indices: Vec<usize> = (0..rows.len()).collect();
    for (done, chunk) in indices.chunks(BATCH).enumerate() {
        cell.ctx.check()?;
        let scores = match shared.shares.trunk() {
            Some(trunk) => trunk.predict(fitted.as_ref(), &view, chunk, cell.ctx)?,
            None => fitted.predict(&view.batch(chunk)?, cell.ctx)?,
        };
        if scores.classes != outputs.len() || scores.values.len() != chunk.len() * outputs.len() {
            let expected = format!("{} x {}", chunk.len(), outputs.len());
            let found = format!("{} values of {} classes", scores.values.len(), scores.classes);
            return Err(CoreError::shape("scores", expected, found).into());
        }
        space = scores.space;
        values.extend(
            (0..chunk.len()).flat_map(|i| outputs.iter().map(|&o| scores.row(i)[o]).collect::<Vec<_>>()),
        );
        cell.ctx.progress().report((done * BATCH + chunk.len()) as u64, rows.len() as u64, "images");
    }
    cell.write_json(SCORES_FILE, &Scores::new(outputs.len(), space, values)?)
}

pub(super) fn explain(
    shared: &Shared,
    explainer: &Handle<dyn Explainer>,
    (rows, evaluations): (&[usize], usize),
    cell: &CellCtx,
) -> Result<()> {
    let budget = Budget { evaluations, batch: BATCH };
    let fitted = restore(shared, &cell.inputs[1], cell.ctx)?;
    let training = shared.training(&cell.inputs[0], 0, Keep::Full)?;
    let outputs = shared.outputs(fitted.classes())?;
    let others = donors(&training, 0, DONORS, cell.ctx)?;
    let mut attributions: Vec<(usize, Attribution)> = Vec::new();
    for (i, &row) in rows.iter().enumerate() {
        let sample = training.load(row)?;
        let (classes, preprocess) = (outputs.as_slice(), &shared.pipeline);
        let subjects = Subjects { sample: &sample, classes, preprocess, others: &others };
        let ctx = cell.ctx.child(&sample.id);
        let explained = explainer.explain_classes(fitted.as_ref(), subjects, budget, &ctx)?;
        for (class, mut attribution) in explained.attributions.into_iter().enumerate() {
            // From the model's order of classes to the table's.
            attribution.class = class;
            attribution.check(outputs.len()).map_err(|e| e.of_row(&shared.table.rows[row]))?;
            attributions.push((row, attribution));
        }
        cell.ctx.progress().report(i as u64 + 1, rows.len() as u64, "images");
    }
    cell.write_json(ATTRIBUTIONS_FILE, &attributions)
}

/// Reads scores that were computed elsewhere, after checking that they answer this very plan.
pub(super) fn scores(shared: &Shared, cell: &CellCtx) -> Result<()> {
    let Some(source) = shared.model.scores() else {
        return Err(CoreError::Unsupported {
            what: shared.model.spec().id.clone(),
            capability: "scores".into(),
        }
        .into());
    };
    let manifest = manifest_rows(shared, &cell.inputs[0], cell.ctx, &|_, _| Ok(()))?;
    let full = &shared.maskings[shared.full].card.name;
    // Only names that mean something are asked for: whatever else the file has is then told as unknown.
    let known = |name: &String| name == DELIVERED || shared.maskings.iter().any(|m| m.card.name == *name);
    let mut trained: Vec<String> = source.trained(cell.ctx)?.into_iter().filter(known).collect();
    if !trained.iter().any(|t| t == DELIVERED || t == full) {
        trained.insert(0, full.clone());
    }
    let mut wanted: Vec<(ScoreKey, Vec<String>)> = Vec::new();
    let mut sets = Vec::new();
    for name in &trained {
        for e in &shared.evaluations {
            // Unlike models trained here, files have no rows of a model's own masking dilated.
            if shared.is_beside_matrix(e) && name != DELIVERED && name != full {
                continue;
            }
            for (fold, split) in shared.splits.folds.iter().enumerate() {
                let key = score_key(shared, name, e, fold);
                let ids = split.test.iter().map(|&r| shared.table.rows[r].id.clone()).collect();
                wanted.push((key, ids));
                sets.push((fold, split.test.clone()));
            }
        }
    }
    source.verify(&wanted, &shared.table.classes, &manifest, cell.ctx)?;
    let mut all = Vec::new();
    for ((key, ids), (fold, rows)) in wanted.into_iter().zip(sets) {
        let scores = source.scores(&key, &ids, &shared.table.classes, cell.ctx)?;
        let (trained, evaluated, dilation) = (key.trained, key.masking, key.dilation);
        all.push(ScoreSet { trained, evaluated, dilation, fold, rows, scores });
    }
    cell.write_json(SCORES_FILE, &all)
}

fn score_key(shared: &Shared, trained: &str, e: &Evaluation, fold: usize) -> ScoreKey {
    let card = &shared.maskings[e.masking].card;
    ScoreKey {
        trained: trained.into(),
        masking: card.name.clone(),
        fill: card.fill.clone(),
        dilation: e.dilation,
        fold,
    }
}

/// The manifest of all masked images; `keep` is handed each distinct image with its path.
pub(super) fn manifest_rows(
    shared: &Shared,
    prepared: &Path,
    ctx: &Ctx,
    keep: &(dyn Fn(&str, &Image) -> Result<()> + Sync),
) -> Result<Vec<ManifestRow>> {
    let mut manifest = Vec::new();
    for e in &shared.evaluations {
        let card = &shared.maskings[e.masking].card;
        let mut hashes: BTreeMap<usize, (String, String)> = BTreeMap::new();
        for (fold, split) in shared.splits.folds.iter().enumerate() {
            let fresh = fold == 0 || e.handle.learns();
            let folder = dilated_name(&card.name, e.dilation);
            let folder = file_name(&folder);
            let folder = if e.handle.learns() {
                format!("images/{folder}/fold-{fold}")
            } else {
                format!("images/{folder}")
            };
            if fresh {
                hashes = masked_images(shared, prepared, (e, fold), &folder, ctx, keep)?;
            }
            for part in Part::ALL {
                for row in part.of(split) {
                    let (r, (hash, path)) = (&shared.table.rows[*row], &hashes[row]);
                    manifest.push(ManifestRow {
                        hash: hash.clone(),
                        sample: r.id.clone(),
                        patient: r.patient.clone(),
                        masking: card.name.clone(),
                        fill: card.fill.clone(),
                        dilation: e.dilation,
                        fold,
                        part: part.to_string(),
                        path: path.clone(),
                    });
                }
            }
        }
    }
    Ok(manifest)
}

fn masked_images(
    shared: &Shared,
    prepared: &Path,
    (e, fold): (&Evaluation, usize),
    folder: &str,
    ctx: &Ctx,
    keep: &(dyn Fn(&str, &Image) -> Result<()> + Sync),
) -> Result<BTreeMap<usize, (String, String)>> {
    let training = shared.training(prepared, fold, shared.keep(e))?;
    let masking = training.prepare(&e.handle, ctx)?;
    let one = |row: usize| -> Result<(usize, (String, String))> {
        ctx.check()?;
        let image = training.masked(row, masking.as_ref(), ctx)?;
        let path = format!("{folder}/{}.png", file_name(&shared.table.rows[row].id));
        keep(&path, &image)?;
        Ok((row, (image_hash(&image).to_string(), path)))
    };
    let all: Result<Vec<_>> = ctx.install(|| (0..shared.table.rows.len()).into_par_iter().map(one).collect());
    Ok(all?.into_iter().collect())
}

fn image_hash(image: &Image) -> ContentHash {
    let shape = format!("{}x{}x{}x{}", image.height(), image.width(), image.channels(), image.full_scale());
    Hasher::new().part(shape).part(image.to_le_bytes()).finish()
}
