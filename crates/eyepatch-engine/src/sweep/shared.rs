use std::path::Path;
use std::sync::{Arc, Mutex};

use eyepatch_core::{
    ContentHash, Ctx, Dataset, Error as CoreError, Handle, Hasher, InputSpec, Keep, Masker, MaskingCard,
    Model, Profile, Seed, Shape, Table,
};
use rayon::prelude::*;

use super::MaskingSweep;
use super::features::Shares;
use crate::audit::AuditInfo;
use crate::data::{Edge, Pipeline, PreparedSet, RowSet, Splits, split_file};
use crate::run::Options;
use crate::{Error, Result};

/// Smallest number of patients a class must have on either side, a fold.
const MIN_PATIENTS_A_FOLD: usize = 2;

/// What a model that arrives trained is said to be trained with.
pub(super) const DELIVERED: &str = "delivered";

/// A masking with its card.
#[derive(Clone)]
pub(super) struct Masking {
    pub(super) handle: Handle<dyn Masker>,
    pub(super) card: MaskingCard,
    /// Evaluated with the full-image model only, not trained on.
    pub(super) further: bool,
}

/// A masking that models are evaluated on: one of the sweep's, or one of them dilated further.
#[derive(Clone)]
pub(super) struct Evaluation {
    /// Index of the masking that it is, or that it dilates.
    pub(super) masking: usize,
    /// Extra dilation in pixels.
    pub(super) dilation: i32,
    pub(super) handle: Handle<dyn Masker>,
}

/// What all cells of a sweep share.
pub(super) struct Shared {
    pub(super) audit: AuditInfo,
    pub(super) dataset: Handle<dyn Dataset>,
    pub(super) model: Handle<dyn Model>,
    pub(super) table: Arc<Table>,
    /// The data set's own row of each row of the table.
    pub(super) sources: Vec<usize>,
    pub(super) content: ContentHash,
    pub(super) splits: Splits,
    pub(super) maskings: Vec<Masking>,
    pub(super) evaluations: Vec<Evaluation>,
    /// Index of the masking that shows everything.
    pub(super) full: usize,
    pub(super) pipeline: Pipeline,
    pub(super) size: (usize, usize),
    /// How images are brought to that size.
    pub(super) preparation: Profile,
    /// Whether a hidden pixel can have changed a visible one before images are masked.
    pub(super) leaks: bool,
    pub(super) shares: Shares,
    pub(super) set: Mutex<Option<Arc<PreparedSet>>>,
}

impl Shared {
    pub(super) fn new(sweep: &MaskingSweep, audit: &AuditInfo, options: &Options) -> Result<Self> {
        sweep.check(audit)?;
        let seed = Seed::root(audit.seed).child(audit.stream());
        let ctx =
            Ctx::new(seed, options.threads)?.with_cancel(options.cancel.clone()).with_device(options.device);
        let quick_model = if options.quick { sweep.model.quick() } else { None };
        let model = quick_model.unwrap_or_else(|| sweep.model.clone());
        let wrong = |problem: String, remedy: &str| Error::Declaration {
            audit: audit.id.clone(),
            problem,
            remedy: remedy.into(),
        };
        let input = model.input();
        let size = sweep.design.size.unwrap_or(input.size);
        if model.scores().is_none() && size != input.size {
            let problem = format!("a working size of {size:?} for a model that takes {:?}", input.size);
            return Err(wrong(problem, "leave the size to the model"));
        }
        let pipeline =
            Pipeline::new(&model.card().preprocessing, InputSpec { size, ..input }).map_err(|problem| {
                wrong(format!("model `{}`: {problem}", model.spec().id), "mend the model's card")
            })?;
        let leaks = pipeline.leaks()
            || sweep.design.preparation == Profile::Published
            || sweep.dataset.brightness_leaks();
        let (maskings, full) =
            maskings(sweep, leaks).map_err(|problem| wrong(problem, "mend the list of maskings"))?;
        let evaluations = evaluations(sweep, &maskings, options.quick);
        check_regions(sweep, &maskings)
            .map_err(|problem| wrong(problem, "give the data set masks, or show its images whole"))?;

        let whole = sweep.dataset.table(&ctx)?;
        whole.check()?;
        let (table, sources) = if options.quick {
            quick_rows(&whole, sweep.design.quick_images, seed)
        } else {
            let all = (0..whole.rows.len()).collect();
            (whole, all)
        };
        let folds = if options.quick { sweep.design.folds.min(2) } else { sweep.design.folds };
        check_classes(&table, folds).map_err(|problem| {
            wrong(
                problem,
                "use fewer folds, add patients, or leave the class out; every fold needs both answers",
            )
        })?;
        let splits = match &sweep.design.split_file {
            Some(file) if !options.quick => {
                let source = sweep.dataset.table_file();
                split_file::read(file, (&*table, source), sweep.design.validation, seed)?
            }
            _ => sweep.design.split.splits(&table, folds, sweep.design.validation, seed)?,
        };
        let content = content(&sweep.dataset, &sources, &ctx)?;
        let shares = Shares::ask(&model, options.cache_precision, &ctx)?;
        Ok(Self {
            audit: audit.clone(),
            dataset: sweep.dataset.clone(),
            model,
            table,
            sources,
            content,
            splits,
            maskings,
            evaluations,
            full,
            pipeline,
            size,
            preparation: sweep.design.preparation,
            leaks,
            shares,
            set: Mutex::new(None),
        })
    }

    /// The prepared set, read once.
    pub(super) fn set(&self, folder: &Path) -> Result<Arc<PreparedSet>> {
        let mut slot = self.set.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(set) = &*slot {
            return Ok(set.clone());
        }
        let set = Arc::new(PreparedSet::read(folder)?);
        *slot = Some(set.clone());
        Ok(set)
    }

    /// Gives the prepared set's memory back; it is read again where it is needed again.
    pub(super) fn release(&self) {
        *self.set.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }

    /// The training part of a fold, as maskings that keep this part see it.
    pub(super) fn training(&self, folder: &Path, fold: usize, keep: Keep) -> Result<RowSet> {
        let seed = Seed::root(self.audit.seed).child(self.audit.stream());
        Ok(RowSet {
            set: self.set(folder)?,
            table: self.table.clone(),
            rows: self.splits.folds[fold].train.clone(),
            pipeline: self.pipeline,
            edge: Edge::of(keep),
            seed: seed.child("masking"),
            views: seed.child("views"),
            touched: Arc::default(),
        })
    }

    /// The part of the image that an evaluation's masking keeps.
    pub(super) fn keep(&self, evaluation: &Evaluation) -> Keep {
        self.maskings[evaluation.masking].card.keep
    }

    /// The maskings that models are trained with: all of them, or none where the model arrives trained; it is then
    /// asked once a fold, under the full masking's index.
    pub(super) fn trainings(&self) -> Vec<usize> {
        if self.model.card().trained_here { self.matrix().collect() } else { vec![self.full] }
    }

    /// The maskings of the matrix.
    pub(super) fn matrix(&self) -> impl Iterator<Item = usize> {
        (0..self.maskings.len()).filter(|&m| !self.maskings[m].further)
    }

    /// Whether a model is asked about this: each about every masking of the matrix, and about its own masking dilated; the one that saw
    /// full images (or was delivered) about all.
    pub(super) fn is_asked(&self, trained: usize, evaluation: &Evaluation) -> bool {
        let own = evaluation.dilation != 0 && evaluation.masking == trained;
        trained == self.full || own || !self.is_beside_matrix(evaluation)
    }

    /// Whether this is no masking of the matrix: dilations, controls, further fills.
    pub(super) fn is_beside_matrix(&self, evaluation: &Evaluation) -> bool {
        evaluation.dilation != 0 || self.maskings[evaluation.masking].further
    }

    /// The name of a training masking in scores and reports.
    pub(super) fn trained_name(&self, trained: usize) -> &str {
        if self.model.card().trained_here { &self.maskings[trained].card.name } else { DELIVERED }
    }

    /// For each class of the table, its place among a fitted model's outputs.
    pub(super) fn outputs(&self, fitted: &[String]) -> Result<Vec<usize>> {
        let place = |class: &String| fitted.iter().position(|c| c == class);
        let places: Option<Vec<usize>> = self.table.classes.iter().map(place).collect();
        places.filter(|p| p.len() == fitted.len()).ok_or_else(|| {
            let what = format!("classes of model `{}`", self.model.spec().id);
            CoreError::shape(what, self.table.classes.join(", "), fitted.join(", ")).into()
        })
    }

    /// A few test rows of fold 0: positives of the first class and negatives in turn, each of another patient.
    pub(super) fn examples(&self, count: usize) -> Vec<usize> {
        let test = &self.splits.folds[0].test;
        let mut seen = std::collections::BTreeSet::new();
        let mut pick = |want: bool, count: usize| -> Vec<usize> {
            let fits = |&&r: &&usize| {
                self.table.rows[r].labels[0] == Some(want) && seen.insert(self.table.rows[r].patient.clone())
            };
            test.iter().filter(fits).take(count).copied().collect()
        };
        let positive = pick(true, count.div_ceil(2));
        let negative = pick(false, count / 2);
        positive.into_iter().chain(negative).collect()
    }
}

fn maskings(sweep: &MaskingSweep, leaks: bool) -> Result<(Vec<Masking>, usize), String> {
    let masking = |(further, m): (bool, &Handle<dyn Masker>)| {
        let mut card = m.card();
        // No fill hides a pixel that has already set the brightness of the others.
        card.hides &= card.keep == Keep::Full || !leaks;
        Masking { handle: m.clone(), card, further }
    };
    let trained = sweep.maskers.iter().map(|m| (false, m));
    // What models are trained on, they are asked about anyway.
    let new = |m: &&Handle<dyn Masker>| sweep.maskers.iter().all(|known| known.spec() != m.spec());
    let maskings: Vec<Masking> =
        trained.chain(sweep.further.iter().filter(new).map(|m| (true, m))).map(masking).collect();
    for (i, masking) in maskings.iter().enumerate() {
        if maskings[..i].iter().any(|m| m.card.name == masking.card.name) {
            return Err(format!("two maskings are called `{}`", masking.card.name));
        }
    }
    match maskings.iter().position(|m| m.card.keep == Keep::Full && !m.further) {
        Some(full) => Ok((maskings, full)),
        None => Err("no masking shows the full image, which all others are held against".into()),
    }
}

/// A set without regions of interest is only shown whole.
fn check_regions(sweep: &MaskingSweep, maskings: &[Masking]) -> Result<(), String> {
    match (sweep.dataset.unmasked_only(), maskings.iter().find(|m| m.card.keep != Keep::Full)) {
        (Some(why), Some(masking)) => Err(format!(
            "data set `{}` cannot be masked, and `{}` masks it: {why}",
            sweep.dataset.spec().id,
            masking.card.name
        )),
        _ => Ok(()),
    }
}

/// Every masking, then the exact regions at each extra dilation.
fn evaluations(sweep: &MaskingSweep, maskings: &[Masking], quick: bool) -> Vec<Evaluation> {
    let mut all: Vec<Evaluation> = maskings
        .iter()
        .enumerate()
        .map(|(masking, m)| Evaluation { masking, dilation: 0, handle: m.handle.clone() })
        .collect();
    let mut by = sweep.design.dilations.clone();
    by.sort_unstable();
    by.dedup();
    by.retain(|d| *d != 0);
    if quick && by.len() > 2 {
        by = vec![by[by.len() / 2], by[by.len() - 1]];
    }
    for (masking, m) in maskings.iter().enumerate() {
        if m.further || m.card.keep == Keep::Full || m.card.shape != Shape::Exact {
            continue;
        }
        let dilated = |&d: &i32| Some(Evaluation { masking, dilation: d, handle: m.handle.dilated(d)? });
        all.extend(by.iter().filter_map(dilated));
    }
    all
}

/// About `count` rows, whole patients, with every class in its share but no rare one left out.
fn quick_rows(table: &Table, count: usize, seed: Seed) -> (Arc<Table>, Vec<usize>) {
    let all: Vec<usize> = (0..table.rows.len()).collect();
    if all.len() <= count || count == 0 {
        return (Arc::new(table.clone()), all);
    }
    let rows = crate::data::share_of(table, count, &seed.child("quick"));
    let part = rows.iter().map(|&r| table.rows[r].clone()).collect();
    (Arc::new(Table { classes: table.classes.clone(), rows: part }), rows)
}

fn check_classes(table: &Table, folds: usize) -> Result<(), String> {
    if table.classes.is_empty() || table.rows.is_empty() {
        return Err(format!(
            "the data set has {} classes and {} rows",
            table.classes.len(),
            table.rows.len()
        ));
    }
    for (c, class) in table.classes.iter().enumerate() {
        for answer in [true, false] {
            let rows = table.rows.iter().filter(|r| r.labels[c] == Some(answer));
            let patients: std::collections::BTreeSet<&str> = rows.map(|r| r.patient.as_str()).collect();
            if patients.len() < folds * MIN_PATIENTS_A_FOLD {
                return Err(format!(
                    "class `{class}` has {} patients with a {} label; {folds} folds need at least {}",
                    patients.len(),
                    if answer { "positive" } else { "negative" },
                    folds * MIN_PATIENTS_A_FOLD
                ));
            }
        }
    }
    Ok(())
}

/// Hash over the content of all rows, in their order.
pub(super) fn content(dataset: &Handle<dyn Dataset>, rows: &[usize], ctx: &Ctx) -> Result<ContentHash> {
    let one = |row: &usize| {
        ctx.check()?;
        dataset.content(*row, ctx)
    };
    let hashes: Vec<_> = ctx.install(|| rows.par_iter().map(one).collect());
    let (good, bad): (Vec<_>, Vec<_>) = hashes.into_iter().partition(eyepatch_core::Result::is_ok);
    ctx.check()?;
    if !bad.is_empty() {
        let total = bad.len();
        let shown = bad.into_iter().filter_map(eyepatch_core::Result::err).take(5).collect();
        return Err(Error::Samples { total, of: rows.len(), shown });
    }
    let hasher = good.into_iter().flatten().fold(Hasher::new(), |h, hash| h.part(hash.0));
    Ok(hasher.finish())
}
