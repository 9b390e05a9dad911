//! A share of images, with an interval that knows of patients.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{NotEstimable, StatsError, normal_quantile};

/// A share with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The mean over images, 0 to 1.
    pub share: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end of the interval.
    pub upper: f64,
    /// Coverage of the interval, for instance 0.95.
    pub level: f64,
    /// Different patients, at least 2.
    pub n_patients: usize,
}

/// The mean of `values` from 0 to 1, one an image: whether it is called, or the share of several models that call it.
///
/// The interval is two-sided, of coverage `level`: Wilson's (JASA 22, 1927) for as many independent images as would have
/// the variance between patients, I / (I - 1) sum (d - p m)^2 / (sum m)^2 over the I patients with m images whose values add up to d (a
/// ratio estimate; Rao and Scott, Biometrics 48, 1992); for I images where that variance is 0.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a value or level out of its range; [`NotEstimable::LengthMismatch`], [`NotEstimable::Empty`];
/// [`NotEstimable::OnePatient`].
pub fn clustered_share<P: Ord>(values: &[f64], patients: &[P], level: f64) -> Result<Share, StatsError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::OutOfRange { name: "level", range: "between 0 and 1", found: level });
    }
    if let Some(&found) = values.iter().find(|v| !(0.0..=1.0).contains(*v)) {
        return Err(StatsError::OutOfRange { name: "value", range: "from 0 to 1", found });
    }
    if patients.len() != values.len() {
        let (labels, found) = (values.len(), patients.len());
        return Err(NotEstimable::LengthMismatch { what: "patients".into(), labels, found }.into());
    }
    if values.is_empty() {
        return Err(NotEstimable::Empty.into());
    }
    let mut per_patient: BTreeMap<&P, (f64, f64)> = BTreeMap::new();
    for (value, patient) in values.iter().zip(patients) {
        let (images, sum) = per_patient.entry(patient).or_default();
        *images += 1.0;
        *sum += value;
    }
    let n = per_patient.len();
    if n < 2 {
        return Err(NotEstimable::OnePatient { positive: true, n }.into());
    }
    let images = values.len() as f64;
    let share = values.iter().sum::<f64>() / images;
    let squares: f64 = per_patient.values().map(|(m, d)| (d - share * m).powi(2)).sum();
    let variance = n as f64 / (n - 1) as f64 * squares / images.powi(2);
    let worth = if variance > 0.0 { share * (1.0 - share) / variance } else { n as f64 };
    let (lower, upper) = wilson(share, worth, normal_quantile(0.5 + level / 2.0));
    Ok(Share { share, lower, upper, level, n_patients: n })
}

/// Wilson's interval of a share `p` of `n`, `n` not necessarily whole.
fn wilson(p: f64, n: f64, z: f64) -> (f64, f64) {
    let square = z * z / n;
    let centre = (p + square / 2.0) / (1.0 + square);
    let half = z * (p * (1.0 - p) / n + square / (4.0 * n)).sqrt() / (1.0 + square);
    // Rounding must not put an end past the share itself.
    ((centre - half).clamp(0.0, p), (centre + half).clamp(p, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::golden;

    #[test]
    fn agrees_with_statsmodels() {
        // statsmodels 0.15, proportion_confint(7, 20, method="wilson").
        let (lower, upper) = wilson(0.35, 20.0, normal_quantile(0.975));
        assert!((lower - golden::number("wilson_lower")).abs() < 1e-12, "{lower}");
        assert!((upper - golden::number("wilson_upper")).abs() < 1e-12, "{upper}");
    }

    #[test]
    fn what_has_no_interval_is_refused() {
        assert!(clustered_share(&[0.5], &[1], 0.95).is_err());
        assert!(clustered_share::<u8>(&[], &[], 0.95).is_err());
        assert!(clustered_share(&[1.5, 0.0], &[1, 2], 0.95).is_err());
        assert!(clustered_share(&[f64::NAN, 0.0], &[1, 2], 0.95).is_err());
        assert!(clustered_share(&[1.0, 0.0], &[1], 0.95).is_err());
        assert!(clustered_share(&[1.0, 0.0], &[1, 2], 1.0).is_err());
    }

    proptest! {
        /// With one image a patient and values of 0 and 1 the ratio's variance is p (1 - p) / (n - 1): Wilson's interval for n - 1.
        #[test]
        fn with_one_image_a_patient_it_is_wilsons(hits in prop::collection::vec(any::<bool>(), 3..60)) {
            let values: Vec<f64> = hits.iter().map(|h| f64::from(u8::from(*h))).collect();
            let patients: Vec<usize> = (0..values.len()).collect();
            let found = clustered_share(&values, &patients, 0.9).unwrap();
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let worth = if mean == 0.0 || mean == 1.0 { n } else { n - 1.0 };
            let (lower, upper) = wilson(mean, worth, normal_quantile(0.95));
            prop_assert!((found.lower - lower).abs() < 1e-9 && (found.upper - upper).abs() < 1e-9);
        }

        /// A patient's images given twice say nothing new.
        #[test]
        fn copies_leave_it(values in prop::collection::vec(0.0..=1.0f64, 3..40)) {
            let patients: Vec<usize> = (0..values.len()).map(|i| i / 2).collect();
            let once = clustered_share(&values, &patients, 0.95);
            let twice = clustered_share(&[values.clone(), values.clone()].concat(), &[patients.clone(), patients].concat(), 0.95);
            if let (Ok(once), Ok(twice)) = (once, twice) {
                prop_assert!((once.lower - twice.lower).abs() < 1e-9 && (once.upper - twice.upper).abs() < 1e-9);
            }
        }
    }
}
