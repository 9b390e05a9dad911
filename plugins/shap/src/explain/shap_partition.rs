use eyepatch_core::{
    Attribution, Budget, Ctx, Explained, Explainer, ExplainerCard, Fitted, Params, Preprocess, Result,
    Sample, Subject, Subjects, plugin,
};
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::images::Task;
use super::run;
use crate::Baseline;

/// Partition SHAP: Owen values of an image's nested boxes. Its fields are the plugin's parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShapPartition {
    /// What hidden parts become; of several, the values are the mean, and the budget is shared.
    pub baselines: Vec<Baseline>,
    /// Boxes divided at a time, 1 to 4096: half of shap's `batch_size`. Values depend on it, as shap's do.
    pub expand: usize,
    /// Stop early once no box that is left may move more than this share of output - base; above 0, at most 1.
    pub target: Option<f64>,
}

impl Default for ShapPartition {
    fn default() -> Self {
        Self { baselines: vec![Baseline::Black], expand: 25, target: None }
    }
}

impl Params for ShapPartition {
    fn check(&self) -> Result<(), String> {
        if !(1..=4096).contains(&self.expand) {
            return Err(format!("`expand` is {}: 1 to 4096 are allowed", self.expand));
        }
        run::check(&self.baselines, self.target)
    }
}

impl ShapPartition {
    fn run(&self, task: Task<'_>) -> Result<Explanation> {
        run::by_partition(task, &self.baselines, self.expand, self.target)
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

/// Owen values over a hierarchy of boxes, as shap's partition explainer.
#[plugin("eyepatch/shap-partition")]
impl Explainer for ShapPartition {
    fn card(&self) -> ExplainerCard {
        ExplainerCard {
            name: "Partition SHAP".into(),
            description: format!(
                "Owen values (Owen 1977) over boxes that are halved where they matter most, as shap's partition \
                 explainer; a box that the budget leaves whole spreads its value evenly. Hidden boxes are {}.",
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
