#![doc = include_str!("../README.md")]

mod matrix;

use eyepatch_core::{Ctx, Evidence, Finding, Params, Probe, ProbeCard, Result, plugin};
use serde::{Deserialize, Serialize};

/// The AUC of every model on every masking, with its interval. Its fields are the plugin's parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AucMatrix {
    /// Coverage of the two-sided interval, above 0 and below 1.
    pub level: f64,
    /// How far above 0.5 an AUC counts, declared before results are seen; from 0 to below 0.5.
    pub margin: f64,
}

impl Default for AucMatrix {
    fn default() -> Self {
        Self { level: 0.95, margin: 0.05 }
    }
}

impl Params for AucMatrix {
    fn check(&self) -> Result<(), String> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(format!("`level` is {}: it must lie between 0 and 1, for instance 0.95", self.level));
        }
        if !(0.0..0.5).contains(&self.margin) {
            return Err(format!("`margin` is {}: it must be from 0 to below 0.5", self.margin));
        }
        Ok(())
    }
}

/// Mean of within-fold AUCs for every class, training masking, evaluation masking and dilation, patient-clustered.
#[plugin("eyepatch/auc-matrix")]
impl Probe for AucMatrix {
    fn card(&self) -> ProbeCard {
        ProbeCard {
            name: "AUC matrix".into(),
            description: format!(
                "Mean over folds of the within-fold AUC of each model on each masking, with a {} % interval on the \
                 logit scale whose variance is clustered by patient (Obuchowski 1997). p is one-sided against an AUC \
                 of {} or less. Intervals are conditional on the trained models.",
                100.0 * self.level,
                0.5 + self.margin
            ),
        }
    }

    fn examine(&self, evidence: &Evidence<'_>, ctx: &Ctx) -> Result<Vec<Finding>> {
        matrix::findings(self, evidence, ctx)
    }
}
