#![doc = include_str!("../README.md")]

mod baseline;
mod encode;

use eyepatch_core::{Ctx, Evidence, Finding, Params, Probe, ProbeCard, Result, plugin};
use serde::{Deserialize, Serialize};

/// How well metadata alone tell the classes, and what images add. Its fields are the plugin's parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tabular {
    /// Columns of the data set's table that the regression sees.
    pub columns: Vec<String>,
    /// Those of them whose texts are taken as the numbers 0, 1, 2, ... in the order of the texts, as the study took cameras. All other
    /// texts are one-hot.
    pub ordinal: Vec<String>,
    /// Coverage of two-sided intervals, above 0 and below 1.
    pub level: f64,
}

impl Default for Tabular {
    /// Age, sex and view, as the study's baseline for chest films.
    fn default() -> Self {
        Self::of(["age", "sex", "view"])
    }
}

impl Tabular {
    /// A baseline that sees these columns.
    #[must_use]
    pub fn of<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), ordinal: Vec::new(), level: 0.95 }
    }

    /// Also takes the texts of this column as numbers, as published. The column is added where it is not there yet.
    #[must_use]
    pub fn ordinal(mut self, column: impl Into<String>) -> Self {
        let column = column.into();
        if !self.columns.contains(&column) {
            self.columns.push(column.clone());
        }
        self.ordinal.push(column);
        self
    }
}

impl Params for Tabular {
    fn check(&self) -> Result<(), String> {
        if self.columns.is_empty() {
            return Err("`columns` is empty: name what the regression sees, for instance `age`".into());
        }
        if let Some((i, twice)) =
            self.columns.iter().enumerate().find(|(i, c)| self.columns[..*i].contains(c))
        {
            return Err(format!("`columns` has `{twice}` twice, the second time in place {}", i + 1));
        }
        if let Some(other) = self.ordinal.iter().find(|c| !self.columns.contains(c)) {
            return Err(format!("`ordinal` has `{other}`, which is none of the columns"));
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(format!("`level` is {}: it must lie between 0 and 1, for instance 0.95", self.level));
        }
        Ok(())
    }
}

/// A logistic regression on metadata, fitted to the training rows of each fold and asked about its tested rows; and each image
/// model less this baseline, on the same images.
#[plugin("eyepatch/tabular", revision = 3)]
impl Probe for Tabular {
    fn card(&self) -> ProbeCard {
        let ordinal = match self.ordinal.as_slice() {
            [] => String::new(),
            some => format!(" ({} as numbers in the order of their values, as published)", some.join(", ")),
        };
        ProbeCard {
            name: "Metadata baseline".into(),
            description: format!(
                "A logistic regression that sees no image, only {}{ordinal}: texts are one-hot, numbers standardised, what is \
                 missing is a value of its own. It is fitted to the training rows of each fold and asked about its tested rows. \
                 Image models are held against it on the same images: mean over folds of the within-fold AUC of the one less \
                 that of the other, with a {} % interval whose variance is clustered by patient, which DeLong's test leaves out, \
                 and allows for folds that learn from each other. p is one-sided: that the image model is no better; it is not adjusted for the number of classes and models.",
                self.columns.join(", "),
                100.0 * self.level
            ),
        }
    }

    fn examine(&self, evidence: &Evidence<'_>, ctx: &Ctx) -> Result<Vec<Finding>> {
        baseline::findings(self, evidence, ctx)
    }
}
