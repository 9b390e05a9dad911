//! Mean AUC where an attribute says nothing of the label.

use std::collections::BTreeMap;

use crate::influence::{deviations, parts_of, sum_up};
use crate::{AucInfluence, FoldScores, NotEstimable, StatsError};

impl<P: Ord + Clone> AucInfluence<P> {
    /// The mean of AUCs in which a group says nothing of the label: an image of label y in group a has the weight
    /// P(a) / P(a | y), both estimated as shares of the images of all folds (inverse-probability weighting; Hernán &
    /// Robins, "Causal Inference: What If", 2020, chapter 12). `groups` has one slice a fold, with one group an image.
    ///
    /// The deviations hold what the estimation of the shares adds. The derivative of the mean AUC by the logarithm of the weight of
    /// label y in group a is D(a, y), the sum of the known-weight deviations of those images; so with n(a, y) images of label
    /// y in group a and n(a) of any, an image of both adds (D(a, 0) + D(a, 1)) / n(a) - D(a, y) / n(a, y). (The empirical
    /// influence of the shares; van der Vaart, "Asymptotic Statistics", 1998, chapter 20.)
    ///
    /// # Errors
    /// As [`AucInfluence::new`], and [`StatsError::GroupOfOneLabel`] where a group lacks a label.
    pub fn balanced(folds: &[FoldScores<'_, P>], groups: &[&[usize]]) -> Result<Self, StatsError> {
        if groups.len() != folds.len() {
            return Err(StatsError::WeightCount { folds: folds.len(), weights: groups.len() });
        }
        let counts = Counts::new(folds, groups)?;
        let weights: Vec<Vec<f64>> = folds
            .iter()
            .zip(groups)
            .map(|(f, g)| {
                g.iter().zip(f.labels).map(|(&group, &label)| counts.weight(group, label)).collect()
            })
            .collect();
        let parts = parts_of(folds, Some(&weights.iter().map(Vec::as_slice).collect::<Vec<_>>()))?;
        let mut derivatives: BTreeMap<usize, [f64; 2]> = BTreeMap::new();
        for ((fold, groups), parts) in folds.iter().zip(groups).zip(&parts) {
            for ((&group, &label), part) in groups.iter().zip(fold.labels).zip(&parts.values) {
                let value = part.unwrap_or(0.0) / folds.len() as f64;
                derivatives.entry(group).or_default()[usize::from(label)] += value;
            }
        }
        let mut found = sum_up(folds, &parts)?;
        let adds = |(&group, &label): (&usize, &bool)| {
            let ([d0, d1], [n0, n1]) = (derivatives[&group], counts.each[&group]);
            let (d, n) = if label { (d1, n1) } else { (d0, n0) };
            Some((d0 + d1) / (n0 + n1) - d / n)
        };
        // All folds as one: shares are those of all images.
        let added: Vec<Option<f64>> =
            folds.iter().zip(groups).flat_map(|(f, g)| g.iter().zip(f.labels).map(adds)).collect();
        let labels: Vec<bool> = folds.iter().flat_map(|f| f.labels.iter().copied()).collect();
        let patients: Vec<&P> = folds.iter().flat_map(|f| f.patients).collect();
        let whole = FoldScores { fold: 0, labels: &labels, scores: &[], patients: &patients };
        let further = deviations(&whole, &added)?;
        found.add(&further.into_iter().map(|(patient, deviation)| (*patient, deviation)).collect());
        Ok(found.owned())
    }
}

/// Images of each group without the label and with it.
struct Counts {
    each: BTreeMap<usize, [f64; 2]>,
    labels: [f64; 2],
}

impl Counts {
    fn new<P>(folds: &[FoldScores<'_, P>], groups: &[&[usize]]) -> Result<Self, StatsError> {
        let mut counts = Self { each: BTreeMap::new(), labels: [0.0; 2] };
        for (fold, groups) in folds.iter().zip(groups) {
            if groups.len() != fold.labels.len() {
                let reason = NotEstimable::LengthMismatch {
                    what: "groups".into(),
                    labels: fold.labels.len(),
                    found: groups.len(),
                };
                return Err(StatsError::FoldNotEstimable { fold: fold.fold, reason });
            }
            for (&group, &label) in groups.iter().zip(fold.labels) {
                counts.each.entry(group).or_default()[usize::from(label)] += 1.0;
                counts.labels[usize::from(label)] += 1.0;
            }
        }
        match counts.each.iter().find(|(_, n)| n.contains(&0.0)) {
            Some((&group, n)) => Err(StatsError::GroupOfOneLabel { group, positive: n[0] == 0.0 }),
            None => Ok(counts),
        }
    }

    /// P(group) / P(group | label).
    fn weight(&self, group: usize, label: bool) -> f64 {
        let (n, total) = (self.each[&group], self.labels[0] + self.labels[1]);
        let label = usize::from(label);
        (n[0] + n[1]) / total / (n[label] / self.labels[label])
    }
}

#[cfg(test)]
#[path = "balanced_tests.rs"]
mod tests;
