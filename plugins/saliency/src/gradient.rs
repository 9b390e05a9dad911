use eyepatch_core::{
    Attribution, Budget, Ctx, Explainer, ExplainerCard, Fitted, Params, Registered, Result, Subject, plugin,
};
use rand_core::RngCore;
use serde::{Deserialize, Serialize};

use crate::asked::Asked;

/// Input times gradient. It has no parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InputXGradient {}

impl Params for InputXGradient {}

/// Each value of the network's input times the output's gradient with respect to it (Shrikumar et al. 2016).
#[plugin("eyepatch/input-x-gradient")]
impl Explainer for InputXGradient {
    fn card(&self) -> ExplainerCard {
        ExplainerCard {
            name: "Input x gradient".into(),
            description: "Value of the network's input times the gradient with respect to it, summed over channels \
                          (Shrikumar et al. 2016, arXiv:1605.01713v1). What it compares with, and the base, is a network \
                          input of zeros. Values add up to output minus base only for a model that is linear in between."
                .into(),
            additive: false,
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
        asked.passes(budget, 2, (1, 1), "the image, an input of zeros and the gradient")?;
        let image = asked.image()?;
        let outputs = (asked.output(&image)?, asked.output(&image.zeros())?);
        let mut gradient = Vec::new();
        let itself = |_: usize, values: &mut Vec<f32>| values.extend_from_slice(&image.values);
        asked.gradients(&image, 1, itself, |_, g| gradient.extend_from_slice(g))?;
        let values = image.over_channels(|i| f64::from(image.values[i]) * f64::from(gradient[i]));
        Ok(asked.attribution(image.grid(), values, outputs))
    }
}

/// SmoothGrad. Its fields are the plugin's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmoothGrad {
    /// Noisy copies of the image, 1 to 10,000.
    pub samples: usize,
    /// Standard deviation of the noise, as a fraction of the range of the network input's values; 0 to 1.
    pub noise: f64,
    /// Whether gradients are squared before they are averaged (SmoothGrad-Squared): values then have no sign.
    pub squared: bool,
}

impl Default for SmoothGrad {
    fn default() -> Self {
        Self { samples: 50, noise: 0.15, squared: false }
    }
}

impl Params for SmoothGrad {
    fn check(&self) -> Result<(), String> {
        passes_fit("samples", self.samples, 1)?;
        if !(0.0..=1.0).contains(&self.noise) {
            return Err(format!("`noise` is {}: it must be from 0 to 1", self.noise));
        }
        Ok(())
    }
}

/// That the number of gradients asked for lies from `least` to 10,000.
pub(crate) fn passes_fit(parameter: &str, n: usize, least: usize) -> Result<(), String> {
    if (least..=10_000).contains(&n) {
        return Ok(());
    }
    Err(format!("`{parameter}` is {n}: it must be from {least} to 10000"))
}

/// The mean gradient over noisy copies of the image (Smilkov et al. 2017, arXiv:1706.03825).
#[plugin("eyepatch/smoothgrad")]
impl Explainer for SmoothGrad {
    fn card(&self) -> ExplainerCard {
        let (name, what) = match self.squared {
            true => ("SmoothGrad-Squared", "squared gradient (Hooker et al. 2019, arXiv:1806.10758)"),
            false => ("SmoothGrad", "gradient (Smilkov et al. 2017, arXiv:1706.03825)"),
        };
        ExplainerCard {
            name: name.into(),
            description: format!(
                "Mean {what} over {} copies of the network's input with Gaussian noise of {} % of its range, summed over \
                 channels. It tells to what the output is sensitive, not what it is made of: values do not add up to \
                 it. The base is the output on a network input of zeros. Where the budget is short, there are fewer copies.",
                self.samples,
                100.0 * self.noise
            ),
            additive: false,
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
        let parts = "the image, an input of zeros and a noisy copy";
        let n = asked.passes(budget, 2, (1, self.samples), parts)?;
        let image = asked.image()?;
        let outputs = (asked.output(&image)?, asked.output(&image.zeros())?);
        let (low, high) = image.values.iter().fold((f32::MAX, f32::MIN), |(l, h), &v| (l.min(v), h.max(v)));
        let sigma = self.noise * (f64::from(high) - f64::from(low));
        let mut rng = ctx.rng("noise of smoothgrad");
        let mut sums = vec![0.0; image.values.len()];
        asked.gradients(
            &image,
            n,
            |_, values| {
                let noisy = |&v: &f32| (f64::from(v) + sigma * normal(&mut rng)) as f32;
                values.extend(image.values.iter().map(noisy));
            },
            |_, gradient| {
                for (sum, g) in sums.iter_mut().zip(gradient.iter().map(|&g| f64::from(g))) {
                    *sum += if self.squared { g * g } else { g };
                }
            },
        )?;
        let values = image.over_channels(|i| sums[i] / n as f64);
        Ok(asked.attribution(image.grid(), values, outputs))
    }
}

/// A standard normal number, by Box and Muller's transform.
fn normal(rng: &mut impl RngCore) -> f64 {
    let mut uniform = || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let (u, v) = (uniform(), uniform());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}
