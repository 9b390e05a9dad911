use serde::{Deserialize, Serialize};

/// Where on the straight path from baseline to image gradients are taken, and how much each counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Gauss and Legendre: exact for polynomials of a degree below twice the number of steps.
    #[default]
    GaussLegendre,
    /// Both ends of the path among the steps, which count half: needs two steps.
    Trapezoid,
    /// Where each of equal pieces of the path begins, the baseline among them.
    Left,
    /// Where each of equal pieces ends, the image among them.
    Right,
    /// The middle of each of equal pieces.
    Middle,
}

impl Rule {
    /// The fewest steps that make sense.
    #[must_use]
    pub fn least(self) -> usize {
        if self == Self::Trapezoid { 2 } else { 1 }
    }

    /// The steps from the baseline on: where (0 at the baseline, 1 at the image) and how much each counts, in all 1. `n` is
    /// taken to be at least [`Rule::least`].
    #[must_use]
    pub fn steps(self, n: usize) -> Vec<(f64, f64)> {
        let n = n.max(self.least());
        let even = |offset: f64| (0..n).map(|i| ((i as f64 + offset) / n as f64, 1.0 / n as f64)).collect();
        match self {
            Self::GaussLegendre => gauss_legendre(n),
            Self::Left => even(0.0),
            Self::Middle => even(0.5),
            Self::Right => even(1.0),
            Self::Trapezoid => {
                let pieces = (n - 1) as f64;
                let share = |i: usize| if i == 0 || i == n - 1 { 0.5 / pieces } else { 1.0 / pieces };
                (0..n).map(|i| (i as f64 / pieces, share(i))).collect()
            }
        }
    }
}

/// Roots of the Legendre polynomial of degree `n`, moved from -1..1 to 0..1, and their weights. Newton's method from
/// Tricomi's estimates, which lie near enough for any degree.
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let mut steps = vec![(0.5, 1.0); n];
    for i in 0..n.div_ceil(2) {
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (value, derivative) = legendre(n, x);
            slope = derivative;
            let step = value / derivative;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        let weight = 1.0 / ((1.0 - x * x) * slope * slope);
        (steps[i], steps[n - 1 - i]) = ((0.5 * (1.0 - x), weight), (0.5 * (1.0 + x), weight));
    }
    steps
}

/// The polynomial's value and slope at `x`, by Bonnet's recursion.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=n {
        let k = k as f64;
        (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
    }
    (value, n as f64 * (x * value - before) / (x * x - 1.0))
}
