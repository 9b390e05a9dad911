use std::collections::BTreeMap;

use eyepatch_stats::{exact_interval, student_quantile};
use serde::{Deserialize, Serialize};

use crate::error::within;
use crate::{MapsError, NotEstimable};

/// One image's value of a measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation<'a> {
    /// The patient.
    pub patient: &'a str,
    /// The value.
    pub value: f64,
}

/// The mean of a measure over patients: each patient counts once, with the mean of the own images. Student's t over
/// patients.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusteredMean {
    /// Mean of the patients' means.
    pub mean: f64,
    /// Its standard error: the patients' standard deviation (over n - 1) by the root of their number.
    pub se: f64,
    /// Lower end of the two-sided interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Coverage of the interval, for instance 0.95.
    pub level: f64,
    /// Images.
    pub n_images: usize,
    /// Patients, at least 2.
    pub n_patients: usize,
}

impl ClusteredMean {
    /// The one-sided upper bound of coverage `level`: the true mean lies below it in `level` of studies.
    ///
    /// # Errors
    /// [`MapsError::OutOfRange`] unless 0 < `level` < 1.
    pub fn upper_bound(&self, level: f64) -> Result<f64, MapsError> {
        within("level", "between 0 and 1", level, level > 0.0 && level < 1.0)?;
        let t = student_quantile(1.0 - level, self.n_patients.saturating_sub(1) as f64);
        // An error of 0 leaves no doubt, whatever the quantile.
        Ok(if self.se == 0.0 { self.mean } else { self.mean + t * self.se })
    }

    /// The one-sided lower bound of coverage `level`.
    ///
    /// # Errors
    /// As [`ClusteredMean::upper_bound`].
    pub fn lower_bound(&self, level: f64) -> Result<f64, MapsError> {
        Ok(2.0 * self.mean - self.upper_bound(level)?)
    }
}

/// The mean over patients with a two-sided interval of coverage `level`.
///
/// # Errors
/// [`NotEstimable::TooFew`] below 2 patients; [`MapsError::NotFinite`]; [`MapsError::OutOfRange`] unless 0 < `level`
/// < 1.
pub fn clustered_mean(images: &[Observation<'_>], level: f64) -> Result<ClusteredMean, MapsError> {
    within("level", "between 0 and 1", level, level > 0.0 && level < 1.0)?;
    if let Some(index) = images.iter().position(|o| !o.value.is_finite()) {
        return Err(MapsError::NotFinite { what: "the value", index });
    }
    let means = patient_means(images.iter().map(|o| (o.patient, o.value)));
    let n = means.len();
    if n < 2 {
        return Err(NotEstimable::TooFew { what: "patients".into(), n, needed: 2 }.into());
    }
    let mean = means.iter().sum::<f64>() / n as f64;
    let squares: f64 = means.iter().map(|m| (m - mean).powi(2)).sum();
    let se = (squares / (n - 1) as f64 / n as f64).sqrt();
    let half = student_quantile((1.0 - level) / 2.0, (n - 1) as f64) * se;
    Ok(ClusteredMean {
        mean,
        se,
        lower: mean - half,
        upper: mean + half,
        level,
        n_images: images.len(),
        n_patients: n,
    })
}

/// How the interval of a share was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ShareMethod {
    /// Clopper and Pearson's exact one, where each patient has one image.
    Exact,
    /// Student's t over the patients' shares, cut at 0 and 1.
    Clustered,
    /// Clopper and Pearson's over patients, where all images of all patients agree and t has no width.
    ExactPatients,
}

/// A share of images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusteredShare {
    /// Images that count.
    pub count: usize,
    /// All images.
    pub n_images: usize,
    /// Patients.
    pub n_patients: usize,
    /// Mean of the patients' shares; the images' share where each patient has one.
    pub share: f64,
    /// Lower end of the two-sided interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Coverage, for instance 0.95.
    pub level: f64,
    /// How the interval was made.
    pub method: ShareMethod,
}

/// The share of images that count, each patient with the own images' share, and its interval of coverage `level`. See
/// [`ShareMethod`] for which is taken.
///
/// # Errors
/// [`NotEstimable::TooFew`] without images, or below 2 patients where one's images disagree;
/// [`MapsError::OutOfRange`] unless 0 < `level` < 1.
pub fn clustered_share(images: &[(&str, bool)], level: f64) -> Result<ClusteredShare, MapsError> {
    within("level", "between 0 and 1", level, level > 0.0 && level < 1.0)?;
    if images.is_empty() {
        return Err(NotEstimable::TooFew { what: "images".into(), n: 0, needed: 1 }.into());
    }
    let observations: Vec<Observation<'_>> = images
        .iter()
        .map(|&(patient, counts)| Observation { patient, value: f64::from(u8::from(counts)) })
        .collect();
    let means = patient_means(observations.iter().map(|o| (o.patient, o.value)));
    let (n_images, n_patients) = (images.len(), means.len());
    let count = images.iter().filter(|i| i.1).count();
    let (share, (lower, upper), method) = if n_patients == n_images {
        (count as f64 / n_images as f64, exact_interval(count, n_images, level)?, ShareMethod::Exact)
    } else if count == 0 || count == n_images {
        let all = if count == 0 { 0 } else { n_patients };
        (f64::from(u8::from(count > 0)), exact_interval(all, n_patients, level)?, ShareMethod::ExactPatients)
    } else {
        let found = clustered_mean(&observations, level)?;
        (found.mean, (found.lower.max(0.0), found.upper.min(1.0)), ShareMethod::Clustered)
    };
    Ok(ClusteredShare { count, n_images, n_patients, share, lower, upper, level, method })
}

/// Each patient's mean, in the order of their names.
fn patient_means<'a>(values: impl Iterator<Item = (&'a str, f64)>) -> Vec<f64> {
    let mut sums: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
    for (patient, value) in values {
        let sum = sums.entry(patient).or_default();
        sum.0 += value;
        sum.1 += 1;
    }
    sums.into_values().map(|(sum, n)| sum / n as f64).collect()
}

#[cfg(test)]
#[path = "clustered_tests.rs"]
mod tests;
