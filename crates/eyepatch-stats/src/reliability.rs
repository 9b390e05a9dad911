//! How near probabilities come to what happens: Brier's score and the calibration error over bins.

use serde::{Deserialize, Serialize};

use crate::auc::check_numbers;
use crate::{NotEstimable, StatsError};

/// Brier's score (Monthly Weather Review 78, 1950, as half its sum): the mean of (probability - outcome)^2; 0 is best.
/// One class is enough.
///
/// # Errors
/// [`NotEstimable`] where a probability is NaN, below 0 or above 1, nothing is given or the lengths differ.
pub fn brier(labels: &[bool], probabilities: &[f64]) -> Result<f64, NotEstimable> {
    check_probabilities(labels, probabilities)?;
    let squares = labels.iter().zip(probabilities).map(|(l, p)| (p - outcome(*l)).powi(2));
    Ok(squares.sum::<f64>() / labels.len() as f64)
}

/// How probabilities are put into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// Edges at 0, 1/B, 2/B, ..., 1.
    EqualWidth,
    /// Edges at the quantiles 0, 1/B, ..., 1 of the probabilities, interpolated between two of them as NumPy does.
    EqualMass,
}

/// One bin of a [`Reliability`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Its lower edge, which belongs to the bin below (in the first bin: to it).
    pub above: f64,
    /// Its upper edge, which belongs to it.
    pub to: f64,
    /// Images in it, at least 1.
    pub n: usize,
    /// Their mean probability.
    pub mean_probability: f64,
    /// The share of them that is positive.
    pub positive_share: f64,
}

/// A reliability diagram in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// Expected calibration error: the mean over images of |mean probability - share of positives| of their bin
    /// (Naeini, Cooper and Hauskrecht, AAAI 2015). Biased upwards: it is above 0 for a perfect model, more so the fewer
    /// images a bin has.
    pub ece: f64,
    /// The largest such difference of any bin.
    pub max: f64,
    /// The bins that hold an image, from low to high.
    pub bins: Vec<ReliabilityBin>,
}

/// Probabilities against outcomes, bin by bin. Bins are closed above, (1/B, 2/B] for instance, and the first one holds 0 as
/// well: the bins of scikit-learn's `calibration_curve`. Equal probabilities always share a bin, so with
/// [`Binning::EqualMass`] bins may be uneven, or fewer.
///
/// # Errors
/// [`StatsError::NotEstimable`] as [`brier`]; [`StatsError::OutOfRange`] unless there are 1 to 10,000 bins.
pub fn reliability(
    labels: &[bool],
    probabilities: &[f64],
    bins: usize,
    binning: Binning,
) -> Result<Reliability, StatsError> {
    if !(1..=10_000).contains(&bins) {
        return Err(StatsError::OutOfRange { name: "bins", range: "from 1 to 10000", found: bins as f64 });
    }
    check_probabilities(labels, probabilities)?;
    let edges = match binning {
        Binning::EqualWidth => (0..=bins).map(|k| k as f64 / bins as f64).collect(),
        Binning::EqualMass => quantiles(probabilities, bins),
    };
    let inner = &edges[1..bins];
    let mut sums = vec![(0_usize, 0.0, 0_usize); bins];
    for (&label, &p) in labels.iter().zip(probabilities) {
        let (n, sum, positives) = &mut sums[inner.partition_point(|edge| *edge < p)];
        *n += 1;
        *sum += p;
        *positives += usize::from(label);
    }
    let bin = |(k, &(n, sum, positives)): (usize, &(usize, f64, usize))| ReliabilityBin {
        above: edges[k],
        to: edges[k + 1],
        n,
        mean_probability: sum / n as f64,
        positive_share: positives as f64 / n as f64,
    };
    let bins: Vec<ReliabilityBin> = sums.iter().enumerate().filter(|(_, s)| s.0 > 0).map(bin).collect();
    let gap = |b: &ReliabilityBin| (b.mean_probability - b.positive_share).abs();
    Ok(Reliability {
        ece: bins.iter().map(|b| b.n as f64 * gap(b)).sum::<f64>() / labels.len() as f64,
        max: bins.iter().map(gap).fold(0.0, f64::max),
        bins,
    })
}

/// `parts` + 1 quantiles from the lowest to the highest value, linear between two neighbours.
fn quantiles(values: &[f64], parts: usize) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len() - 1;
    let at = |k: usize| {
        // In whole numbers, so that a quantile that is one of the values is exactly that value.
        let (below, beyond) = (k * last / parts, k * last % parts);
        let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
        low + (high - low) * (beyond as f64 / parts as f64)
    };
    (0..=parts).map(at).collect()
}

/// Numbers from 0 to 1, as many as labels, at least one.
pub(crate) fn check_probabilities(labels: &[bool], probabilities: &[f64]) -> Result<(), NotEstimable> {
    check_numbers(labels, probabilities)?;
    match probabilities.iter().position(|p| !(0.0..=1.0).contains(p)) {
        Some(index) => Err(NotEstimable::NotProbability { index }),
        None => Ok(()),
    }
}

pub(crate) fn outcome(label: bool) -> f64 {
    f64::from(u8::from(label))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::golden;

    #[test]
    fn agrees_with_scikit_learn() {
        for case in golden::probable() {
            let close = |found: f64, name: &str| {
                assert!(
                    (found - case.number(name)).abs() < 1e-12,
                    "{name}: {found}, not {}",
                    case.number(name)
                );
            };
            close(brier(&case.labels, &case.scores).unwrap(), "brier");
            let of = |binning| reliability(&case.labels, &case.scores, 10, binning).unwrap();
            let (width, mass) = (of(Binning::EqualWidth), of(Binning::EqualMass));
            close(width.ece, "ece_width");
            close(width.max, "max_width");
            close(mass.ece, "ece_mass");
            close(mass.max, "max_mass");
            let n: Vec<u64> = mass.bins.iter().map(|b| b.n as u64).collect();
            assert_eq!(n, case.list("n_mass").iter().map(|n| n.as_u64().unwrap()).collect::<Vec<_>>());
        }
    }

    fn rows() -> impl Strategy<Value = (Vec<bool>, Vec<f64>)> {
        let p = prop_oneof![0.0..=1.0f64, (0..=10u8).prop_map(|k| f64::from(k) / 10.0)];
        prop::collection::vec((any::<bool>(), p), 1..60).prop_map(|rows| rows.into_iter().unzip())
    }

    proptest! {
        /// The slow twin: every bin looks at every image.
        #[test]
        fn equals_the_definition((labels, p) in rows(), bins in 1usize..15) {
            let found = reliability(&labels, &p, bins, Binning::EqualWidth).unwrap();
            let mut ece = 0.0;
            for k in 0..bins {
                let (low, high) = (k as f64 / bins as f64, (k + 1) as f64 / bins as f64);
                let of: Vec<usize> =
                    (0..p.len()).filter(|&i| (p[i] > low || (k == 0 && p[i] == 0.0)) && p[i] <= high).collect();
                let gap: f64 = of.iter().map(|&i| p[i] - f64::from(u8::from(labels[i]))).sum();
                ece += gap.abs() / p.len() as f64;
            }
            prop_assert!((found.ece - ece).abs() < 1e-12);
        }

        #[test]
        fn bins_hold_every_image_once((labels, p) in rows(), bins in 1usize..15, mass in any::<bool>()) {
            let binning = if mass { Binning::EqualMass } else { Binning::EqualWidth };
            let found = reliability(&labels, &p, bins, binning).unwrap();
            prop_assert_eq!(found.bins.iter().map(|b| b.n).sum::<usize>(), p.len());
            prop_assert!(found.bins.windows(2).all(|w| w[0].mean_probability < w[1].mean_probability));
            prop_assert!(found.ece <= found.max + 1e-15 && found.max <= 1.0);
            // A single bin compares the means, and finer bins never hide more.
            let one = reliability(&labels, &p, 1, binning).unwrap();
            prop_assert!(one.ece <= found.ece + 1e-12);
        }
    }

    #[test]
    fn refusals() {
        assert_eq!(brier(&[true], &[1.5]), Err(NotEstimable::NotProbability { index: 0 }));
        assert_eq!(brier(&[true, true], &[0.5, f64::NAN]), Err(NotEstimable::NanScore { index: 1 }));
        assert_eq!(brier(&[], &[]), Err(NotEstimable::Empty));
        assert_eq!(brier(&[true, true], &[1.0, 0.5]), Ok(0.125));
        assert!(reliability(&[true], &[0.5], 0, Binning::EqualWidth).is_err());
        assert!(reliability(&[true], &[f64::INFINITY], 5, Binning::EqualMass).is_err());
        assert_eq!(reliability(&[true], &[0.25], 5, Binning::EqualMass).unwrap().ece, 0.75);
    }
}
