use eyepatch_core::{
    Attribution, Budget, Ctx, Explainer, ExplainerCard, Fitted, Params, Registered, Result, Subject, plugin,
};
use serde::{Deserialize, Serialize};

use crate::asked::Asked;
use crate::gradient::passes_fit;
use crate::{Cover, Rule};

/// Integrated gradients. Its fields are the plugin's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntegratedGradients {
    /// Where the path begins: the image wholly covered so.
    pub baseline: Cover,
    /// Gradients taken on the path, 1 (2 for the trapezoid) to 10,000.
    pub steps: usize,
    /// Where they are taken, and how much each counts.
    pub rule: Rule,
}

impl Default for IntegratedGradients {
    fn default() -> Self {
        Self { baseline: Cover::Black, steps: 50, rule: Rule::GaussLegendre }
    }
}

impl Params for IntegratedGradients {
    fn check(&self) -> Result<(), String> {
        passes_fit("steps", self.steps, self.rule.least())?;
        self.baseline.check("baseline")
    }
}

/// The gradients on the straight way from a baseline to the image, added up (Sundararajan, Taly & Yan 2017, equation 1).
#[plugin("eyepatch/integrated-gradients")]
impl Explainer for IntegratedGradients {
    fn card(&self) -> ExplainerCard {
        ExplainerCard {
            name: "Integrated gradients".into(),
            description: format!(
                "Difference of image and baseline times the mean gradient on the straight path between them, {} steps \
                 ({:?}), in the network's input space, summed over channels (Sundararajan, Taly & Yan 2017, equation 1). \
                 The baseline is {}. Values add up to output minus base as far as the steps suffice; the error is stated. \
                 Where the budget is short, there are fewer steps.",
                self.steps,
                self.rule,
                self.baseline.words()
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
        let mut asked = Asked::new(fitted, subject, budget, ctx, <Self as Registered>::ID)?;
        let passes = (self.rule.least(), self.steps);
        let n = asked.passes(budget, 2, passes, "the image, the baseline and the steps")?;
        let (image, base) = (asked.image()?, asked.input(&self.baseline.of(&subject.sample.image))?);
        let outputs = (asked.output(&image)?, asked.output(&base)?);
        let between = |i: usize| f64::from(image.values[i]) - f64::from(base.values[i]);
        let (steps, mut mean) = (self.rule.steps(n), vec![0.0; image.values.len()]);
        asked.gradients(
            &image,
            n,
            |step, values| {
                let at = |i: usize| (f64::from(base.values[i]) + steps[step].0 * between(i)) as f32;
                values.extend((0..image.values.len()).map(at));
            },
            |step, gradient| {
                mean.iter_mut().zip(gradient).for_each(|(m, &g)| *m += steps[step].1 * f64::from(g));
            },
        )?;
        let values = image.over_channels(|i| between(i) * mean[i]);
        let sum: f64 = values.iter().map(|&v| f64::from(v)).sum();
        let mut found = asked.attribution(image.grid(), values, outputs);
        found.additivity_error = Some(outputs.0 - outputs.1 - sum);
        Ok(found)
    }
}
