use serde::{Deserialize, Serialize};

use super::{Check, MapChecks, MapSet, Taken};
use crate::MapsError;
use crate::error::within;
use crate::summary::ClusteredMean;

/// How a check went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// The measure, or its bound, lies on the right side of the threshold.
    Passed,
    /// It does not.
    Failed,
    /// There is no measure.
    NotRun {
        /// Why.
        reason: String,
    },
}

/// One check of a set of maps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Judgement {
    /// Which one.
    pub check: Check,
    /// How it went.
    #[serde(flatten)]
    pub state: State,
    /// The measure: a mean over patients, for additivity the largest.
    pub measured: Option<f64>,
    /// The measure's one-sided bound that was held against the threshold; for additivity the measure.
    pub bound: Option<f64>,
    /// The threshold.
    pub threshold: f64,
    /// Whether the bound must lie below the threshold, or above it.
    pub below: bool,
    /// Whether the set does not pass without it.
    pub required: bool,
}

/// Whether a set of maps counts as evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Judged {
    /// No check failed, and all that are required passed.
    pub passes: bool,
    /// All checks, in the order of [`Check::ALL`].
    pub reasons: Vec<Judgement>,
}

impl Judged {
    /// The checks that keep the set from passing: failed, or required and not run.
    pub fn against(&self) -> impl Iterator<Item = &Judgement> {
        self.reasons.iter().filter(|j| j.speaks_against())
    }
}

impl Judgement {
    fn speaks_against(&self) -> bool {
        match self.state {
            State::Passed => false,
            State::Failed => true,
            State::NotRun { .. } => self.required,
        }
    }
}

impl std::fmt::Display for Judgement {
    /// A sentence for a report: `similarity to maps of randomised weights: 0.62 (bound 0.71), must be below 0.5`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.check {
            Check::Additivity => "largest additivity error",
            Check::RandomisedWeights => "similarity to maps of randomised weights",
            Check::RandomisedLabels => "similarity to maps of a model trained on permuted labels",
            Check::Reseeding => "similarity to maps of another seed",
            Check::Noise => "similarity to maps of slightly noisy images",
            Check::Deletion => "gain of deletion over orders that know nothing",
            Check::Insertion => "gain of insertion over orders that know nothing",
            Check::Explainers => "similarity to other explainers' maps",
            Check::Baselines => "similarity to maps with other baselines",
        };
        if let State::NotRun { reason } = &self.state {
            return write!(f, "{what}: not measured ({reason})");
        }
        let measured = self.measured.unwrap_or(f64::NAN);
        write!(f, "{what}: {measured:.2}")?;
        if let Some(bound) = self.bound.filter(|_| self.check != Check::Additivity) {
            write!(f, " (bound {bound:.2})")?;
        }
        write!(f, ", must be {} {}", if self.below { "below" } else { "above" }, self.threshold)
    }
}

impl MapChecks {
    /// Judges a set of maps by these thresholds.
    ///
    /// # Errors
    /// [`MapsError::OutOfRange`] for a threshold that is not finite or a level outside 0 to 1.
    pub fn judge(&self, set: &MapSet) -> Result<Judged, MapsError> {
        within("level", "between 0 and 1", self.level, self.level > 0.0 && self.level < 1.0)?;
        let reasons = Check::ALL.iter().map(|c| self.one(*c, set)).collect::<Result<Vec<_>, _>>()?;
        Ok(Judged { passes: !reasons.iter().any(Judgement::speaks_against), reasons })
    }

    fn one(&self, check: Check, set: &MapSet) -> Result<Judgement, MapsError> {
        let (mean, threshold, below) = match check {
            Check::Additivity => (None, self.additivity, true),
            Check::RandomisedWeights => (Some(&set.randomised_weights), self.randomised, true),
            Check::RandomisedLabels => (Some(&set.randomised_labels), self.randomised, true),
            Check::Reseeding => (Some(&set.reseeding), self.reseeding, false),
            Check::Noise => (Some(&set.noise), self.noise, false),
            Check::Deletion => (Some(&set.deletion), self.gain, false),
            Check::Insertion => (Some(&set.insertion), self.gain, false),
            Check::Explainers => (Some(&set.explainers), self.agreement, false),
            Check::Baselines => (Some(&set.baselines), self.agreement, false),
        };
        within("a threshold", "finite", threshold, threshold.is_finite())?;
        let found = match mean {
            Some(mean) => self.bounded(mean, below)?,
            None => match &set.additivity {
                Taken::Measured(error) => Ok((*error, *error)),
                Taken::Not(reason) => Err(reason.clone()),
            },
        };
        let (state, measured, bound) = match found {
            Err(reason) => (State::NotRun { reason }, None, None),
            Ok((measured, bound)) => {
                // A NaN passes nothing.
                let holds = if below { bound < threshold } else { bound > threshold };
                (if holds { State::Passed } else { State::Failed }, Some(measured), Some(bound))
            }
        };
        let required = self.required.contains(&check);
        Ok(Judgement { check, state, measured, bound, threshold, below, required })
    }

    /// A mean and the bound on the side of the threshold, or why there is none.
    fn bounded(
        &self,
        mean: &Taken<ClusteredMean>,
        below: bool,
    ) -> Result<Result<(f64, f64), String>, MapsError> {
        Ok(match mean {
            Taken::Not(reason) => Err(reason.clone()),
            Taken::Measured(found) if below => Ok((found.mean, found.upper_bound(self.level)?)),
            Taken::Measured(found) => Ok((found.mean, found.lower_bound(self.level)?)),
        })
    }
}
