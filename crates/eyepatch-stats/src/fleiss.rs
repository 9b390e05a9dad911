use crate::kappa::places;
use crate::{Kappa, NotEstimable, StatsError};

/// Fleiss' kappa of several raters, as many for each subject and not necessarily the same ones: (P - Pe) / (1 - Pe) with P the share
/// of agreeing pairs of raters and Pe the sum of squared shares of the categories (Psychological Bulletin 76, 1971).
///
/// `ratings` has a row a subject and a cell a rater. The standard error is the jackknife's over subjects, between whom it
/// allows any dependence of raters; that without agreement beyond chance is Fleiss, Nee and Landis' (Psychological Bulletin 86, 1979), as R's
/// `irr::kappam.fleiss` has it.
///
/// # Errors
/// [`StatsError::NotEstimable`] with fewer than 2 subjects or raters, where a row has more or fewer ratings than the first, or where all
/// ratings (or all but those of one subject) are one category; [`StatsError::OutOfRange`] unless 0 < `level` < 1.
pub fn fleiss_kappa<C: Ord, R: AsRef<[C]>>(ratings: &[R], level: f64) -> Result<Kappa, StatsError> {
    let too_few = |what: &str, n| NotEstimable::TooFew { what: what.into(), n, needed: 2 };
    let subjects = ratings.len();
    if subjects < 2 {
        return Err(too_few("subjects", subjects).into());
    }
    let raters = ratings[0].as_ref().len();
    if raters < 2 {
        return Err(too_few("raters", raters).into());
    }
    if let Some(row) = ratings.iter().find(|r| r.as_ref().len() != raters) {
        let (labels, found) = (raters, row.as_ref().len());
        return Err(NotEstimable::LengthMismatch {
            what: "ratings of another subject".into(),
            labels,
            found,
        }
        .into());
    }
    let places = places(ratings.iter().flat_map(|r| r.as_ref()));
    let counts: Vec<Vec<f64>> = ratings.iter().map(|r| count(r.as_ref(), &places)).collect();
    let mut whole = Sums::of(&counts, raters as f64);
    let constant = || NotEstimable::Constant { what: "ratings".into() };
    let kappa = whole.kappa().ok_or_else(constant)?;
    let mut without = Vec::with_capacity(subjects);
    for row in &counts {
        whole.add(row, -1.0);
        without.push(whole.kappa().ok_or_else(constant)?);
        whole.add(row, 1.0);
    }
    let n = subjects as f64;
    let mean = without.iter().sum::<f64>() / n;
    let squares: f64 = without.iter().map(|k| (k - mean).powi(2)).sum();
    let se = ((n - 1.0) / n * squares).sqrt();
    Kappa::new(kappa, se, whole.se_null(), level, subjects, places.len())
}

/// How often each category was given to one subject.
fn count<C: Ord>(row: &[C], places: &std::collections::BTreeMap<&C, usize>) -> Vec<f64> {
    let mut counts = vec![0.0; places.len()];
    row.iter().for_each(|c| counts[places[c]] += 1.0);
    counts
}

/// All that kappa needs of the subjects; whole numbers, so that taking one away and giving it back leaves no trace.
struct Sums {
    subjects: f64,
    raters: f64,
    /// Ordered pairs of raters who agree, over all subjects.
    agreeing: f64,
    /// How often each category was given.
    given: Vec<f64>,
}

impl Sums {
    fn of(counts: &[Vec<f64>], raters: f64) -> Self {
        let given = vec![0.0; counts[0].len()];
        let mut sums = Self { subjects: 0.0, raters, agreeing: 0.0, given };
        counts.iter().for_each(|row| sums.add(row, 1.0));
        sums
    }

    fn add(&mut self, row: &[f64], times: f64) {
        self.subjects += times;
        for (given, n) in self.given.iter_mut().zip(row) {
            *given += times * n;
            self.agreeing += times * n * (n - 1.0);
        }
    }

    fn shares(&self) -> impl Iterator<Item = f64> {
        self.given.iter().map(|n| n / (self.subjects * self.raters))
    }

    /// `None` where only one category was given.
    fn kappa(&self) -> Option<f64> {
        if self.given.iter().filter(|n| **n > 0.0).count() < 2 {
            return None;
        }
        let chance: f64 = self.shares().map(|p| p * p).sum();
        let agreement = self.agreeing / (self.subjects * self.raters * (self.raters - 1.0));
        Some((agreement - chance) / (1.0 - chance))
    }

    fn se_null(&self) -> f64 {
        let pq: f64 = self.shares().map(|p| p * (1.0 - p)).sum();
        let skewed: f64 = self.shares().map(|p| p * (1.0 - p) * (1.0 - 2.0 * p)).sum();
        let pairs = self.subjects * self.raters * (self.raters - 1.0);
        (2.0 / pairs * (pq * pq - skewed)).max(0.0).sqrt() / pq
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::golden;

    #[test]
    fn agrees_with_statsmodels_and_irr() {
        let cases = golden::value("fleiss");
        for case in cases.as_array().unwrap() {
            let rows: Vec<Vec<i64>> = case["ratings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|r| golden::numbers(r).iter().map(|c| *c as i64).collect())
                .collect();
            let found = fleiss_kappa(&rows, 0.95).unwrap();
            let close = |found: f64, name: &str| {
                let expected = case[name].as_f64().unwrap();
                assert!((found - expected).abs() < 1e-12, "{name}: {found}, not {expected}");
            };
            close(found.kappa, "kappa");
            close(found.se, "jackknife");
            close(found.se_null, "se_null");
            if let Some(z) = case["irr_z"].as_f64() {
                assert!((found.kappa / found.se_null - z).abs() < 0.05, "{found:?}");
            }
        }
        assert!(cases.as_array().unwrap().len() >= 3);
    }

    /// The slow twin: every pair of raters of every subject, and every pair of ratings at all.
    fn slowly(rows: &[Vec<u8>]) -> f64 {
        let share =
            |pairs: &[(u8, u8)]| pairs.iter().filter(|(a, b)| a == b).count() as f64 / pairs.len() as f64;
        let of = |row: &Vec<u8>| {
            let n = row.len();
            let row = row.clone();
            (0..n * n).filter(|i| i / n != i % n).map(|i| (row[i / n], row[i % n])).collect::<Vec<_>>()
        };
        let agreement = share(&rows.iter().flat_map(of).collect::<Vec<_>>());
        let all: Vec<u8> = rows.concat();
        let chance = share(&all.iter().flat_map(|a| all.iter().map(|b| (*a, *b))).collect::<Vec<_>>());
        (agreement - chance) / (1.0 - chance)
    }

    proptest! {
        #[test]
        fn equals_the_definition(rows in (2usize..5).prop_flat_map(|raters| {
            prop::collection::vec(prop::collection::vec(0u8..4, raters), 2..20)
        })) {
            match fleiss_kappa(&rows, 0.9) {
                Ok(found) => {
                    prop_assert!((found.kappa - slowly(&rows)).abs() < 1e-12);
                    // The jackknife from scratch.
                    let n = rows.len();
                    let left: Vec<f64> = (0..n)
                        .map(|i| slowly(&[&rows[..i], &rows[i + 1..]].concat()))
                        .collect();
                    let mean = left.iter().sum::<f64>() / n as f64;
                    let squares: f64 = left.iter().map(|k| (k - mean).powi(2)).sum();
                    prop_assert!((found.se - (squares * (n - 1) as f64 / n as f64).sqrt()).abs() < 1e-9);
                }
                Err(e) => prop_assert_eq!(e, NotEstimable::Constant { what: "ratings".into() }.into()),
            }
        }
    }

    #[test]
    fn refusals() {
        let none: [[u8; 2]; 0] = [];
        let few = |what: &str, n| StatsError::from(NotEstimable::TooFew { what: what.into(), n, needed: 2 });
        assert_eq!(fleiss_kappa(&none, 0.95), Err(few("subjects", 0)));
        assert_eq!(fleiss_kappa(&[[1], [2]], 0.95), Err(few("raters", 1)));
        assert!(fleiss_kappa(&[vec![1, 2], vec![1]], 0.95).is_err());
        assert!(fleiss_kappa(&[[1, 2], [1, 1]], 0.95).is_err());
        assert!(fleiss_kappa(&[[1, 2], [1, 2]], 2.0).is_err());
        assert_eq!(
            fleiss_kappa(&[["a", "a"], ["b", "b"], ["a", "a"]], 0.95).unwrap_err(),
            NotEstimable::Constant { what: "ratings".into() }.into()
        );
    }
}
