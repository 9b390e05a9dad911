use std::time::Instant;

use eyepatch_core::{Attribution, Budget, Ctx, Explained, Fitted, Result, Subject, Subjects};

use super::Explanation;
use super::explanation::Found;
use super::images::{Images, Task};
use crate::sampled::{EXACT_PLAYERS, exact};
use crate::{Baseline, Block, PartitionSettings, Players, Sampling, Shapley, partition};

/// How numbered players are sampled.
pub(super) type Sampler = fn(&mut Images<'_>, Sampling, &Ctx) -> Result<Shapley>;

pub(super) fn by_partition(
    task: Task<'_>,
    baselines: &[Baseline],
    expand: usize,
    target: Option<f64>,
) -> Result<Explanation> {
    let (started, image) = (Instant::now(), &task.sample.image);
    let mut game = Images::new(task, baselines, None)?;
    let whole = Block::image(image.height(), image.width(), image.channels())?;
    let settings = PartitionSettings { evaluations: game.affordable(), expand, target };
    let owen = partition(&mut game, whole, settings)?;
    Ok(explanation(task, &game, Found::Owen(Box::new(owen)), started))
}

/// Numbered players: exact where the budget covers all coalitions, else as `sampler` does.
pub(super) fn by_players(
    task: Task<'_>,
    baselines: &[Baseline],
    players: Players,
    target: Option<f64>,
    sampler: Sampler,
) -> Result<Explanation> {
    let started = Instant::now();
    let segmentation = players.of(task.sample)?;
    let mut game = Images::new(task, baselines, Some(&segmentation))?;
    let (players, evaluations) = (segmentation.players(), game.affordable());
    let shapley = if players <= EXACT_PLAYERS && 1 << players <= evaluations {
        exact(&mut game, players)?
    } else {
        sampler(&mut game, Sampling { players, evaluations, target }, task.ctx)?
    };
    let made = explanation(task, &game, Found::Shapley(segmentation.clone(), shapley), started);
    Ok(made)
}

fn explanation(task: Task<'_>, game: &Images<'_>, found: Found, started: Instant) -> Explanation {
    let image = &task.sample.image;
    Explanation {
        shape: [image.height(), image.width(), image.channels()],
        classes: task.classes.to_vec(),
        space: game.space,
        evaluations: game.evaluations,
        batch: task.budget.batch,
        device: task.ctx.device(),
        seconds: started.elapsed().as_secs_f64(),
        baselines: game.baselines(),
        found,
    }
}

/// One class, as the trait asks; says in the log how far baselines disagree.
pub(super) fn attribution(
    fitted: &dyn Fitted,
    subject: Subject<'_>,
    budget: Budget,
    ctx: &Ctx,
    explain: impl Fn(Task<'_>) -> Result<Explanation>,
) -> Result<Attribution> {
    let Subject { sample, class, preprocess, others } = subject;
    let found = explain(Task { fitted, sample, others, preprocess, classes: &[class], budget, ctx })?;
    if let Some(disagreement) = found.disagreement(0) {
        tracing::info!(sample = %sample.id, class, disagreement, "shap: baselines disagree (0: the same map, 1: nothing in common)");
    }
    Ok(found.attribution(0))
}

/// Several classes, as the trait asks.
pub(super) fn explained(
    fitted: &dyn Fitted,
    subjects: Subjects<'_>,
    budget: Budget,
    ctx: &Ctx,
    explain: impl Fn(Task<'_>) -> Result<Explanation>,
) -> Result<Explained> {
    let Subjects { sample, classes, preprocess, others } = subjects;
    Ok(explain(Task { fitted, sample, others, preprocess, classes, budget, ctx })?.explained())
}

/// Checks what all three explainers have in common.
pub(super) fn check(baselines: &[Baseline], target: Option<f64>) -> Result<(), String> {
    if baselines.is_empty() {
        return Err("`baselines` is empty: name one or several, such as \"black\"".into());
    }
    baselines.iter().try_for_each(|baseline| baseline.check())?;
    match target {
        Some(target) if !(target > 0.0 && target <= 1.0) => {
            Err(format!("`target` is {target}: it must be above 0 and at most 1"))
        }
        _ => Ok(()),
    }
}

/// `black`, or `the mean of black, blur(51,51)`.
pub(super) fn words(baselines: &[Baseline]) -> String {
    let names: Vec<String> = baselines.iter().map(|baseline| baseline.name()).collect();
    match names.as_slice() {
        [one] => one.clone(),
        _ => format!("the mean over {}", names.join(", ")),
    }
}
