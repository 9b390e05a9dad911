//! What finished cells left, by what they are of.

use std::path::{Path, PathBuf};

use eyepatch_core::{Attribution, ScoreSet};
use eyepatch_report::schema::{Check, Training};

use super::measure::Measures;
use super::plan::{Role, SweepPlan};
use super::shared::Shared;
use super::{check, maps, measure, probes, readable, work};
use crate::Result;
use crate::cell::read_json;
use crate::verdict::Readout;

/// Name of a data set's broken twin in its score sets.
pub(super) const BROKEN: &str = "broken";

/// What the cells left.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) scores: Vec<ScoreSet>,
    /// Scores on the twin whose associations are broken.
    pub(super) broken: Vec<ScoreSet>,
    pub(super) attributions: Vec<(usize, Attribution)>,
    pub(super) training: Vec<Training>,
    /// Mean visible share of each evaluation.
    pub(super) visible: Vec<f64>,
    /// What the check of the data set found.
    pub(super) check: Option<Check>,
    /// Maps of many images and their checks.
    pub(super) maps: Vec<maps::Found>,
    /// What embeddings tell of columns.
    pub(super) readouts: Vec<Readout>,
    /// What was measured in the images.
    pub(super) measures: Option<Measures>,
    /// What probes with cells of their own say, by place.
    pub(super) examined: Vec<(usize, probes::Examined)>,
    /// Scores on external data, by place.
    pub(super) abroad: Vec<(usize, ScoreSet)>,
}

impl Gathered {
    pub(super) fn read(plan: &SweepPlan, folders: &[PathBuf]) -> Result<Self> {
        let mut all = Self::of(&plan.shared, plan.roles.iter().zip(folders))?;
        for (role, folder) in plan.roles.iter().zip(folders) {
            let &Role::Abroad { transfer, trained, evaluation, fold } = role else { continue };
            let s = &plan.externals[transfer].shared;
            all.abroad.push((transfer, score_set(s, (trained, evaluation, fold), folder)?));
        }
        Ok(all)
    }

    /// Of some cells.
    pub(super) fn of<'a>(s: &Shared, cells: impl Iterator<Item = (&'a Role, &'a PathBuf)>) -> Result<Self> {
        let mut all = Self::default();
        for (role, folder) in cells {
            match *role {
                Role::Prepare | Role::Split | Role::Features | Role::Elsewhere | Role::Permuted => {}
                Role::Embed | Role::External { .. } | Role::ExternalSurvey | Role::Abroad { .. } => {}
                Role::Examine { probe } => all.examined.push((probe, probes::examined(folder)?)),
                Role::Check => all.check = Some(read_json(&folder.join(check::CHECK_FILE))?),
                Role::Measure => all.measures = Some(read_json(&folder.join(measure::MEASURES_FILE))?),
                Role::Survey => all.visible = read_json(&folder.join(work::SURVEY_FILE))?,
                Role::Fit { trained, fold } => all.training.push(Training {
                    trained: s.trained_name(trained).to_owned(),
                    fold,
                    history: read_json(&folder.join(work::HISTORY_FILE))?,
                }),
                Role::Predict { trained, evaluation, fold } => {
                    all.scores.push(score_set(s, (trained, evaluation, fold), folder)?);
                }
                Role::Broken { fold } => all.broken.push(ScoreSet {
                    trained: s.trained_name(s.full).to_owned(),
                    evaluated: BROKEN.to_owned(),
                    dilation: 0,
                    fold,
                    rows: s.splits.folds[fold].test.clone(),
                    scores: read_json(&folder.join(work::SCORES_FILE))?,
                }),
                Role::Explain => all.attributions = read_json(&folder.join(work::ATTRIBUTIONS_FILE))?,
                Role::Maps => all.maps = read_json(&folder.join(maps::MAPS_FILE))?,
                Role::Read { .. } => {
                    let read: Vec<Readout> = read_json(&folder.join(readable::READABLE_FILE))?;
                    all.readouts.extend(read);
                }
                Role::Scores => all.scores = read_json(&folder.join(work::SCORES_FILE))?,
            }
        }
        Ok(all)
    }

    /// Training maskings, in the order in which they first appear.
    pub(super) fn trained_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for set in &self.scores {
            if !names.contains(&set.trained) {
                names.push(set.trained.clone());
            }
        }
        names
    }
}

/// What a cell of prediction left: a model's scores of the images that its fold tests.
fn score_set(
    s: &Shared,
    (trained, evaluation, fold): (usize, usize, usize),
    folder: &Path,
) -> Result<ScoreSet> {
    let e = &s.evaluations[evaluation];
    Ok(ScoreSet {
        trained: s.trained_name(trained).to_owned(),
        evaluated: s.maskings[e.masking].card.name.clone(),
        dilation: e.dilation,
        fold,
        rows: s.splits.folds[fold].test.clone(),
        scores: read_json(&folder.join(work::SCORES_FILE))?,
    })
}
