//! Categories as scores that know nothing of the patients they are tried on.

use crate::{NotEstimable, StatsError, group_kfold};

/// Weight of the overall share, in images: a rare category says little.
const PRIOR: f64 = 5.0;

/// The images of one fold, encoded from the others.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodedFold {
    /// Indices of its images, ascending.
    pub rows: Vec<usize>,
    /// One an image: the share of positives of its category among the **other** folds' images, drawn to their overall
    /// share as if that had been seen five times. A category that the others do not have gets the overall share.
    pub scores: Vec<f64>,
}

/// Cross-fitted target encoding: folds by patient, each category of a fold scored by the labels of the other folds. Within a
/// fold the scores know nothing of its labels, so where the categories say nothing, each fold's AUC is 0.5 on
/// average. Scores of different folds must not be compared: a fold with more positives has lower ones.
///
/// # Errors
/// [`StatsError::NotEstimable`] where categories, labels and patients differ in number or fewer than two patients have a
/// class; what [`group_kfold`] says otherwise.
pub fn encode_categories<P: Ord>(
    categories: &[usize],
    labels: &[bool],
    patients: &[P],
    folds: usize,
    seed: u64,
) -> Result<Vec<EncodedFold>, StatsError> {
    for (what, found) in [("categories", categories.len()), ("patients", patients.len())] {
        if found != labels.len() {
            return Err(
                NotEstimable::LengthMismatch { what: what.into(), labels: labels.len(), found }.into()
            );
        }
    }
    let strata = strata(labels, patients);
    let fold = group_kfold(patients, Some(&strata), folds, seed)?;
    let kinds = categories.iter().max().map_or(0, |c| c + 1);
    let mut all = vec![(0.0, 0.0); kinds];
    let mut by_fold = vec![vec![(0.0, 0.0); kinds]; folds];
    for ((&category, &label), &k) in categories.iter().zip(labels).zip(&fold) {
        for (positive, images) in [&mut all[category], &mut by_fold[k][category]] {
            *positive += f64::from(u8::from(label));
            *images += 1.0;
        }
    }
    let encoded = |k: usize| {
        let own = &by_fold[k];
        let others = |c: usize| (all[c].0 - own[c].0, all[c].1 - own[c].1);
        let (positive, images) = (0..kinds).map(others).fold((0.0, 0.0), |s, o| (s.0 + o.0, s.1 + o.1));
        let share = if images > 0.0 { positive / images } else { 0.5 };
        let score = |c: usize| (others(c).0 + PRIOR * share) / (others(c).1 + PRIOR);
        let rows: Vec<usize> = (0..fold.len()).filter(|&row| fold[row] == k).collect();
        EncodedFold { scores: rows.iter().map(|&row| score(categories[row])).collect(), rows }
    };
    Ok((0..folds).map(encoded).collect())
}

/// A patient with a positive image is of stratum 1, so that folds get patients of both kinds.
fn strata<P: Ord>(labels: &[bool], patients: &[P]) -> Vec<usize> {
    let mut ill = std::collections::BTreeSet::new();
    for (patient, _) in patients.iter().zip(labels).filter(|(_, label)| **label) {
        ill.insert(patient);
    }
    patients.iter().map(|p| usize::from(ill.contains(p))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn data() -> impl Strategy<Value = (Vec<usize>, Vec<bool>, Vec<usize>)> {
        prop::collection::vec((0..4usize, any::<bool>(), 0..30usize), 60..90)
            .prop_map(|rows| {
                let mut out = (Vec::new(), Vec::new(), Vec::new());
                for (category, label, patient) in rows {
                    out.0.push(category);
                    out.1.push(label);
                    out.2.push(patient);
                }
                out
            })
            .prop_filter("enough patients of both kinds", |(_, labels, patients)| {
                let kinds = strata(labels, patients);
                [0, 1].iter().all(|k| {
                    let of: std::collections::BTreeSet<_> =
                        patients.iter().zip(&kinds).filter(|(_, s)| *s == k).map(|(p, _)| p).collect();
                    of.len() >= 3
                })
            })
    }

    proptest! {
        /// The slow twin counts the other folds' images one by one; each row is in one fold, patients are not parted.
        #[test]
        fn a_fold_is_encoded_from_the_others((categories, labels, patients) in data()) {
            let folds = encode_categories(&categories, &labels, &patients, 3, 7).unwrap();
            let mut fold_of = vec![usize::MAX; labels.len()];
            for (k, fold) in folds.iter().enumerate() {
                fold.rows.iter().for_each(|&row| fold_of[row] = k);
            }
            prop_assert!(fold_of.iter().all(|k| *k < 3));
            for (a, b) in (0..labels.len()).flat_map(|a| (0..a).map(move |b| (a, b))) {
                prop_assert!(patients[a] != patients[b] || fold_of[a] == fold_of[b]);
            }
            for (k, fold) in folds.iter().enumerate() {
                let others: Vec<usize> = (0..labels.len()).filter(|&r| fold_of[r] != k).collect();
                let positives = |of: &dyn Fn(usize) -> bool| {
                    let rows: Vec<_> = others.iter().filter(|&&r| of(r)).collect();
                    (rows.iter().filter(|&&&r| labels[r]).count() as f64, rows.len() as f64)
                };
                let (all, n) = positives(&|_| true);
                for (&row, &score) in fold.rows.iter().zip(&fold.scores) {
                    let (p, m) = positives(&|r| categories[r] == categories[row]);
                    prop_assert!((score - (p + 5.0 * all / n) / (m + 5.0)).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn lengths_must_agree() {
        let error = encode_categories(&[0], &[true, false], &[1, 2], 2, 0).unwrap_err();
        assert!(error.to_string().contains("categories"), "{error}");
    }
}
