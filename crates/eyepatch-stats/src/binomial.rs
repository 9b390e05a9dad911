//! The exact interval of a share.

use crate::{NotEstimable, StatsError};

/// The interval of Clopper and Pearson (Biometrika 26, 1934) for `count` of `of`, two-sided, of coverage at least `level`.
///
/// # Errors
/// [`NotEstimable::Empty`] of none; [`StatsError::OutOfRange`] unless 0 < `level` < 1 and `count` <= `of`.
pub fn exact_interval(count: usize, of: usize, level: f64) -> Result<(f64, f64), StatsError> {
    if of == 0 {
        return Err(NotEstimable::Empty.into());
    }
    if count > of {
        return Err(StatsError::OutOfRange {
            name: "count",
            range: "at most the number",
            found: count as f64,
        });
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(StatsError::OutOfRange { name: "level", range: "between 0 and 1", found: level });
    }
    let tail = (1.0 - level) / 2.0;
    // P(X >= count | p) grows with p, P(X <= count | p) falls.
    let lower = if count == 0 { 0.0 } else { crossing(|p| at_most(of - count, of, 1.0 - p) < tail) };
    let upper = if count == of { 1.0 } else { crossing(|p| at_most(count, of, p) > tail) };
    Ok((lower, upper))
}

/// P(X <= count) for X binomial with `of` trials of probability `p`.
fn at_most(count: usize, of: usize, p: f64) -> f64 {
    let gamma = |n: usize| libm::lgamma(n as f64 + 1.0);
    let term = |k: usize| {
        let ways = gamma(of) - gamma(k) - gamma(of - k);
        (ways + k as f64 * p.ln() + (of - k) as f64 * (-p).ln_1p()).exp()
    };
    (0..=count).map(term).sum()
}

/// The largest p below which `before` holds.
fn crossing(before: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if before(middle) { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From scipy.stats.binomtest(k, n).proportion_ci(0.95, "exact").
    #[test]
    fn equals_scipy() {
        let known = [
            (0, 10, 0.0, 0.308_497_107_818_762_94),
            (10, 10, 0.691_502_892_181_237_1, 1.0),
            (57, 60, 0.860_756_753_278_9, 0.989_567_670_355_651_7),
            (3, 96, 0.006_491_454_769_864_312, 0.088_618_099_661_599_56),
        ];
        for (count, of, lower, upper) in known {
            let found = exact_interval(count, of, 0.95).unwrap();
            assert!(
                (found.0 - lower).abs() < 1e-9 && (found.1 - upper).abs() < 1e-9,
                "{count}/{of}: {found:?}"
            );
        }
    }

    #[test]
    fn refusals() {
        assert!(exact_interval(0, 0, 0.95).is_err());
        assert!(exact_interval(2, 1, 0.95).is_err());
        assert!(exact_interval(1, 2, 1.0).is_err());
    }
}
