//! Benjamini and Hochberg's step-up procedure: many tests, at most a stated share of false ones among those rejected.

/// Adjusted p-values, in the order given: `adjusted[i] <= q` exactly where the procedure (Journal of the Royal Statistical
/// Society B 57, 1995) rejects hypothesis i with false discovery rate `q`, for tests that are independent or positively dependent
/// (Benjamini and Yekutieli, Annals of Statistics 29, 2001). It does not bound the chance of any false rejection; for that there is
/// [`crate::holm_adjusted`]. A p that is not a number counts as 1.
#[must_use]
pub fn benjamini_hochberg_adjusted(p: &[f64]) -> Vec<f64> {
    let number = |i: usize| if p[i].is_nan() { 1.0 } else { p[i] };
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| number(a).total_cmp(&number(b)).then(a.cmp(&b)));
    let mut adjusted = vec![1.0; p.len()];
    let mut so_far = 1.0_f64;
    for (rank, i) in order.into_iter().enumerate().rev() {
        so_far = so_far.min(number(i) * p.len() as f64 / (rank + 1) as f64);
        adjusted[i] = so_far;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The procedure as they state it: the largest k with p(k) <= k q / n, and all up to it.
    fn rejected(p: &[f64], q: f64) -> Vec<bool> {
        let mut sorted = p.to_vec();
        sorted.sort_by(f64::total_cmp);
        let holds = |k: &usize| sorted[k - 1] <= *k as f64 * q / p.len() as f64;
        let largest = (1..=p.len()).rfind(holds);
        p.iter().map(|x| largest.is_some_and(|k| *x <= sorted[k - 1])).collect()
    }

    proptest! {
        #[test]
        fn rejects_what_the_procedure_rejects(
            p in prop::collection::vec(prop_oneof![0.0..0.03f64, 0.0..1.0f64, Just(0.01)], 0..25),
            q in 0.001..0.2f64,
        ) {
            let adjusted = benjamini_hochberg_adjusted(&p);
            let by_adjusted: Vec<bool> = adjusted.iter().map(|a| *a <= q).collect();
            // A product and a quotient round differently: only a p at the very edge may differ.
            let edge = adjusted.iter().any(|a| (a - q).abs() < 1e-12);
            prop_assert!(edge || by_adjusted == rejected(&p, q));
        }
    }

    #[test]
    fn without_numbers() {
        assert_eq!(benjamini_hochberg_adjusted(&[f64::NAN, 0.01]), [1.0, 0.02]);
        assert!(benjamini_hochberg_adjusted(&[]).is_empty());
    }
}
