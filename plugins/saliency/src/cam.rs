use eyepatch_core::{
    Attribution, Budget, Ctx, Explainer, ExplainerCard, Fitted, LayerGradients, Params, Registered, Result,
    Subject, plugin,
};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::asked::Asked;

/// Grad-CAM. Its fields are the plugin's parameters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GradCam {
    /// The layer, one of those that the model names; none: the last one whose activations have more than one place.
    pub layer: Option<String>,
    /// Whether to keep what speaks against the class, which the paper sets to 0.
    pub signed: bool,
}

/// Grad-CAM++. Its fields are the plugin's parameters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GradCamPlusPlus {
    /// As [`GradCam::layer`].
    pub layer: Option<String>,
    /// As [`GradCam::signed`].
    pub signed: bool,
}

fn layer_is_named(layer: Option<&str>) -> Result<(), String> {
    if layer.is_some_and(|l| l.trim().is_empty()) {
        return Err("`layer` is empty: name one of the model's, or leave it out".into());
    }
    Ok(())
}

impl Params for GradCam {
    fn check(&self) -> Result<(), String> {
        layer_is_named(self.layer.as_deref())
    }
}

impl Params for GradCamPlusPlus {
    fn check(&self) -> Result<(), String> {
        layer_is_named(self.layer.as_deref())
    }
}

fn description(weights: &str, layer: Option<&str>, signed: bool) -> String {
    let layer = layer.map_or("the last layer with more than one place".into(), |l| format!("layer `{l}`"));
    let sign = if signed { "with its sign" } else { "where it is positive" };
    format!(
        "Sum of the activations of {layer}, each channel times {weights}, {sign}. The map has that layer's rows and columns. \
         Values do not add up to the output. The base is the output on a network input of zeros."
    )
}

/// Activations of a layer, weighted by their channels' mean gradients (Selvaraju et al. 2017, equations 1 and 2).
#[plugin("eyepatch/grad-cam")]
impl Explainer for GradCam {
    fn card(&self) -> ExplainerCard {
        let weights =
            "the mean of the output's gradient over its plane (Selvaraju et al. 2017, equations 1 and 2)";
        let description = description(weights, self.layer.as_deref(), self.signed);
        ExplainerCard { name: "Grad-CAM".into(), description, additive: false }
    }

    fn explain(
        &self,
        fitted: &dyn Fitted,
        subject: Subject<'_>,
        budget: Budget,
        ctx: &Ctx,
    ) -> Result<Attribution> {
        let mut asked = Asked::new(fitted, subject, budget, ctx, <Self as Registered>::ID)?;
        explain(&mut asked, self.layer.as_deref(), self.signed, budget, |_, _, gradients| {
            Ok(gradients.iter().map(|&g| f64::from(g)).sum::<f64>() / gradients.len() as f64)
        })
    }
}

/// Grad-CAM whose weights heed where in a channel the gradient is positive (Chattopadhay et al. 2018, equation 19).
#[plugin("eyepatch/grad-cam-plus-plus")]
impl Explainer for GradCamPlusPlus {
    fn card(&self) -> ExplainerCard {
        let weights = "a weighted sum of the output's positive gradients (Chattopadhay et al. 2018, equation 19, \
                       of the exponential of the output, whose own factor is left out)";
        let description = description(weights, self.layer.as_deref(), self.signed);
        ExplainerCard { name: "Grad-CAM++".into(), description, additive: false }
    }

    fn explain(
        &self,
        fitted: &dyn Fitted,
        subject: Subject<'_>,
        budget: Budget,
        ctx: &Ctx,
    ) -> Result<Attribution> {
        let mut asked = Asked::new(fitted, subject, budget, ctx, <Self as Registered>::ID)?;
        explain(&mut asked, self.layer.as_deref(), self.signed, budget, plus_plus)
    }
}

/// Equation 19 divided by the square of the gradient, times the gradient where that is positive.
fn plus_plus(layer: &str, activations: &[f32], gradients: &[f32]) -> Result<f64, Error> {
    let sum: f64 = activations.iter().map(|&a| f64::from(a)).sum();
    let mut weight = 0.0;
    for gradient in gradients.iter().map(|&g| f64::from(g)).filter(|&g| g > 0.0) {
        let denominator = 2.0 + gradient * sum;
        if denominator <= 0.0 {
            return Err(Error::Pole { layer: layer.into(), gradient, sum });
        }
        weight += gradient / denominator;
    }
    Ok(weight)
}

/// A channel's weight from the layer's name, the channel's activations and its gradients.
fn explain(
    asked: &mut Asked<'_>,
    layer: Option<&str>,
    signed: bool,
    budget: Budget,
    weight: impl Fn(&str, &[f32], &[f32]) -> Result<f64, Error>,
) -> Result<Attribution> {
    asked.passes(budget, 2, (1, 1), "the image, an input of zeros and the gradient")?;
    let image = asked.image()?;
    let outputs = (asked.output(&image)?, asked.output(&image.zeros())?);
    let (layer, LayerGradients { shape: [_, _, height, width], activations, gradients }) =
        asked.layer(&image, layer, budget)?;
    let pixels = height * width;
    let mut map = vec![0.0; pixels];
    for (a, g) in activations.chunks_exact(pixels).zip(gradients.chunks_exact(pixels)) {
        let weight = weight(&layer, a, g).map_err(|e| asked.own(e))?;
        map.iter_mut().zip(a).for_each(|(sum, &a)| *sum += weight * f64::from(a));
    }
    let kept = |v: f64| if signed { v } else { v.max(0.0) };
    let values = map.into_iter().map(|v| kept(v) as f32).collect();
    Ok(asked.attribution([height, width], values, outputs))
}
