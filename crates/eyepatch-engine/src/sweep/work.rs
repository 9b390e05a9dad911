//! What each cell of a sweep does.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use eyepatch_core::{
    Attribution, Budget, ContentHash, Ctx, Epoch, Error as CoreError, Examples, Explainer, Handle, Hasher,
    Image, ManifestRow, NoDonors, Prepared, ScoreKey, ScoreSet, Subject,
};
use rayon::prelude::*;

use super::plan::dilated_name;
use super::shared::{Evaluation, Shared};
use crate::Result;
use crate::cell::{CellCtx, file_name};
use crate::data::{Masked, Part, PreparedSet, mask_one};

/// Images a batch of prediction; bounds memory and changes no score.
const BATCH: usize = 32;
/// What one explanation may cost.
const BUDGET: Budget = Budget { evaluations: 400, batch: 32 };

pub(super) const SURVEY_FILE: &str = "visible.json";
pub(super) const SCORES_FILE: &str = "scores.json";
pub(super) const HISTORY_FILE: &str = "history.json";
pub(super) const ATTRIBUTIONS_FILE: &str = "attributions.json";

pub(super) fn prepare(shared: &Shared, cell: &CellCtx) -> Result<()> {
    PreparedSet::write(&*shared.dataset, &shared.sources, shared.size, cell)
}

/// Applies every masking to every row: an empty region is found here, and the mean visible share is kept.
pub(super) fn survey(shared: &Shared, cell: &CellCtx) -> Result<()> {
    let training = shared.training(&cell.inputs[0], 0)?;
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
        let prepared = evaluation.handle.prepare(&training, cell.ctx)?;
        let one = |row: usize| -> Result<usize> {
            cell.ctx.check()?;
            let id = &shared.table.rows[row].id;
            let roi = set.roi(row)?;
            let visible =
                prepared.visible(&roi, &NoDonors, &cell.ctx.child(id)).map_err(|e| e.of_sample(id))?;
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

pub(super) fn fit(shared: &Shared, trained: usize, fold: usize, cell: &CellCtx) -> Result<()> {
    let training = shared.training(&cell.inputs[0], fold)?;
    let prepared = shared.maskings[trained].handle.prepare(&training, cell.ctx)?;
    let view = |rows| Masked {
        training: &training,
        rows,
        masking: prepared.as_ref(),
        pipeline: shared.pipeline,
        ctx: cell.ctx,
    };
    let split = &shared.splits.folds[fold];
    let fitted = shared.model.fit(&view(&split.train), &view(&split.validation), cell.ctx)?;
    let history: Vec<Epoch> = fitted.history().to_vec();
    fitted.save(cell.out)?;
    cell.write_json(HISTORY_FILE, &history)
}

pub(super) fn predict(shared: &Shared, evaluation: usize, fold: usize, cell: &CellCtx) -> Result<()> {
    let training = shared.training(&cell.inputs[0], fold)?;
    let e = &shared.evaluations[evaluation];
    let prepared = e.handle.prepare(&training, cell.ctx)?;
    let fitted = shared.model.restore(&cell.inputs[1], cell.ctx)?;
    let rows = &shared.splits.folds[fold].test;
    let view = Masked {
        training: &training,
        rows,
        masking: prepared.as_ref(),
        pipeline: shared.pipeline,
        ctx: cell.ctx,
    };
    let mut values = Vec::new();
    let (mut space, mut classes) = (shared.model.card().output, shared.table.classes.len());
    let indices: Vec<usize> = (0..rows.len()).collect();
    for chunk in indices.chunks(BATCH) {
        cell.ctx.check()?;
        let scores = fitted.predict(&view.batch(chunk)?, cell.ctx)?;
        if scores.len() != chunk.len() || scores.classes != shared.table.classes.len() {
            let expected = format!("{} x {}", chunk.len(), shared.table.classes.len());
            return Err(CoreError::shape(
                "scores",
                expected,
                format!("{} x {}", scores.len(), scores.classes),
            )
            .into());
        }
        (space, classes) = (scores.space, scores.classes);
        values.extend(scores.values);
        cell.ctx.progress().report(values.len() as u64 / classes as u64, rows.len() as u64, "images");
    }
    let scores = eyepatch_core::Scores::new(classes, space, values)?;
    cell.write_json(SCORES_FILE, &scores)
}

pub(super) fn explain(
    shared: &Shared,
    explainer: &Handle<dyn Explainer>,
    rows: &[usize],
    cell: &CellCtx,
) -> Result<()> {
    let fitted = shared.model.restore(&cell.inputs[1], cell.ctx)?;
    let set = shared.set(&cell.inputs[0])?;
    let mut attributions: Vec<(usize, Attribution)> = Vec::new();
    for (i, &row) in rows.iter().enumerate() {
        let sample = set.sample(&shared.table, row)?;
        let subject = Subject { sample: &sample, class: 0, preprocess: &shared.pipeline };
        let ctx = cell.ctx.child(&sample.id);
        attributions.push((row, explainer.explain(fitted.as_ref(), subject, BUDGET, &ctx)?));
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
    let trained = source.trained(cell.ctx)?;
    let mut wanted: Vec<(ScoreKey, Vec<String>)> = Vec::new();
    let mut sets = Vec::new();
    for name in &trained {
        for e in &shared.evaluations {
            // As with models trained here, dilations are asked of the full-image model only.
            let delivered = trained.len() == 1 || *name == shared.maskings[shared.full].card.name;
            if e.dilation != 0 && !delivered {
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
                for row in split.rows(part) {
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
    let training = shared.training(prepared, fold)?;
    let masking: Box<dyn Prepared> = e.handle.prepare(&training, ctx)?;
    let one = |row: usize| -> Result<(usize, (String, String))> {
        ctx.check()?;
        let image = mask_one(&training, row, masking.as_ref(), &shared.pipeline, ctx)?;
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
