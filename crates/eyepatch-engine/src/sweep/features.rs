//! The trunk that all models of a sweep share: each image goes through it once a masking and view.

use std::path::PathBuf;
use std::sync::Arc;

use eyepatch_core::{
    ContentHash, Ctx, Error as CoreError, Examples, Fitted, Handle, Hasher, Model, Scores, Sharing, Trunk,
};

use super::shared::Shared;
use crate::Result;
use crate::cell::CellCtx;
use crate::data::{FeatureFile, FeatureWriter, Features, Layout, Masked};
use crate::run::{Precision, TrunkPasses};

/// Images that go through the trunk at once; bounds memory and changes no feature.
const BATCH: usize = 32;
/// Bytes of a cell beside its features.
const RECORD_BYTES: u64 = 4096;

/// What a model says of sharing its trunk.
pub(super) enum Shares {
    /// Nothing is frozen.
    Nothing,
    /// It must not be shared: why.
    Refused(String),
    Trunk(SharedTrunk),
}

pub(super) struct SharedTrunk {
    pub(super) trunk: Box<dyn Trunk>,
    pub(super) key: ContentHash,
    pub(super) views: usize,
    pub(super) precision: Precision,
}

impl Shares {
    pub(super) fn ask(model: &Handle<dyn Model>, precision: Precision, ctx: &Ctx) -> Result<Self> {
        // A model that arrives trained is asked about each image once: there is nothing to share.
        if model.scores().is_some() || !model.card().trained_here {
            return Ok(Self::Nothing);
        }
        let trunk = match model.trunk(ctx)? {
            Sharing::Nothing => return Ok(Self::Nothing),
            Sharing::Refused(why) => return Ok(Self::Refused(why)),
            Sharing::Trunk(trunk) => trunk,
        };
        let (shape, views) = (trunk.shape(), trunk.views());
        if views == 0 || shape.iter().product::<usize>() == 0 {
            let found = format!("{views} views of shape {shape:?}");
            return Err(CoreError::shape("features of the trunk", "at least one of each", found).into());
        }
        Ok(Self::Trunk(SharedTrunk { key: trunk.key(), views, trunk, precision }))
    }

    pub(super) fn trunk(&self) -> Option<&SharedTrunk> {
        if let Self::Trunk(trunk) = self { Some(trunk) } else { None }
    }

    /// What a user should be told, in a plan, when a run starts, and in a report.
    pub(super) fn message(&self) -> Option<String> {
        match self {
            Self::Refused(why) => Some(format!(
                "Every model runs its frozen part itself instead of sharing what it gives: {}",
                why.trim()
            )),
            Self::Trunk(t) if t.precision == Precision::F16 => {
                Some("Features of the shared trunk are rounded to half precision.".into())
            }
            _ => None,
        }
    }
}

/// Features that one cell keeps.
#[derive(Debug)]
pub(super) struct FeatureSet {
    pub(super) masking: usize,
    /// The fold that the masking has learnt from; `None` where it looks the same in all of them.
    pub(super) fold: Option<usize>,
    pub(super) view: usize,
    pub(super) layout: Layout,
}

impl FeatureSet {
    /// The sets that are worth keeping: those of maskings that models are trained on. Any other evaluation shows each
    /// image to one model only.
    pub(super) fn all(s: &Shared) -> Vec<Self> {
        let Some(trunk) = s.shares.trunk() else { return Vec::new() };
        let mut sets = Vec::new();
        for masking in s.trainings() {
            let folds = s.splits.folds.len();
            let by_fold = s.maskings[masking].handle.learns();
            let folds: Vec<_> = if by_fold { (0..folds).map(Some).collect() } else { vec![None] };
            for fold in folds {
                for view in 0..trunk.views {
                    let shape = trunk.trunk.shape();
                    let layout =
                        Layout { rows: rows(s, fold, view).into(), shape, precision: trunk.precision };
                    sets.push(Self { masking, fold, view, layout });
                }
            }
        }
        sets
    }

    /// Whether it serves this masking in this fold.
    pub(super) fn serves(&self, masking: usize, fold: usize) -> bool {
        self.masking == masking && self.fold.is_none_or(|f| f == fold)
    }

    /// Bytes of its cell.
    pub(super) fn bytes(&self) -> u64 {
        self.layout.bytes() + RECORD_BYTES
    }

    /// Hash over its rows.
    pub(super) fn rows_hash(&self) -> ContentHash {
        self.layout.rows.iter().fold(Hasher::new(), |h, r| h.part((*r as u64).to_le_bytes())).finish()
    }

    /// `NoROI`, `mean fold 2 view 1`.
    pub(super) fn name(&self, s: &Shared, views: usize) -> String {
        let mut name = s.maskings[self.masking].card.name.clone();
        if let Some(fold) = self.fold {
            name.push_str(&format!(" fold {fold}"));
        }
        if views > 1 {
            name.push_str(&format!(" view {}", self.view));
        }
        name
    }
}

/// Rows that somebody asks for: of the plain view all parts, of an augmented one the training part.
fn rows(s: &Shared, fold: Option<usize>, view: usize) -> Vec<usize> {
    let folds = s.splits.folds.iter().enumerate().filter(|(k, _)| fold.is_none_or(|f| f == *k));
    let mut rows: Vec<usize> = folds
        .flat_map(|(_, f)| {
            let plain: [&[usize]; 2] = if view == 0 { [&f.validation, &f.test] } else { [&[], &[]] };
            f.train.iter().chain(plain.into_iter().flatten()).copied()
        })
        .collect();
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// Images that go through the trunk, and how many would without sharing.
pub(super) fn passes(s: &Shared, sets: &[FeatureSet]) -> Option<TrunkPasses> {
    let views = s.shares.trunk()?.views;
    let sum = |lengths: &mut dyn Iterator<Item = usize>| lengths.sum::<usize>() as u64;
    let test = sum(&mut s.splits.folds.iter().map(|f| f.test.len()));
    let trainings = s.trainings().len() as u64;
    let a_fit = sum(&mut s.splits.folds.iter().map(|f| f.train.len() * views + f.validation.len()));
    let beside = s.evaluations.iter().filter(|e| s.is_beside_matrix(e)).count() as u64;
    let matrix = s.evaluations.len() as u64 - beside;
    let asked = |trained: usize| {
        s.evaluations.iter().filter(|e| s.is_beside_matrix(e) && s.is_asked(trained, e)).count()
    };
    let alone: u64 = s.trainings().into_iter().map(|trained| asked(trained) as u64).sum();
    Some(TrunkPasses {
        shared: sum(&mut sets.iter().map(|f| f.layout.rows.len())) + alone * test,
        unshared: trainings * a_fit + (trainings * matrix + alone) * test,
    })
}

/// Runs the trunk on a set's rows and keeps what it gives. A masking that says it does not learn, but looks at the
/// training part all the same (for a donor), is another one in each fold: then nothing is kept.
pub(super) fn compute(s: &Shared, set: &FeatureSet, cell: &CellCtx) -> Result<()> {
    let Some(shared) = s.shares.trunk() else { return Ok(()) };
    let masking = &s.maskings[set.masking];
    let training = s.training(&cell.inputs[0], set.fold.unwrap_or(0), masking.card.keep)?;
    let prepared = training.prepare(&masking.handle, cell.ctx)?;
    let none = shared.none_kept();
    let view = Masked {
        training: &training,
        rows: &set.layout.rows,
        masking: prepared.as_ref(),
        features: Some(&none),
        ctx: cell.ctx,
    };
    let mut file = FeatureWriter::create(cell.out, &set.layout)?;
    let indices: Vec<usize> = (0..view.len()).collect();
    for (done, chunk) in indices.chunks(BATCH).enumerate() {
        cell.ctx.check()?;
        let values = view.features(shared.trunk.as_ref(), chunk, set.view, cell.ctx)?;
        if set.fold.is_none() && training.was_touched() {
            tracing::warn!(
                "masking {} differs from fold to fold, though it says that it does not learn: its features are not kept",
                masking.card.name
            );
            return file.discard();
        }
        file.write(&values)?;
        cell.ctx.progress().report((done * BATCH + chunk.len()) as u64, indices.len() as u64, "images");
    }
    file.finish()
}

impl SharedTrunk {
    fn none_kept(&self) -> Features {
        let files = (0..self.views).map(|_| None).collect();
        Features { key: self.key, precision: self.precision, files }
    }

    /// Opens what was kept of these sets, in folders beside them.
    pub(super) fn open(&self, sets: &[Arc<FeatureSet>], folders: &[Option<PathBuf>]) -> Result<Features> {
        let mut features = self.none_kept();
        for (set, folder) in sets.iter().zip(folders) {
            if let Some(folder) = folder {
                features.files[set.view] = FeatureFile::open(folder, set.layout.clone())?;
            }
        }
        Ok(features)
    }

    /// Scores of examples from their features, where the model has a head for them.
    pub(super) fn predict(
        &self,
        fitted: &dyn Fitted,
        examples: &Masked<'_>,
        indices: &[usize],
        ctx: &Ctx,
    ) -> Result<Scores> {
        let Some(head) = fitted.head() else {
            return Ok(fitted.predict(&examples.batch(indices)?, ctx)?);
        };
        if head.trunk() != self.key {
            let (expected, found) = (self.key.short(), head.trunk().short());
            return Err(CoreError::shape("key of the head's trunk", expected, found).into());
        }
        Ok(head.scores(&examples.features(self.trunk.as_ref(), indices, 0, ctx)?, ctx)?)
    }
}
