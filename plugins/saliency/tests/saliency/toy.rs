//! Models with closed forms, and asking an explainer about them.

use std::path::Path;

use eyepatch_core::{
    Activations, Attribution, Batch, Budget, Ctx, Error, Explainer, Fitted, Gradients, Image, LayerGradients,
    Mask, OutputSpace, Pixels, Result, Roi, Sample, Scores, Subject,
};
use eyepatch_testkit::FullScale;

/// Output = sum of weight times value, and of half the curvature times its square.
pub(crate) struct Quadratic {
    pub(crate) weights: Vec<f32>,
    pub(crate) curvature: f32,
    classes: Vec<String>,
}

impl Quadratic {
    pub(crate) fn new(weights: &[f32], curvature: f32) -> Self {
        Self { weights: weights.to_vec(), curvature, classes: vec!["c".into()] }
    }
}

impl Fitted for Quadratic {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn predict(&self, batch: &Batch, _ctx: &Ctx) -> Result<Scores> {
        let values = batch.host_f32()?;
        let one = |(v, w): (&f32, &f32)| w * v + 0.5 * self.curvature * v * v;
        let sum = |image: &[f32]| image.iter().zip(&self.weights).map(one).sum::<f32>();
        Scores::new(1, OutputSpace::Logits, values.chunks_exact(self.weights.len()).map(sum).collect())
    }

    fn save(&self, _folder: &Path) -> Result<()> {
        Ok(())
    }

    fn gradients(&self) -> Option<&dyn Gradients> {
        Some(self)
    }
}

impl Gradients for Quadratic {
    fn input_gradient(&self, batch: &Batch, _class: usize, _ctx: &Ctx) -> Result<Vec<f32>> {
        let values = batch.host_f32()?;
        Ok(values.iter().zip(self.weights.iter().cycle()).map(|(v, w)| w + self.curvature * v).collect())
    }
}

/// A model with two layers, `map` and behind it `dot` of one place, that gives the activations and gradients that it was
/// told, and gradients with respect to its input where it was told some.
pub(crate) struct Told {
    pub(crate) map: LayerGradients,
    pub(crate) input: Option<Vec<f32>>,
    classes: Vec<String>,
}

impl Told {
    pub(crate) fn new(shape: [usize; 4], activations: &[f32], gradients: &[f32]) -> Self {
        let (activations, gradients) = (activations.to_vec(), gradients.to_vec());
        let map = LayerGradients { shape, activations, gradients };
        Self { map, input: None, classes: vec!["c".into()] }
    }
}

impl Fitted for Told {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn predict(&self, batch: &Batch, _ctx: &Ctx) -> Result<Scores> {
        Scores::new(1, OutputSpace::Logits, vec![0.25; batch.n])
    }

    fn save(&self, _folder: &Path) -> Result<()> {
        Ok(())
    }

    fn activations(&self) -> Option<&dyn Activations> {
        Some(self)
    }

    fn gradients(&self) -> Option<&dyn Gradients> {
        self.input.is_some().then_some(self as &dyn Gradients)
    }
}

impl Gradients for Told {
    fn input_gradient(&self, _batch: &Batch, _class: usize, _ctx: &Ctx) -> Result<Vec<f32>> {
        Ok(self.input.clone().unwrap_or_default())
    }
}

impl Activations for Told {
    fn layers(&self) -> Vec<String> {
        vec!["map".into(), "dot".into()]
    }

    fn activations(&self, layer: &str, _batch: &Batch, _ctx: &Ctx) -> Result<([usize; 4], Vec<f32>)> {
        match layer {
            "map" => Ok((self.map.shape, self.map.activations.clone())),
            "dot" => Ok(([1; 4], vec![1.0])),
            _ => Err(Error::Unsupported { what: "the toy".into(), capability: format!("layer `{layer}`") }),
        }
    }

    fn activation_gradients(
        &self,
        layer: &str,
        batch: &Batch,
        _class: usize,
        ctx: &Ctx,
    ) -> Result<LayerGradients> {
        let (shape, activations) = Activations::activations(self, layer, batch, ctx)?;
        let gradients = if layer == "map" { self.map.gradients.clone() } else { vec![1.0] };
        Ok(LayerGradients { shape, activations, gradients })
    }
}

/// A sample of one channel or three, whose values come channel by channel.
pub(crate) fn sample(width: usize, height: usize, values: &[f32]) -> Sample {
    let pixels = width * height;
    let channels = values.len() / pixels;
    let interleaved = (0..values.len()).map(|i| values[i % channels * pixels + i / channels]).collect();
    let image = Image::new(width, height, channels, Pixels::F32(interleaved)).unwrap();
    let roi = Roi::single(Mask::filled(width, height, true)).unwrap();
    Sample { id: "s".into(), patient: "p".into(), labels: vec![Some(true)], image, roi }
}

/// What the explainer says of a class, with seed 1.
pub(crate) fn explain(
    explainer: &dyn Explainer,
    model: &dyn Fitted,
    (sample, class): (&Sample, usize),
    budget: Budget,
) -> Result<Attribution> {
    explainer.explain(
        model,
        Subject { sample, class, preprocess: &FullScale, others: &[] },
        budget,
        &Ctx::for_tests(1),
    )
}

/// Enough evaluations for anything here, in batches of 7.
pub(crate) const PLENTY: Budget = Budget { evaluations: 1_000_000, batch: 7 };

pub(crate) fn assert_near(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((f64::from(*a) - b).abs() <= tolerance, "{what}: {a} and {b} at {i}");
    }
}
