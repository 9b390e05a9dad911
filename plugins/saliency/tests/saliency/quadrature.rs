//! Rules of quadrature against polynomials.

use plugin_saliency::Rule;
use proptest::prelude::*;

fn integral(rule: Rule, n: usize, f: impl Fn(f64) -> f64) -> f64 {
    rule.steps(n).into_iter().map(|(at, weight)| weight * f(at)).sum()
}

proptest! {
    #[test]
    fn gauss_legendre_is_exact_below_twice_its_steps(n in 1usize..80, share in 0.0f64..1.0) {
        let degree = (share * (2 * n) as f64) as i32;
        let found = integral(Rule::GaussLegendre, n, |t| t.powi(degree));
        prop_assert!((found - 1.0 / f64::from(degree + 1)).abs() < 1e-13, "{} steps, degree {}: {}", n, degree, found);
    }

    #[test]
    fn steps_are_in_order_and_count_one_in_all(n in 1usize..300) {
        for rule in [Rule::GaussLegendre, Rule::Trapezoid, Rule::Left, Rule::Right, Rule::Middle] {
            let steps = rule.steps(n);
            prop_assert_eq!(steps.len(), n.max(rule.least()));
            prop_assert!((integral(rule, n, |_| 1.0) - 1.0).abs() < 1e-12);
            prop_assert!(steps.windows(2).all(|w| w[0].0 < w[1].0) && steps.iter().all(|s| s.1 > 0.0));
            prop_assert!(steps[0].0 >= 0.0 && steps[steps.len() - 1].0 <= 1.0);
        }
    }

    #[test]
    fn riemann_sums_of_a_slope_are_known(n in 2usize..300) {
        let slope = |rule| integral(rule, n, |t| t);
        let half = 0.5 / n as f64;
        for (rule, off) in [(Rule::Left, -half), (Rule::Right, half), (Rule::Middle, 0.0), (Rule::Trapezoid, 0.0)] {
            prop_assert!((slope(rule) - 0.5 - off).abs() < 1e-12, "{:?}", rule);
        }
    }
}

#[test]
fn three_steps_are_those_of_the_tables() {
    let found = Rule::GaussLegendre.steps(3);
    let far = 0.5 * (0.6f64).sqrt();
    for ((at, weight), (x, w)) in
        found.into_iter().zip([(0.5 - far, 5.0 / 18.0), (0.5, 4.0 / 9.0), (0.5 + far, 5.0 / 18.0)])
    {
        assert!((at - x).abs() < 1e-14 && (weight - w).abs() < 1e-14, "{at} {weight}");
    }
}

#[test]
fn gauss_legendre_is_not_exact_for_the_next_degree() {
    for n in 1..=8 {
        let found = integral(Rule::GaussLegendre, n, |t| (2.0 * t - 1.0).powi(2 * n as i32));
        let missing = 1.0 / (2.0 * n as f64 + 1.0) - found;
        // What the rule misses: 4^n n!^4 / ((2n + 1) (2n)!^2), by Abramowitz & Stegun 25.4.30 for this polynomial.
        let choose = (1..=n).map(|k| (n + k) as f64 / k as f64).product::<f64>();
        let expected = 4f64.powi(n as i32) / ((2.0 * n as f64 + 1.0) * choose * choose);
        assert!((missing - expected).abs() < 1e-13, "{n} steps: {missing} and {expected}");
    }
}
