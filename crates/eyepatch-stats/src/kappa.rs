//! Agreement of readers beyond chance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{NotEstimable, StatsError, normal_quantile, normal_upper_tail};

/// How much two categories that are `d` places apart, of `k` in all, disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KappaWeights {
    /// Wholly, unless they are the same; for categories without order.
    Unweighted,
    /// By d / (k - 1).
    Linear,
    /// By (d / (k - 1))^2.
    Quadratic,
}

impl KappaWeights {
    fn disagreement(self, i: usize, j: usize, categories: usize) -> f64 {
        let d = i.abs_diff(j) as f64 / (categories - 1) as f64;
        match self {
            Self::Unweighted => f64::from(u8::from(i != j)),
            Self::Linear => d,
            Self::Quadratic => d * d,
        }
    }
}

/// A kappa: 1 where all ratings agree, 0 where they agree as often as by chance, below 0 where less often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kappa {
    /// The estimate.
    pub kappa: f64,
    /// Its standard error.
    pub se: f64,
    /// Lower end of the two-sided normal interval, at least -1.
    pub lower: f64,
    /// Upper end of the two-sided normal interval, at most 1.
    pub upper: f64,
    /// Coverage of the interval, for instance 0.95.
    pub level: f64,
    /// Its standard error where there is no agreement beyond chance.
    pub se_null: f64,
    /// Two-sided p-value of "no agreement beyond chance", by `se_null`.
    pub p: f64,
    /// Rated subjects.
    pub n: usize,
    /// Different categories that were given.
    pub categories: usize,
}

impl Kappa {
    pub(crate) fn new(
        kappa: f64,
        se: f64,
        se_null: f64,
        level: f64,
        n: usize,
        categories: usize,
    ) -> Result<Self, StatsError> {
        if !(level > 0.0 && level < 1.0) {
            return Err(StatsError::OutOfRange { name: "level", range: "between 0 and 1", found: level });
        }
        let z = normal_quantile(0.5 + level / 2.0);
        Ok(Self {
            kappa,
            se,
            lower: (kappa - z * se).max(-1.0),
            upper: (kappa + z * se).min(1.0),
            level,
            se_null,
            // Without any spread by chance there is no agreement beyond it either.
            p: if se_null > 0.0 { (2.0 * normal_upper_tail(kappa.abs() / se_null)).min(1.0) } else { 1.0 },
            n,
            categories,
        })
    }
}

/// Cohen's kappa of two readers who rated the same subjects: 1 - observed / expected disagreement (Educational and
/// Psychological Measurement 20, 1960; weighted: Psychological Bulletin 70, 1968). Categories are those that any of the two
/// gave, in their own order, a place apart each; so weights take a grade that nobody gave for not there.
///
/// Standard errors for large samples: Fleiss, Cohen and Everitt, Psychological Bulletin 72 (1969), equations 11 and 15.
///
/// # Errors
/// [`StatsError::NotEstimable`] where nothing is given, the readers rated different numbers of subjects, or all ratings are one
/// category, of which chance alone would make all; [`StatsError::OutOfRange`] unless 0 < `level` < 1.
pub fn cohens_kappa<C: Ord>(
    first: &[C],
    second: &[C],
    weights: KappaWeights,
    level: f64,
) -> Result<Kappa, StatsError> {
    of_places(first, second, &places(first.iter().chain(second)), weights, level)
}

/// The same on a scale whose grades are known beforehand, in their order: a grade that nobody gave keeps its place, so
/// weights go by the scale. As scikit-learn's `cohen_kappa_score` with `labels`.
///
/// # Errors
/// As [`cohens_kappa`], and [`StatsError::OutOfRange`] with the position of the first rating that is no grade of the scale.
pub fn cohens_kappa_on<C: Ord>(
    scale: &[C],
    first: &[C],
    second: &[C],
    weights: KappaWeights,
    level: f64,
) -> Result<Kappa, StatsError> {
    let mut places: BTreeMap<&C, usize> = BTreeMap::new();
    for grade in scale {
        let next = places.len();
        places.entry(grade).or_insert(next);
    }
    let strange = |ratings: &[C]| ratings.iter().position(|r| !places.contains_key(r));
    if let Some(found) = strange(first).or_else(|| strange(second)) {
        let range = "ratings that are grades of the scale";
        return Err(StatsError::OutOfRange { name: "position of a rating", range, found: found as f64 });
    }
    of_places(first, second, &places, weights, level)
}

/// `places` has every rating.
fn of_places<C: Ord>(
    first: &[C],
    second: &[C],
    places: &BTreeMap<&C, usize>,
    weights: KappaWeights,
    level: f64,
) -> Result<Kappa, StatsError> {
    let (labels, found) = (first.len(), second.len());
    if labels != found {
        return Err(NotEstimable::LengthMismatch { what: "ratings".into(), labels, found }.into());
    }
    let Some(one) = first.first() else {
        return Err(NotEstimable::Empty.into());
    };
    if first.iter().chain(second).all(|r| r == one) {
        return Err(NotEstimable::Constant { what: "ratings".into() }.into());
    }
    let k = places.len();
    let n = first.len() as f64;
    let mut table = vec![vec![0.0; k]; k];
    for (a, b) in first.iter().zip(second) {
        table[places[a]][places[b]] += 1.0 / n;
    }
    let rows: Vec<f64> = table.iter().map(|row| row.iter().sum()).collect();
    let columns: Vec<f64> = (0..k).map(|j| table.iter().map(|row| row[j]).sum()).collect();
    let agreement = |i: usize, j: usize| 1.0 - weights.disagreement(i, j, k);
    // What either reader's category agrees with on average, given how often the other gives each.
    let of_row: Vec<f64> =
        (0..k).map(|i| columns.iter().enumerate().map(|(j, p)| p * agreement(i, j)).sum()).collect();
    let of_column: Vec<f64> =
        (0..k).map(|j| rows.iter().enumerate().map(|(i, p)| p * agreement(i, j)).sum()).collect();
    let pairs = || (0..k).flat_map(|i| (0..k).map(move |j| (i, j)));
    let chance = pairs().map(|(i, j)| rows[i] * columns[j] * agreement(i, j)).sum::<f64>();
    let disagreed = pairs().map(|(i, j)| table[i][j] * (1.0 - agreement(i, j))).sum::<f64>();
    let kappa = 1.0 - disagreed / (1.0 - chance);
    let spread = |i: usize, j: usize, kappa: f64| {
        (agreement(i, j) - (of_row[i] + of_column[j]) * (1.0 - kappa)).powi(2)
    };
    let scale = n * (1.0 - chance).powi(2);
    let sum: f64 = pairs().map(|(i, j)| table[i][j] * spread(i, j, kappa)).sum();
    let null: f64 = pairs().map(|(i, j)| rows[i] * columns[j] * spread(i, j, 0.0)).sum();
    let variance = (sum - (kappa - chance * (1.0 - kappa)).powi(2)) / scale;
    let variance_null = (null - chance * chance) / scale;
    // What rounding leaves of a variance of 0.
    let root = |v: f64| if v * scale > 1e-15 { v.sqrt() } else { 0.0 };
    Kappa::new(kappa, root(variance), root(variance_null), level, first.len(), k)
}

/// The categories in their order, numbered from 0.
pub(crate) fn places<'a, C: Ord + 'a>(ratings: impl Iterator<Item = &'a C>) -> BTreeMap<&'a C, usize> {
    let mut places: BTreeMap<&C, usize> = ratings.map(|c| (c, 0)).collect();
    places.values_mut().enumerate().for_each(|(i, place)| *place = i);
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::golden;

    const ALL: [(KappaWeights, &str); 3] = [
        (KappaWeights::Unweighted, "none"),
        (KappaWeights::Linear, "linear"),
        (KappaWeights::Quadratic, "quadratic"),
    ];

    #[test]
    fn agrees_with_scikit_learn_and_statsmodels() {
        let cases = golden::value("cohen");
        for case in cases.as_array().unwrap() {
            let ratings =
                |name: &str| golden::numbers(&case[name]).iter().map(|c| *c as i64).collect::<Vec<_>>();
            let (a, b) = (ratings("a"), ratings("b"));
            for (weights, name) in ALL {
                let found = cohens_kappa(&a, &b, weights, 0.95).unwrap();
                let expected = golden::numbers(&case[name]);
                let ours = [found.kappa, found.se, found.se_null, found.lower.max(-1.0), found.upper];
                for (ours, theirs) in ours.iter().zip(&expected) {
                    assert!((ours - theirs).abs() < 1e-12, "{name}: {ours:?}, not {expected:?}");
                }
                assert_eq!(expected.len(), 5);
            }
        }
        assert!(cases.as_array().unwrap().len() >= 4);
    }

    const GOLDEN: [(KappaWeights, f64); 3] = [
        (KappaWeights::Unweighted, 0.4444444444444444),
        (KappaWeights::Linear, 0.6585365853658536),
        (KappaWeights::Quadratic, 0.8070175438596492),
    ];

    /// The slow twin: disagreement of pairs as rated, over that of every first with every second rating.
    fn slowly(a: &[u8], b: &[u8], weights: KappaWeights) -> f64 {
        let mut given: Vec<u8> = a.iter().chain(b).copied().collect();
        given.sort_unstable();
        given.dedup();
        let place = |c: u8| given.iter().position(|g| *g == c).unwrap();
        let apart = |x: u8, y: u8| weights.disagreement(place(x), place(y), given.len());
        let n = a.len() as f64;
        let observed = a.iter().zip(b).map(|(x, y)| apart(*x, *y)).sum::<f64>() / n;
        let expected = a.iter().flat_map(|x| b.iter().map(|y| apart(*x, *y))).sum::<f64>() / (n * n);
        1.0 - observed / expected
    }

    proptest! {
        #[test]
        fn equals_the_definition(rows in prop::collection::vec((0u8..5, 0u8..5), 1..40), which in 0usize..3) {
            let (a, b): (Vec<u8>, Vec<u8>) = rows.into_iter().unzip();
            match cohens_kappa(&a, &b, ALL[which].0, 0.95) {
                Ok(found) => {
                    prop_assert!((found.kappa - slowly(&a, &b, ALL[which].0)).abs() < 1e-12);
                    prop_assert!(found.se >= 0.0 && found.lower <= found.kappa && found.kappa <= found.upper);
                    prop_assert!((0.0..=1.0).contains(&found.p));
                    let turned = cohens_kappa(&b, &a, ALL[which].0, 0.95).unwrap();
                    prop_assert!((found.kappa - turned.kappa).abs() < 1e-12 && (found.se - turned.se).abs() < 1e-9);
                }
                Err(e) => {
                    prop_assert_eq!(e, NotEstimable::Constant { what: "ratings".into() }.into());
                    prop_assert!(a.iter().chain(&b).all(|c| *c == a[0]));
                }
            }
        }
    }

    /// scikit-learn 1.9.1, `cohen_kappa_score(a, b, labels=[1, 2, 3, 4, 5], weights=…)`; nobody gives grade 3.
    #[test]
    fn a_grade_that_nobody_gave_keeps_its_place() {
        let a = [1, 2, 2, 4, 5, 5, 1, 4, 2, 5, 4, 1];
        let b = [1, 2, 4, 4, 5, 4, 2, 5, 2, 5, 2, 1];
        for (weights, expected) in GOLDEN {
            let found = cohens_kappa_on(&[1, 2, 3, 4, 5], &a, &b, weights, 0.95).unwrap();
            assert!((found.kappa - expected).abs() < 1e-12, "{weights:?}: {found:?}");
        }
        // Without the scale the gap closes, and weights differ: scikit-learn says so, too (0.6552).
        let closed = cohens_kappa(&a, &b, KappaWeights::Linear, 0.95).unwrap();
        assert!((closed.kappa - GOLDEN[1].1).abs() > 1e-3, "{closed:?}");
        let strange =
            cohens_kappa_on(&[1, 2], &[1, 2, 3], &[1, 2, 2], KappaWeights::Linear, 0.95).unwrap_err();
        assert!(matches!(strange, StatsError::OutOfRange { found: 2.0, .. }), "{strange:?}");
        let flat = cohens_kappa_on(&[1, 2], &[1, 1], &[1, 1], KappaWeights::Linear, 0.95).unwrap_err();
        assert_eq!(flat, NotEstimable::Constant { what: "ratings".into() }.into());
    }

    #[test]
    fn ends_and_refusals() {
        let same = cohens_kappa(&["x", "y", "z"], &["x", "y", "z"], KappaWeights::Unweighted, 0.95).unwrap();
        assert_eq!((same.kappa, same.upper, same.categories), (1.0, 1.0, 3));
        assert!(same.se == 0.0 && same.p < 0.05);
        // One reader gives one category only: no agreement beyond chance can be seen.
        let flat = cohens_kappa(&[1, 1, 1], &[1, 2, 1], KappaWeights::Linear, 0.95).unwrap();
        assert!(flat.kappa.abs() < 1e-12 && flat.p == 1.0, "{flat:?}");
        let unequal = cohens_kappa(&[1, 2], &[1], KappaWeights::Linear, 0.95).unwrap_err();
        assert!(matches!(unequal, StatsError::NotEstimable(NotEstimable::LengthMismatch { .. })));
        assert_eq!(cohens_kappa::<u8>(&[], &[], KappaWeights::Linear, 0.95), Err(NotEstimable::Empty.into()));
        assert!(cohens_kappa(&[1, 2], &[1, 2], KappaWeights::Linear, 0.0).is_err());
    }
}
