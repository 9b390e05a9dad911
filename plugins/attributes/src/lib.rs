#![doc = include_str!("../README.md")]

mod features;
mod finding;
mod matter;
mod readable;

use eyepatch_core::{Ctx, Evidence, Figure, Finding, Layers, Params, Probe, ProbeCard, Result, plugin};
use serde::{Deserialize, Serialize};

/// Whether columns of the table can be read from a model's features, and whether they matter. Its fields are the plugin's parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attributes {
    /// The columns: texts of at most 8 values, or numbers, which are asked for their upper half. One that the table lacks is left
    /// out, and said so.
    pub columns: Vec<String>,
    /// Names of the maskings under which features are read; without any the full image, the first that hides the region and the
    /// first that shows nothing else.
    pub maskings: Vec<String>,
    /// Principal components of the features that a regression sees, 1 to 256.
    pub components: usize,
    /// Folds of patients in which a regression is tested, 2 to 20.
    pub folds: usize,
    /// Permutations of each test, 0 for none.
    pub permutations: usize,
    /// Coverage of two-sided intervals, above 0 and below 1.
    pub level: f64,
}

impl Default for Attributes {
    /// Camera, site, view, sex and age; 32 components, 5 folds, 99 permutations.
    fn default() -> Self {
        Self::of(["camera", "site", "view", "sex", "age"])
    }
}

impl Attributes {
    /// Asks for these columns.
    #[must_use]
    pub fn of<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self {
            columns: columns.into_iter().map(Into::into).collect(),
            maskings: Vec::new(),
            components: 32,
            folds: 5,
            permutations: 99,
            level: 0.95,
        }
    }
}

impl Params for Attributes {
    fn check(&self) -> Result<(), String> {
        if self.columns.is_empty() {
            return Err("`columns` is empty: name what is asked for, for instance `camera`".into());
        }
        if let Some((_, twice)) =
            self.columns.iter().enumerate().find(|(i, c)| self.columns[..*i].contains(c))
        {
            return Err(format!("`columns` has `{twice}` twice"));
        }
        if !(1..=256).contains(&self.components) {
            return Err(format!("`components` is {}: it must be from 1 to 256", self.components));
        }
        if !(2..=20).contains(&self.folds) {
            return Err(format!("`folds` is {}: it must be from 2 to 20", self.folds));
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(format!("`level` is {}: it must lie between 0 and 1, for instance 0.95", self.level));
        }
        Ok(())
    }
}

/// Reads columns from frozen features layer by layer, and asks whether the full-image model's answer owes anything to them.
#[plugin("eyepatch/attributes", revision = 2)]
impl Probe for Attributes {
    fn card(&self) -> ProbeCard {
        ProbeCard {
            name: "Attributes".into(),
            description: format!(
                "Can {} be read from what the full-image model of the first fold makes of its tested images? At every layer that the \
                 model marks a logistic regression sees the {} first principal components of the layer's features and is tested on \
                 patients that it has not seen, in {} folds; its p is the share of {} permutations of patients' answers that do as \
                 well, and its interval allows for folds that learn from each other. What can be read need not be used. So beside it \
                 stand the association of the column with each class, the AUC of the full-image model within each value, and what it \
                 loses when images are weighted so that the column says nothing of the class, with a one-sided p of no loss. \
                 Intervals are clustered by patient; p values are not adjusted for their number.",
                self.columns.join(", "),
                self.components,
                self.folds,
                self.permutations
            ),
        }
    }

    fn reads(&self) -> Layers {
        Layers::All
    }

    fn examine(&self, evidence: &Evidence<'_>, ctx: &Ctx) -> Result<Vec<Finding>> {
        let mut found = readable::findings(self, evidence, ctx)?;
        found.extend(matter::findings(self, evidence, ctx)?);
        Ok(found)
    }

    fn figures(&self, _: &Evidence<'_>, found: &[Finding], _: &Ctx) -> Result<Vec<Figure>> {
        Ok(readable::figures(found))
    }
}
