use eyepatch_core::{
    Attribution, Budget, Ctx, Explained, Explainer, ExplainerCard, Fitted, Params, Preprocess, Result,
    Sample, Subject, Subjects, plugin,
};
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::images::Task;
use super::run;
use crate::{Baseline, Players, kernel};

/// Kernel SHAP: Shapley values of parts of an image. Its fields are the plugin's parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShapKernel {
    /// Which parts of the image play.
    pub players: Players,
    /// What hidden parts become; of several, the values are the mean, and the budget is shared.
    pub baselines: Vec<Baseline>,
    /// Stop early once the largest standard error is at most this share of the values' range; above 0, at most 1.
    pub target: Option<f64>,
}

impl Default for ShapKernel {
    fn default() -> Self {
        Self { players: Players::default(), baselines: vec![Baseline::Black], target: None }
    }
}

impl Params for ShapKernel {
    fn check(&self) -> Result<(), String> {
        self.players.check()?;
        run::check(&self.baselines, self.target)
    }
}

impl ShapKernel {
    fn run(&self, task: Task<'_>) -> Result<Explanation> {
        run::by_players(task, &self.baselines, self.players, self.target, |game, sampling, ctx| {
            kernel(game, sampling, &mut ctx.rng("shap kernel"))
        })
    }

    /// All of `classes` (by index) from the same evaluations, with all that is known of the result; without images of other
    /// patients.
    ///
    /// # Errors
    /// As [`Explainer::explain`].
    pub fn explanation(
        &self,
        fitted: &dyn Fitted,
        (sample, classes): (&Sample, &[usize]),
        preprocess: &dyn Preprocess,
        budget: Budget,
        ctx: &Ctx,
    ) -> Result<Explanation> {
        self.run(Task { fitted, sample, others: &[], preprocess, classes, budget, ctx })
    }
}

/// Shapley values by weighted least squares.
#[plugin("eyepatch/shap-kernel")]
impl Explainer for ShapKernel {
    fn card(&self) -> ExplainerCard {
        ExplainerCard {
            name: "Kernel SHAP".into(),
            description: format!(
                "Shapley values by weighted least squares over pairs of complementary coalitions (Lundberg & Lee 2017; Covert & Lee 2021); exact where the budget covers all coalitions. \
                 The players are {}, each one's value spread evenly over its pixels. Hidden players are {}.",
                self.players.words(),
                run::words(&self.baselines)
            ),
            additive: true,
        }
    }

    fn explain(
        &self,
        fitted: &dyn Fitted,
        subject: Subject<'_>,
        budget: Budget,
        ctx: &Ctx,
    ) -> Result<Attribution> {
        run::attribution(fitted, subject, budget, ctx, |task| self.run(task))
    }

    fn explain_classes(
        &self,
        fitted: &dyn Fitted,
        subjects: Subjects<'_>,
        budget: Budget,
        ctx: &Ctx,
    ) -> Result<Explained> {
        run::explained(fitted, subjects, budget, ctx, |task| self.run(task))
    }
}
