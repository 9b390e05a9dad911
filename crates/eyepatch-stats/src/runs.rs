//! Whether a sequence is well shuffled.

use crate::{NotEstimable, normal_cdf};

/// A sequence's runs of equal values, held against those of a random order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunsTest {
    /// Runs found.
    pub runs: usize,
    /// Runs that a random order of the same values has on average.
    pub expected: f64,
    /// Length of the longest run.
    pub longest: usize,
    /// One-sided p of "the order is random" against fewer runs: values lie in blocks. From the normal approximation.
    pub p_blocks: f64,
}

/// Wald and Wolfowitz's runs test for any number of different values (moments: Barton and David, "Multiple runs",
/// Biometrika 44, 1957). With n values, n_i of them of kind i, the runs of a random order have mean
/// (n (n + 1) - S2) / n and variance (S2 (S2 + n (n + 1)) - 2 n S3 - n^3) / (n^2 (n - 1)), S2 = sum n_i^2, S3 = sum n_i^3.
///
/// # Errors
/// [`NotEstimable::Empty`] with fewer than two values or without variance (all equal, or all different).
pub fn runs_test<T: Ord>(values: &[T]) -> Result<RunsTest, NotEstimable> {
    let mut counts = std::collections::BTreeMap::new();
    for value in values {
        *counts.entry(value).or_insert(0_usize) += 1;
    }
    let n = values.len() as f64;
    let sum = |power: i32| counts.values().map(|&c| (c as f64).powi(power)).sum::<f64>();
    let (s2, s3) = (sum(2), sum(3));
    let variance = (s2 * (s2 + n * (n + 1.0)) - 2.0 * n * s3 - n.powi(3)) / (n * n * (n - 1.0));
    if values.len() < 2
        || counts.len() < 2
        || variance.partial_cmp(&1e-9) != Some(std::cmp::Ordering::Greater)
    {
        return Err(NotEstimable::Empty);
    }
    let lengths = values.chunk_by(|a, b| a == b).map(<[T]>::len);
    let (runs, longest) = lengths.fold((0, 0), |(runs, longest), length| (runs + 1, longest.max(length)));
    let expected = (n * (n + 1.0) - s2) / n;
    // Half a run for continuity.
    let p_blocks = normal_cdf((runs as f64 + 0.5 - expected) / variance.sqrt());
    Ok(RunsTest { runs, expected, longest, p_blocks })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every order of a small multiset, one by one.
    fn orders(values: &mut Vec<u8>, at: usize, out: &mut Vec<Vec<u8>>) {
        if at == values.len() {
            out.push(values.clone());
            return;
        }
        for i in at..values.len() {
            values.swap(at, i);
            orders(values, at + 1, out);
            values.swap(at, i);
        }
    }

    #[test]
    fn moments_are_those_over_all_orders() {
        for mut values in [vec![0, 0, 0, 1, 1, 1, 1], vec![0, 0, 1, 1, 2, 2, 2], vec![0, 1, 2, 2, 2, 2, 2]] {
            let mut all = Vec::new();
            orders(&mut values, 0, &mut all);
            let runs: Vec<f64> = all.iter().map(|o| o.chunk_by(|a, b| a == b).count() as f64).collect();
            let mean = runs.iter().sum::<f64>() / runs.len() as f64;
            let variance = runs.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / runs.len() as f64;
            let test = runs_test(&all[0]).unwrap();
            assert!((test.expected - mean).abs() < 1e-9);
            let z = (test.runs as f64 + 0.5 - mean) / variance.sqrt();
            assert!((test.p_blocks - crate::normal_cdf(z)).abs() < 1e-9);
        }
    }

    #[test]
    fn blocks_are_seen_and_alternation_is_not_a_block() {
        let sorted: Vec<bool> = (0..100).map(|i| i >= 50).collect();
        let test = runs_test(&sorted).unwrap();
        assert_eq!((test.runs, test.longest), (2, 50));
        assert!(test.p_blocks < 1e-15 && (test.expected - 51.0).abs() < 1e-12);
        let alternating: Vec<bool> = (0..100).map(|i| i % 2 == 0).collect();
        assert!(runs_test(&alternating).unwrap().p_blocks > 0.999);
    }

    #[test]
    fn nothing_to_test() {
        for values in [vec![], vec![1], vec![1, 1, 1], vec![1, 2], vec![1, 2, 3]] {
            assert_eq!(runs_test(&values), Err(NotEstimable::Empty), "{values:?}");
        }
    }
}
