//! Holm's step-down procedure: many tests, at most a stated chance that any true null is rejected.

/// Holm-adjusted p-values, in the order given: `adjusted[i] <= alpha` exactly where Holm's procedure (Scandinavian
/// Journal of Statistics 6, 1979) rejects hypothesis i with familywise error rate `alpha`, whatever the dependence between
/// the tests. A p that is not a number counts as 1 and never helps another to be rejected.
#[must_use]
pub fn holm_adjusted(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![1.0; p.len()];
    let mut so_far = 0.0_f64;
    for (i, steps) in ranked(p) {
        so_far = so_far.max((steps as f64 * number(p[i])).min(1.0));
        adjusted[i] = so_far;
    }
    adjusted
}

/// How many hypotheses are left when each is its turn: the smallest p is held against alpha / n, the next against
/// alpha / (n - 1), and so on. A bound of coverage 1 - alpha / `holm_steps(p)[i]` is what decides about hypothesis i, provided
/// that all hypotheses with a smaller p were rejected.
#[must_use]
pub fn holm_steps(p: &[f64]) -> Vec<usize> {
    let mut steps = vec![1; p.len()];
    for (i, left) in ranked(p) {
        steps[i] = left;
    }
    steps
}

/// Indices from the smallest p to the largest (ties by position), each with the number of hypotheses left.
fn ranked(p: &[f64]) -> impl Iterator<Item = (usize, usize)> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| number(p[a]).total_cmp(&number(p[b])).then(a.cmp(&b)));
    let n = p.len();
    order.into_iter().enumerate().map(move |(rank, i)| (i, n - rank))
}

fn number(p: f64) -> f64 {
    if p.is_nan() { 1.0 } else { p }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The procedure as Holm states it: reject in order until one is not rejected.
    fn rejected(p: &[f64], alpha: f64) -> Vec<bool> {
        let mut order: Vec<usize> = (0..p.len()).collect();
        order.sort_by(|&a, &b| p[a].total_cmp(&p[b]).then(a.cmp(&b)));
        let mut rejected = vec![false; p.len()];
        for (rank, i) in order.into_iter().enumerate() {
            if p[i] > alpha / (p.len() - rank) as f64 {
                break;
            }
            rejected[i] = true;
        }
        rejected
    }

    proptest! {
        #[test]
        fn rejects_what_the_procedure_rejects(
            p in prop::collection::vec(prop_oneof![0.0..0.03f64, 0.0..1.0f64, Just(0.01)], 0..25),
            alpha in 0.001..0.2f64,
        ) {
            let by_adjusted: Vec<bool> = holm_adjusted(&p).iter().map(|a| *a <= alpha).collect();
            // A product and a quotient round differently: only a p at the very edge may differ.
            let edge = holm_adjusted(&p).iter().any(|a| (a - alpha).abs() < 1e-12);
            prop_assert!(edge || by_adjusted == rejected(&p, alpha));
        }

        #[test]
        fn steps_count_down_in_the_order_of_p(p in prop::collection::vec(0.0..1.0f64, 1..20)) {
            let steps = holm_steps(&p);
            for i in 0..p.len() {
                let before = (0..p.len()).filter(|&j| p[j] < p[i] || (p[j] == p[i] && j < i)).count();
                prop_assert_eq!(steps[i], p.len() - before);
            }
        }
    }

    #[test]
    fn by_hand_and_without_numbers() {
        // statsmodels 0.14, multipletests(..., method="holm").
        let adjusted = holm_adjusted(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-15, "{adjusted:?}");
        }
        assert_eq!(holm_adjusted(&[f64::NAN, 0.01]), [1.0, 0.02]);
        assert_eq!(holm_steps(&[0.5, 0.01, f64::NAN]), [2, 3, 1]);
        assert!(holm_adjusted(&[]).is_empty());
    }
}
