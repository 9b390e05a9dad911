//! Weighted sums of mean AUCs of the same patients, such as "full image minus region hidden".

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::influence::Deviation;
use crate::{
    AucInfluence, IntervalMethod, StatsError, hanley_mcneil_variance, student_quantile, student_upper_tail,
};

/// A contrast of mean AUCs: sum of weight x AUC, less a reference. Conditional on the trained models, as every estimate of
/// this crate: it holds for new patients, not for models trained anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContrastEstimate {
    /// Sum of weight x AUC, less the reference.
    pub estimate: f64,
    /// The reference that was taken off, for instance 0.5 for an AUC above chance.
    pub reference: f64,
    /// Standard error of `estimate` between patients; 0 where terms with equal influence cancel (identical scores).
    pub se: f64,
    /// Degrees of freedom of Student's t, for tests and intervals; at least 1.
    pub freedom: f64,
    /// How intervals and tests are made.
    pub method: IntervalMethod,
    /// Scored images, counted once a fold, of the term that has most.
    pub n_images: usize,
    /// Different patients in all terms.
    pub n_patients: usize,
    /// Different patients with a positive image.
    pub n_patients_positive: usize,
    /// Different patients with a negative image; a patient may have both.
    pub n_patients_negative: usize,
    /// Where the logit interval has its centre: the weighted mean of the AUCs, shrunk where that is 0 or 1.
    centre: f64,
}

/// What rounding leaves of a variance of 0: placements are right to about 1e-16.
pub(crate) const ZERO_VARIANCE: f64 = 1e-28;

/// The contrast of `terms`, each a weight and a mean AUC, less `reference`. Its variance holds every covariance between the
/// terms, patient by patient ([`AucInfluence`]).
///
/// A weighted mean (weights 0 or more that add up to 1; one AUC among them) lies between 0 and 1, so it is tested and bounded on
/// the logit scale; any other contrast on its own. Both hold the ratio to the standard error against Student's t, with
/// Satterthwaite's degrees of freedom over three kinds of patients (those with positive images only, with negative ones
/// only, with both), as Brunner and Munzel's test (Biometrical Journal 42, 2000) has them over two, of each sample: terms that share
/// no patient, as AUCs of two data sets, are of independent samples, which Welch's formula keeps apart. Near an AUC of 1 a few
/// patients make most of a mean's variance, which is then known less well than their number says: its degrees of freedom are
/// lowered to what the deviations' own spread allows. (Differences have lighter tails; lowered, theirs would cover too much.)
///
/// An AUC of 0 or 1, or of constant scores, has no variance between patients: for it stands Hanley and McNeil's at the numbers
/// of the sample's patients and the AUC shrunk by half an observation towards one half, as if independent of all other terms.
/// Terms of equal influence, as identical scores have it, are added up before that and cancel.
///
/// # Errors
/// [`StatsError::OutOfRange`] for a weight or reference that is not finite; [`StatsError::NoTerms`] without terms.
pub fn contrast<P: Ord>(
    terms: &[(f64, &AucInfluence<P>)],
    reference: f64,
) -> Result<ContrastEstimate, StatsError> {
    if terms.is_empty() {
        return Err(StatsError::NoTerms);
    }
    let weights = terms.iter().map(|(w, _)| (*w, "weight"));
    if let Some((found, name)) = weights.chain([(reference, "reference")]).find(|(v, _)| !v.is_finite()) {
        return Err(StatsError::OutOfRange { name, range: "finite", found });
    }
    let distinct = merged(terms);
    let total = Total::new(&distinct);
    let sum: f64 = distinct.iter().map(|(w, a)| w * a.auc()).sum();
    let (own, shrunk) = (total.variance(), Shrunk::new(&distinct, &total)?);
    let is_mean = terms.iter().all(|(w, _)| *w >= 0.0)
        && (terms.iter().map(|(w, _)| w).sum::<f64>() - 1.0).abs() < 1e-12;
    let at_edge = own <= ZERO_VARIANCE || sum <= 0.0 || sum >= 1.0;
    let method = match (is_mean, at_edge) {
        (true, false) => IntervalMethod::Logit,
        (true, true) => IntervalMethod::Shrunk,
        (false, _) => IntervalMethod::Plain,
    };
    let own = if own <= ZERO_VARIANCE { 0.0 } else { own };
    Ok(ContrastEstimate {
        estimate: sum - reference,
        reference,
        se: (own + shrunk.variance).sqrt(),
        freedom: total.freedom(is_mean),
        method,
        n_images: terms.iter().map(|(_, a)| a.n_images()).max().unwrap_or(0),
        n_patients: total.patients.len(),
        n_patients_positive: total.count(|d| d.has_positive),
        n_patients_negative: total.count(|d| d.has_negative),
        centre: if method == IntervalMethod::Shrunk { shrunk.centre } else { sum },
    })
}

impl ContrastEstimate {
    /// One-sided p of "the contrast is `margin` or less". Below alpha exactly where [`ContrastEstimate::lower_bound`] of
    /// coverage 1 - alpha lies above `margin`. 1 for identical scores at margin 0.
    #[must_use]
    pub fn p_above(&self, margin: f64) -> f64 {
        match self.ratio(margin) {
            Some(t) => student_upper_tail(t, self.freedom),
            None => f64::from(u8::from(self.estimate <= margin)),
        }
    }

    /// One-sided p of "the contrast is `margin` or more".
    #[must_use]
    pub fn p_below(&self, margin: f64) -> f64 {
        match self.ratio(margin) {
            Some(t) => student_upper_tail(-t, self.freedom),
            None => f64::from(u8::from(self.estimate >= margin)),
        }
    }

    /// Two-sided p of "the contrast is 0". 1 for identical scores.
    #[must_use]
    pub fn p_two_sided(&self) -> f64 {
        match self.ratio(0.0) {
            Some(t) => (2.0 * student_upper_tail(t.abs(), self.freedom)).min(1.0),
            None => f64::from(u8::from(self.estimate == 0.0)),
        }
    }

    /// The one-sided lower bound of coverage `level`, at most the estimate.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless 0.5 <= `level` < 1.
    pub fn lower_bound(&self, level: f64) -> Result<f64, StatsError> {
        Ok(self.reach(-quantile(level, self.freedom)?).min(self.estimate))
    }

    /// The one-sided upper bound of coverage `level`, at least the estimate.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless 0.5 <= `level` < 1.
    pub fn upper_bound(&self, level: f64) -> Result<f64, StatsError> {
        Ok(self.reach(quantile(level, self.freedom)?).max(self.estimate))
    }

    /// The two-sided interval of coverage `level`.
    ///
    /// # Errors
    /// [`StatsError::OutOfRange`] unless 0 < `level` < 1.
    pub fn interval(&self, level: f64) -> Result<(f64, f64), StatsError> {
        if !(level > 0.0 && level < 1.0) {
            return Err(StatsError::OutOfRange { name: "level", range: "between 0 and 1", found: level });
        }
        let side = 0.5 + level / 2.0;
        Ok((self.lower_bound(side)?, self.upper_bound(side)?))
    }

    /// The same for folds whose models were trained on each other's tested patients, as cross-validation has them. Where there is
    /// nothing to learn, a pair of the K folds correlates by 1 / (K - 1), since either's labels taught the other's model: the mean
    /// varies twice as much as that of independent folds. Where there is much to learn, this errs towards wide intervals.
    #[must_use]
    pub fn cross_fitted(self) -> Self {
        Self { se: self.se * std::f64::consts::SQRT_2, ..self }
    }

    /// How many standard errors the contrast lies above `margin`, on the scale of the test; `None` where there is no
    /// standard error.
    fn ratio(&self, margin: f64) -> Option<f64> {
        if self.se == 0.0 {
            return None;
        }
        if self.method == IntervalMethod::Plain {
            return Some((self.estimate - margin) / self.se);
        }
        let at = (self.reference + margin).clamp(0.0, 1.0);
        Some((logit(self.centre) - logit(at)) * self.centre * (1.0 - self.centre) / self.se)
    }

    /// The contrast `t` standard errors above the estimate, on the scale of the test.
    fn reach(&self, t: f64) -> f64 {
        if self.method == IntervalMethod::Plain {
            return self.estimate + t * self.se;
        }
        let x = logit(self.centre) + t * self.se / (self.centre * (1.0 - self.centre));
        1.0 / (1.0 + (-x).exp()) - self.reference
    }
}

fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

fn quantile(level: f64, freedom: f64) -> Result<f64, StatsError> {
    if !(0.5..1.0).contains(&level) {
        return Err(StatsError::OutOfRange { name: "level", range: "from 0.5 to below 1", found: level });
    }
    Ok(student_quantile(1.0 - level, freedom))
}

/// The AUC with half a win and half a loss added to as many comparisons as the smaller class has patients.
fn shrunk(auc: f64, positives: usize, negatives: usize) -> f64 {
    let n = positives.min(negatives) as f64;
    (auc * n + 0.5) / (n + 1.0)
}

/// The terms with the weights of those of equal influence added up.
fn merged<'a, P: Ord>(terms: &[(f64, &'a AucInfluence<P>)]) -> Vec<(f64, &'a AucInfluence<P>)> {
    let mut distinct: Vec<(f64, &AucInfluence<P>)> = Vec::with_capacity(terms.len());
    for &(weight, term) in terms {
        match distinct.iter_mut().find(|(_, d)| d.same(term)) {
            Some(known) => known.0 += weight,
            None => distinct.push((weight, term)),
        }
    }
    distinct
}

/// Every patient's deviations, summed over the terms.
struct Total<'a, P> {
    /// With the first term that has the patient.
    patients: BTreeMap<&'a P, (usize, Deviation)>,
    /// The sample of each term: terms that share a patient are of one.
    samples: Vec<usize>,
}

impl<'a, P: Ord> Total<'a, P> {
    fn new(terms: &[(f64, &'a AucInfluence<P>)]) -> Self {
        let mut patients: BTreeMap<&P, (usize, Deviation)> = BTreeMap::new();
        let mut samples: Vec<usize> = (0..terms.len()).collect();
        for (i, (weight, term)) in terms.iter().enumerate() {
            for (patient, deviation) in term.deviations() {
                let (first, sum) = patients.entry(patient).or_insert((i, Deviation::default()));
                sum.add(*weight, deviation);
                let (one, other) = (samples[*first], samples[i]);
                if one != other {
                    samples.iter_mut().filter(|s| **s == other).for_each(|s| *s = one);
                }
            }
        }
        Self { patients, samples }
    }

    fn variance(&self) -> f64 {
        self.patients.values().map(|(_, d)| d.variance()).sum()
    }

    fn count(&self, which: impl Fn(&Deviation) -> bool) -> usize {
        self.patients.values().filter(|(_, d)| which(d)).count()
    }

    fn of_sample(&self, sample: usize) -> impl Iterator<Item = &Deviation> {
        self.patients.values().filter(move |(first, _)| self.samples[*first] == sample).map(|(_, d)| d)
    }

    /// V^2 over half the variance of V, where V is the sum over patients of their squared deviations d^2. Within each kind of
    /// patients of a sample the variance of the sum is taken once as that of normal deviations (2 s^2 / (I - 1) for I patients
    /// with sum s: Satterthwaite's formula) and once as that of the deviations found (sum d^4 - s^2 / I, which is more where a few
    /// patients make most of s); of a mean the fewer degrees of freedom count, of other contrasts the former. Where nothing
    /// varies: all patients less 2.
    fn freedom(&self, is_mean: bool) -> f64 {
        let samples: BTreeSet<usize> = self.samples.iter().copied().collect();
        let (mut sum, mut normal, mut found) = (0.0, 0.0, 0.0);
        for sample in samples {
            for kind in [(true, false), (false, true), (true, true)] {
                let of = || self.of_sample(sample).filter(move |d| (d.has_positive, d.has_negative) == kind);
                let n = of().count() as f64;
                let s: f64 = of().map(Deviation::variance).sum();
                sum += s;
                normal += s * s / (n - 1.0).max(1.0);
                found +=
                    (of().map(|d| d.variance().powi(2)).sum::<f64>() - s * s / n.max(1.0)).max(0.0) / 2.0;
            }
        }
        let freedom = if sum > ZERO_VARIANCE {
            sum * sum / if is_mean { normal.max(found) } else { normal }
        } else {
            self.patients.len() as f64 - 2.0
        };
        freedom.max(1.0)
    }
}

/// What stands for the variance of terms that have none.
struct Shrunk {
    variance: f64,
    centre: f64,
}

impl Shrunk {
    fn new<P: Ord>(terms: &[(f64, &AucInfluence<P>)], total: &Total<'_, P>) -> Result<Self, StatsError> {
        let (mut variance, mut centre) = (0.0, 0.0);
        let mut sides: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for ((weight, term), &sample) in terms.iter().zip(&total.samples) {
            let of = |side: fn(&Deviation) -> bool| total.of_sample(sample).filter(|d| side(d)).count();
            let &mut (positives, negatives) =
                sides.entry(sample).or_insert_with(|| (of(|d| d.has_positive), of(|d| d.has_negative)));
            let at = shrunk(term.auc(), positives, negatives);
            centre += weight * at;
            if term.variance() <= ZERO_VARIANCE {
                // Their formula is meant for AUCs above one half; below, it is mirrored.
                let one = hanley_mcneil_variance(at.max(1.0 - at), positives as f64, negatives as f64)?;
                variance += weight * weight * one;
            }
        }
        Ok(Self { variance, centre })
    }
}

#[cfg(test)]
#[path = "contrast_tests.rs"]
mod tests;
