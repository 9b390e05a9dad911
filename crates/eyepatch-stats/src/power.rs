//! What a study of a given size can detect, before anything is trained.

use crate::{StatsError, normal_cdf, normal_quantile};

/// Variance of an AUC of `auc` from `positives` and `negatives` independent patients: Hanley and McNeil, "The
/// meaning and use of the area under a ROC curve", Radiology 143 (1982), with Q1 = A / (2 - A) and
/// Q2 = 2 A^2 / (1 + A). Counts may be fractional (an average fold), 1 or more.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless 0 <= `auc` <= 1 and both counts are at least 1.
pub fn hanley_mcneil_variance(auc: f64, positives: f64, negatives: f64) -> Result<f64, StatsError> {
    in_range("auc", auc, (0.0..=1.0).contains(&auc), "from 0 to 1")?;
    in_range("positives", positives, positives >= 1.0 && positives.is_finite(), "at least 1")?;
    in_range("negatives", negatives, negatives >= 1.0 && negatives.is_finite(), "at least 1")?;
    let q1 = auc / (2.0 - auc);
    let q2 = 2.0 * auc * auc / (1.0 + auc);
    let square = auc * auc;
    let sum = auc * (1.0 - auc) + (positives - 1.0) * (q1 - square) + (negatives - 1.0) * (q2 - square);
    Ok(sum / (positives * negatives))
}

/// The smallest gap AUC - 0.5 that a one-sided test against "the gap is at most `margin`" at level `alpha` finds with
/// probability `power`: the g with g = margin + (z_alpha + z_power) SE(0.5 + g).
///
/// SE is that of the mean over `folds` equal test folds with patients of their own, from
/// [`hanley_mcneil_variance`]; `n_positive` and `n_negative` are the **patients** of each class in all folds together.
/// Counting patients and not images takes the images of one patient as saying the same thing (design effect = images a
/// patient, correlation 1), which is the cautious end: the truth lies between this and the same sum over images.
/// For Holm-adjusted tests give the smallest adjusted `alpha`.
///
/// # Errors
/// [`StatsError::OutOfRange`] unless 0 <= `margin` < 0.5, 0 < `alpha` < 0.5, 0.5 <= `power` < 1 and `folds` is at least
/// 1; [`StatsError::TooFewPatients`] where a class has fewer patients than folds (class 1 is the positive one).
pub fn minimal_detectable_gap(
    n_positive: usize,
    n_negative: usize,
    folds: usize,
    alpha: f64,
    power: f64,
    margin: f64,
) -> Result<f64, StatsError> {
    let design = Design::new(n_positive, n_negative, folds, alpha, margin)?;
    in_range("power", power, (0.5..1.0).contains(&power), "from 0.5 to below 1")?;
    let z = design.z_alpha + normal_quantile(power);
    // At gap 0.5 the variance is 0, so the root lies between; 60 halvings reach the last bit.
    let (mut low, mut high) = (margin, 0.5);
    for _ in 0..60 {
        let middle = low.midpoint(high);
        if middle < margin + z * design.se(middle)? { low = middle } else { high = middle }
    }
    Ok(high)
}

/// With what probability the test of [`minimal_detectable_gap`] finds a true gap AUC - 0.5 of `gap`:
/// P(Z < (gap - margin) / SE(0.5 + gap) - z_alpha). At that gap it is the power that was asked for; below the margin it
/// is less than `alpha`.
///
/// # Errors
/// As [`minimal_detectable_gap`]; [`StatsError::OutOfRange`] unless 0 <= `gap` < 0.5.
pub fn detection_power(
    n_positive: usize,
    n_negative: usize,
    folds: usize,
    alpha: f64,
    gap: f64,
    margin: f64,
) -> Result<f64, StatsError> {
    let design = Design::new(n_positive, n_negative, folds, alpha, margin)?;
    in_range("gap", gap, (0.0..0.5).contains(&gap), "from 0 to below 0.5")?;
    Ok(normal_cdf((gap - margin) / design.se(gap)? - design.z_alpha))
}

/// What is known of a study before it is done.
struct Design {
    positives_a_fold: f64,
    negatives_a_fold: f64,
    folds: f64,
    z_alpha: f64,
}

impl Design {
    fn new(
        n_positive: usize,
        n_negative: usize,
        folds: usize,
        alpha: f64,
        margin: f64,
    ) -> Result<Self, StatsError> {
        in_range("margin", margin, (0.0..0.5).contains(&margin), "from 0 to below 0.5")?;
        in_range("alpha", alpha, alpha > 0.0 && alpha < 0.5, "between 0 and 0.5")?;
        in_range("folds", folds as f64, folds >= 1, "at least 1")?;
        for (class, patients) in [(1, n_positive), (0, n_negative)] {
            if patients < folds {
                return Err(StatsError::TooFewPatients { class: Some(class), patients, parts: folds });
            }
        }
        let k = folds as f64;
        Ok(Self {
            positives_a_fold: n_positive as f64 / k,
            negatives_a_fold: n_negative as f64 / k,
            folds: k,
            z_alpha: normal_quantile(1.0 - alpha),
        })
    }

    /// Standard error of the mean AUC over folds where the gap is `gap`.
    fn se(&self, gap: f64) -> Result<f64, StatsError> {
        let variance = hanley_mcneil_variance(0.5 + gap, self.positives_a_fold, self.negatives_a_fold)?;
        Ok((variance / self.folds).sqrt())
    }
}

fn in_range(name: &'static str, found: f64, ok: bool, range: &'static str) -> Result<(), StatsError> {
    if ok { Ok(()) } else { Err(StatsError::OutOfRange { name, range, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula is exact for exponential scores; here its two probabilities are integrated instead.
    #[test]
    fn variance_is_that_of_exponential_scores() {
        for auc in [0.5, 0.65, 0.8, 0.95] {
            let rate = (1.0 - auc) / auc;
            let step = 1e-4;
            let integral = |f: &dyn Fn(f64) -> f64| {
                (0..600_000).map(|i| f((f64::from(i) + 0.5) * step)).sum::<f64>() * step
            };
            // Negatives are Exp(1), positives Exp(rate): a positive is above x with probability exp(-rate x).
            let both_positives_above = integral(&|x| (-x).exp() * (-2.0 * rate * x).exp());
            let tail = (-rate * 60.0_f64).exp();
            let both_negatives_below =
                integral(&|x| rate * (-rate * x).exp() * (1.0 - (-x).exp()).powi(2)) + tail;
            let (m, n) = (13.0, 29.0);
            let by_hand = (auc * (1.0 - auc)
                + (m - 1.0) * (both_positives_above - auc * auc)
                + (n - 1.0) * (both_negatives_below - auc * auc))
                / (m * n);
            assert!((hanley_mcneil_variance(auc, m, n).unwrap() - by_hand).abs() < 1e-8, "{auc}");
        }
        // At 0.5 it is Mann and Whitney's null variance without ties, (m + n + 1) / (12 m n).
        let null = hanley_mcneil_variance(0.5, 30.0, 70.0).unwrap();
        assert!((null - 101.0 / (12.0 * 30.0 * 70.0)).abs() < 1e-15);
        assert_eq!(hanley_mcneil_variance(1.0, 5.0, 5.0).unwrap(), 0.0);
    }

    #[test]
    fn gap_solves_its_equation() {
        let (alpha, power, margin) = (0.05, 0.8, 0.05);
        for (p, n, k) in [(20, 200, 5), (100, 100, 1), (400, 564, 3), (5, 5, 5)] {
            let gap = minimal_detectable_gap(p, n, k, alpha, power, margin).unwrap();
            let kf = k as f64;
            let se = (hanley_mcneil_variance(0.5 + gap, p as f64 / kf, n as f64 / kf).unwrap() / kf).sqrt();
            let z = 1.644_853_626_951_472_7 + 0.841_621_233_572_914_3;
            assert!((gap - (margin + z * se)).abs() < 1e-9, "{p} {n} {k}: {gap}");
            assert!(gap > margin && gap < 0.5);
        }
    }

    #[test]
    fn more_patients_and_lower_power_see_smaller_gaps() {
        let gap = |p, n, power| minimal_detectable_gap(p, n, 5, 0.05, power, 0.05).unwrap();
        assert!(gap(100, 200, 0.8) < gap(50, 200, 0.8));
        assert!(gap(50, 400, 0.8) < gap(50, 200, 0.8));
        assert!(gap(50, 200, 0.7) < gap(50, 200, 0.8));
    }

    #[test]
    fn agrees_with_scipys_root_finder() {
        let cases = crate::golden::value("power");
        for case in cases.as_array().unwrap() {
            let count = |name: &str| case[name].as_u64().unwrap() as usize;
            let number = |name: &str| case[name].as_f64().unwrap();
            let (p, n, k) = (count("positive"), count("negative"), count("folds"));
            let (alpha, margin) = (number("alpha"), number("margin"));
            let gap = minimal_detectable_gap(p, n, k, alpha, number("power"), margin).unwrap();
            assert!((gap - number("gap")).abs() < 1e-12, "{gap}, not {case}");
            let found = detection_power(p, n, k, alpha, number("at"), margin).unwrap();
            assert!((found - number("power_at")).abs() < 1e-12, "{found}, not {case}");
        }
        assert!(cases.as_array().unwrap().len() >= 5);
    }

    #[test]
    fn power_at_the_detectable_gap_is_what_was_asked_for() {
        for power in [0.5, 0.8, 0.95] {
            let gap = minimal_detectable_gap(60, 140, 3, 0.025, power, 0.05).unwrap();
            assert!((detection_power(60, 140, 3, 0.025, gap, 0.05).unwrap() - power).abs() < 1e-9);
        }
        assert!(detection_power(60, 140, 3, 0.025, 0.02, 0.05).unwrap() < 0.025);
        assert!((detection_power(60, 140, 3, 0.025, 0.05, 0.05).unwrap() - 0.025).abs() < 1e-12);
    }

    #[test]
    fn bad_arguments() {
        let refused = |r: Result<f64, StatsError>| assert!(matches!(r, Err(StatsError::OutOfRange { .. })));
        refused(hanley_mcneil_variance(f64::NAN, 5.0, 5.0));
        refused(hanley_mcneil_variance(0.7, 0.5, 5.0));
        refused(minimal_detectable_gap(50, 50, 0, 0.05, 0.8, 0.05));
        refused(minimal_detectable_gap(50, 50, 5, 0.0, 0.8, 0.05));
        refused(minimal_detectable_gap(50, 50, 5, 0.05, 1.0, 0.05));
        refused(minimal_detectable_gap(50, 50, 5, 0.05, 0.8, 0.5));
        refused(detection_power(50, 50, 5, 0.05, 0.5, 0.05));
        refused(detection_power(50, 50, 5, 0.05, f64::NAN, 0.05));
        let few = minimal_detectable_gap(3, 50, 5, 0.05, 0.8, 0.05).unwrap_err();
        assert_eq!(few, StatsError::TooFewPatients { class: Some(1), patients: 3, parts: 5 });
    }
}
