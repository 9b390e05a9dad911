use crate::NotEstimable;
use crate::sort::ascending;
pub(crate) use crate::sort::in_order;

/// Area under the ROC curve: the probability that a positive image scores above a negative one, ties counting one
/// half (Mann and Whitney 1947). Pairs are counted in whole numbers, so the result is the rounded exact value. Infinite
/// scores are ordered as numbers. Linear time beyond a thousand images (a radix sort), below O(n log n).
///
/// # Errors
/// [`NotEstimable`] where a score is NaN, a class is missing, nothing is given or the lengths differ.
pub fn auc(labels: &[bool], scores: &[f64]) -> Result<f64, NotEstimable> {
    Ok(Ranked::new(labels, scores)?.auc())
}

/// An AUC with the structural components of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988, equations 4
/// and 5), which its variance is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Placements {
    /// The AUC.
    pub auc: f64,
    /// One an image, in the order given. For a positive image the share of negatives that it beats (V10), for a
    /// negative one the share of positives that beat it (V01); ties count one half. 0 to 1.
    pub values: Vec<f64>,
    /// Number of positive images.
    pub positives: usize,
    /// Number of negative images.
    pub negatives: usize,
}

impl Placements {
    /// The placements of all images, in the time of [`auc`].
    ///
    /// # Errors
    /// As [`auc`].
    pub fn new(labels: &[bool], scores: &[f64]) -> Result<Self, NotEstimable> {
        let ranked = Ranked::new(labels, scores)?;
        let (positives, negatives) = (ranked.positives, ranked.negatives);
        let mut values = vec![0.0; labels.len()];
        for tie in ranked.ties() {
            let beaten = (2 * tie.negatives_below + tie.negatives) as f64 / (2 * negatives) as f64;
            let positives_above = positives - tie.positives_below - tie.positives;
            let beaten_by = (2 * positives_above + tie.positives) as f64 / (2 * positives) as f64;
            for &row in tie.images {
                values[row] = if labels[row] { beaten } else { beaten_by };
            }
        }
        Ok(Self { auc: ranked.auc(), values, positives, negatives })
    }
}

/// Images of both classes in order of score.
pub(crate) struct Ranked<'a> {
    labels: &'a [bool],
    scores: &'a [f64],
    order: Vec<usize>,
    pub(crate) positives: usize,
    pub(crate) negatives: usize,
}

/// A run of equal scores: its images, how many of each class, and what lies below it.
pub(crate) struct Tie<'a> {
    /// The index of each.
    pub(crate) images: &'a [usize],
    pub(crate) positives: usize,
    pub(crate) negatives: usize,
    pub(crate) positives_below: usize,
    pub(crate) negatives_below: usize,
}

impl<'a> Ranked<'a> {
    /// Refuses as [`auc`].
    pub(crate) fn new(labels: &'a [bool], scores: &'a [f64]) -> Result<Self, NotEstimable> {
        let (positives, negatives) = check(labels, scores)?;
        Ok(Self { labels, scores, order: ascending(scores), positives, negatives })
    }

    /// From the lowest score to the highest.
    pub(crate) fn ties(&self) -> impl Iterator<Item = Tie<'_>> {
        let (mut positives_below, mut negatives_below) = (0, 0);
        self.order.chunk_by(|&a, &b| self.scores[a] == self.scores[b]).map(move |images| {
            let positives = images.iter().filter(|row| self.labels[**row]).count();
            let tie = Tie {
                images,
                positives,
                negatives: images.len() - positives,
                positives_below,
                negatives_below,
            };
            positives_below += tie.positives;
            negatives_below += tie.negatives;
            tie
        })
    }

    fn auc(&self) -> f64 {
        let wins = |t: Tie<'_>| t.positives as u128 * (2 * t.negatives_below + t.negatives) as u128;
        let half_wins: u128 = self.ties().map(wins).sum();
        half_wins as f64 / (2 * self.positives as u128 * self.negatives as u128) as f64
    }
}

/// Number of positive and of negative images.
pub(crate) fn check(labels: &[bool], scores: &[f64]) -> Result<(usize, usize), NotEstimable> {
    check_numbers(labels, scores)?;
    let positives = labels.iter().filter(|&&l| l).count();
    if positives == 0 || positives == labels.len() {
        return Err(NotEstimable::OneClass { positive: positives > 0, n: labels.len() });
    }
    Ok((positives, labels.len() - positives))
}

/// As many scores as labels, at least one, and each a number.
pub(crate) fn check_numbers(labels: &[bool], scores: &[f64]) -> Result<(), NotEstimable> {
    if labels.len() != scores.len() {
        return Err(NotEstimable::LengthMismatch {
            what: "scores".into(),
            labels: labels.len(),
            found: scores.len(),
        });
    }
    if labels.is_empty() {
        return Err(NotEstimable::Empty);
    }
    if let Some(index) = scores.iter().position(|s| s.is_nan()) {
        return Err(NotEstimable::NanScore { index });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The slow twin: every pair, one by one.
    fn win(positive: f64, negative: f64) -> f64 {
        if positive > negative {
            1.0
        } else if positive == negative {
            0.5
        } else {
            0.0
        }
    }

    fn split(labels: &[bool], scores: &[f64], wanted: bool) -> Vec<f64> {
        labels.iter().zip(scores).filter(|(l, _)| **l == wanted).map(|(_, s)| *s).collect()
    }

    /// Both classes, many ties, infinities and both zeros.
    fn data() -> impl Strategy<Value = (Vec<bool>, Vec<f64>)> {
        let score = prop_oneof![
            4 => (-5i32..5).prop_map(|k| f64::from(k) / 4.0),
            2 => -10.0..10.0f64,
            1 => Just(f64::INFINITY),
            1 => Just(f64::NEG_INFINITY),
            1 => Just(-0.0),
        ];
        prop::collection::vec((any::<bool>(), score), 2..60)
            .prop_map(|v| v.into_iter().unzip())
            .prop_filter("both classes", |(l, _): &(Vec<bool>, Vec<f64>)| {
                l.contains(&true) && l.contains(&false)
            })
    }

    proptest! {
        #[test]
        fn equals_the_count_over_all_pairs((labels, scores) in data()) {
            let (p, n) = (split(&labels, &scores, true), split(&labels, &scores, false));
            let sum: f64 = p.iter().flat_map(|&x| n.iter().map(move |&y| win(x, y))).sum();
            prop_assert!((auc(&labels, &scores).unwrap() - sum / (p.len() * n.len()) as f64).abs() < 1e-15);
        }

        #[test]
        fn placements_equal_the_count_over_all_pairs((labels, scores) in data()) {
            let (p, n) = (split(&labels, &scores, true), split(&labels, &scores, false));
            let found = Placements::new(&labels, &scores).unwrap();
            for ((&label, &score), &value) in labels.iter().zip(&scores).zip(&found.values) {
                let slow = if label {
                    n.iter().map(|&y| win(score, y)).sum::<f64>() / n.len() as f64
                } else {
                    p.iter().map(|&x| win(x, score)).sum::<f64>() / p.len() as f64
                };
                prop_assert!((value - slow).abs() < 1e-15);
            }
            prop_assert_eq!((found.positives, found.negatives), (p.len(), n.len()));
        }

        #[test]
        fn turning_labels_or_scores_mirrors_it((labels, scores) in data()) {
            let a = auc(&labels, &scores).unwrap();
            let flipped: Vec<bool> = labels.iter().map(|l| !l).collect();
            let negated: Vec<f64> = scores.iter().map(|s| -s).collect();
            prop_assert!((auc(&flipped, &scores).unwrap() - (1.0 - a)).abs() < 1e-15);
            prop_assert!((auc(&flipped, &negated).unwrap() - a).abs() < 1e-15);
        }
    }

    #[test]
    fn reasons() {
        assert_eq!(auc(&[], &[]), Err(NotEstimable::Empty));
        assert_eq!(auc(&[true; 3], &[0.0; 3]), Err(NotEstimable::OneClass { positive: true, n: 3 }));
        assert_eq!(auc(&[false], &[0.0]), Err(NotEstimable::OneClass { positive: false, n: 1 }));
        assert_eq!(auc(&[true, false], &[0.0, f64::NAN]), Err(NotEstimable::NanScore { index: 1 }));
        let mismatch = auc(&[true, false], &[0.0]).unwrap_err();
        assert_eq!(mismatch.to_string(), "2 labels do not go with 1 scores");
    }
}
