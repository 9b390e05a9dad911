//! Student's t distribution.

use crate::{normal_quantile, normal_upper_tail};

/// Above so many degrees of freedom Wallace's normal deviate is right to the last digits.
const NEARLY_NORMAL: f64 = 1e5;

/// P(T > t) for Student's T with `freedom` > 0 degrees of freedom (infinity: the normal distribution), through the
/// incomplete beta function; relative error below 1e-8 up to t = 12. NaN where an argument is NaN or `freedom` is not above 0.
#[must_use]
pub fn student_upper_tail(t: f64, freedom: f64) -> f64 {
    if t.is_nan() || freedom.is_nan() || freedom <= 0.0 {
        return f64::NAN;
    }
    if freedom == f64::INFINITY || t.is_infinite() {
        return normal_upper_tail(t);
    }
    if freedom > NEARLY_NORMAL {
        return normal_upper_tail(deviate(t, freedom));
    }
    let both = incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t), t * t / (freedom + t * t));
    if t < 0.0 { 1.0 - 0.5 * both } else { 0.5 * both }
}

/// The t with P(T > t) = `upper_tail`; infinite at 0 and 1, NaN outside.
#[must_use]
pub fn student_quantile(upper_tail: f64, freedom: f64) -> f64 {
    if upper_tail > 0.5 {
        return -student_quantile(1.0 - upper_tail, freedom);
    }
    let z = -normal_quantile(upper_tail);
    if !z.is_finite() || freedom == f64::INFINITY || freedom.is_nan() || freedom <= 0.0 {
        return if freedom > 0.0 { z } else { f64::NAN };
    }
    // The tail falls in t: double until beyond, then halve to the last bit.
    let mut high = z.max(1.0);
    while student_upper_tail(high, freedom) > upper_tail && high < f64::MAX / 2.0 {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if student_upper_tail(middle, freedom) > upper_tail { low = middle } else { high = middle }
    }
    high
}

/// Wallace, Annals of Mathematical Statistics 30 (1959): (8 n + 1) / (8 n + 3) sqrt(n ln(1 + t^2 / n)).
fn deviate(t: f64, freedom: f64) -> f64 {
    let shrink = (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0);
    shrink * (freedom * (t * t / freedom).ln_1p()).sqrt().copysign(t)
}

/// The regularised incomplete beta function I_x(a, b); `rest` is 1 - x, given apart so that it is exact near 0.
fn incomplete_beta(a: f64, b: f64, x: f64, rest: f64) -> f64 {
    if x <= 0.0 || rest <= 0.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let log_front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * x.ln() + b * rest.ln();
    let front = log_front.exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * continued_fraction(a, b, x) / a
    } else {
        1.0 - front * continued_fraction(b, a, rest) / b
    }
}

/// The fraction of Abramowitz and Stegun 26.5.8 by Lentz's method.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    let away = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let (mut c, mut d) = (1.0, 1.0 / away(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    for step in 1..10_000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / away(1.0 + term * d);
            c = away(1.0 + term / c);
            change = c * d;
            value *= change;
        }
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}
