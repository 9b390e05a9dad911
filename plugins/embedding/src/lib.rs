#![doc = include_str!("../README.md")]

mod figures;
mod groups;
mod measures;
mod views;

use eyepatch_core::{Ctx, Evidence, Figure, Finding, Layers, Params, Probe, ProbeCard, Result, plugin};
use serde::{Deserialize, Serialize};

/// What a model's embeddings say of maskings, labels and columns. Its fields are the plugin's parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Embedding {
    /// The layer, one of those that the model marks; without it the last one, from which outputs are computed.
    pub layer: Option<String>,
    /// Columns whose values are groups beside maskings and classes.
    pub columns: Vec<String>,
    /// Perplexity of the map: how many neighbours count, effectively; 1 to 500.
    pub perplexity: f64,
    /// Nearest neighbours that purity looks at, 1 or more.
    pub neighbours: usize,
    /// Permutations of each test of two groups, 0 for none.
    pub permutations: usize,
    /// Points of a figure, and rows of a test, at most; 100 to 20,000. Of more images whole patients are left out.
    pub points: usize,
    /// Coverage of two-sided intervals, above 0 and below 1.
    pub level: f64,
}

impl Default for Embedding {
    /// The study's perplexity of 10, 10 neighbours, 199 permutations, 2,000 points.
    fn default() -> Self {
        Self {
            layer: None,
            columns: Vec::new(),
            perplexity: 10.0,
            neighbours: 10,
            permutations: 199,
            points: 2_000,
            level: 0.95,
        }
    }
}

impl Embedding {
    /// Also groups images by these columns.
    #[must_use]
    pub fn columns<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.columns.extend(columns.into_iter().map(Into::into));
        self
    }

    /// Of this layer.
    #[must_use]
    pub fn layer(self, layer: impl Into<String>) -> Self {
        Self { layer: Some(layer.into()), ..self }
    }
}

impl Params for Embedding {
    fn check(&self) -> Result<(), String> {
        if !(1.0..=500.0).contains(&self.perplexity) {
            return Err(format!("`perplexity` is {}: it must be from 1 to 500", self.perplexity));
        }
        if self.neighbours == 0 {
            return Err("`neighbours` is 0: give 1 or more".into());
        }
        if !(100..=20_000).contains(&self.points) {
            return Err(format!("`points` is {}: it must be from 100 to 20,000", self.points));
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(format!("`level` is {}: it must lie between 0 and 1, for instance 0.95", self.level));
        }
        Ok(())
    }
}

/// Similarity of masked embeddings to full ones, how far groups lie apart, and maps of two dimensions.
#[plugin("eyepatch/embedding", revision = 2)]
impl Probe for Embedding {
    fn card(&self) -> ProbeCard {
        let layer = self.layer.as_deref().unwrap_or("the last layer, from which outputs are computed");
        ProbeCard {
            name: "Embeddings".into(),
            description: format!(
                "What the full-image model of the first fold makes of its tested images, at {layer}. Similarity is the cosine of a \
                 masked image's embedding and that of the same image in full; beside it stand the same to the full images of all \
                 other patients and to images of noise, without which a high number says nothing. Means are over patients with a \
                 {} % interval. Silhouette (Rousseeuw 1987) and the share of the {} nearest neighbours that are of one's own group \
                 say how far groups lie apart, and the maximum mean discrepancy (Gretton et al. 2012), with a test that permutes \
                 patients, whether two groups are distributed alike; there each patient has one image.",
                100.0 * self.level,
                self.neighbours
            ),
        }
    }

    fn reads(&self) -> Layers {
        if self.layer.is_some() { Layers::All } else { Layers::Last }
    }

    fn examine(&self, evidence: &Evidence<'_>, ctx: &Ctx) -> Result<Vec<Finding>> {
        measures::findings(self, evidence, ctx)
    }

    fn figures(&self, evidence: &Evidence<'_>, _: &[Finding], ctx: &Ctx) -> Result<Vec<Figure>> {
        figures::figures(self, evidence, ctx)
    }
}
