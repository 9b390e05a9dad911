/// The Gaussian about one row whose entropy is the logarithm of the perplexity: exp(-precision (d - nearest)) / total.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gaussian {
    nearest: f64,
    precision: f64,
    total: f64,
}

impl Gaussian {
    /// From the squared distances to all others; infinite ones have no part. Newton's method on the precision within a
    /// bracket: the entropy's derivative is -precision x the variance of the distances. Where more rows than the
    /// perplexity are equally near, no precision serves, and the nearest share all.
    pub(super) fn new(squared: &[f64], perplexity: f64) -> Self {
        let nearest = squared.iter().copied().fold(f64::INFINITY, f64::min);
        let ties = squared.iter().filter(|d| **d == nearest).count();
        if ties as f64 >= perplexity {
            return Self { nearest, precision: f64::INFINITY, total: ties as f64 };
        }
        let wanted = perplexity.ln();
        let finite = squared.iter().filter(|d| d.is_finite());
        let (sum, n) = finite.fold((0.0, 0.0_f64), |(s, n), d| (s + (d - nearest), n + 1.0));
        let (mut low, mut high, mut precision) = (0.0, f64::INFINITY, n / sum);
        for _ in 0..200 {
            let (total, mean, variance) = moments(squared, nearest, precision);
            let excess = total.ln() + precision * mean - wanted;
            if excess > 0.0 {
                low = precision
            } else {
                high = precision
            }
            let narrow = high.is_finite() && high - low <= 1e-15 * high;
            if excess.abs() < 1e-13 || narrow {
                break;
            }
            let newton = precision + excess / (precision * variance);
            let middle = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * precision };
            let ahead = !high.is_finite() && newton > 8.0 * precision;
            precision = if newton > low && newton < high && !ahead { newton } else { middle };
        }
        Self { nearest, precision, total: moments(squared, nearest, precision).0 }
    }

    /// Conditional probability of a row at this squared distance.
    pub(super) fn of(&self, squared: f64) -> f64 {
        if self.precision.is_infinite() {
            return if squared <= self.nearest { 1.0 / self.total } else { 0.0 };
        }
        (-self.precision * (squared - self.nearest)).exp() / self.total
    }
}

/// Sum of the weights; mean and variance of the distances beyond the nearest under them.
fn moments(squared: &[f64], nearest: f64, precision: f64) -> (f64, f64, f64) {
    let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
    for d in squared {
        let d = d - nearest;
        // exp(-745) is 0 in 64 bits; infinite distances end here, too.
        if precision * d < 745.0 {
            let weight = (-precision * d).exp();
            total += weight;
            first += weight * d;
            second += weight * d * d;
        }
    }
    let mean = first / total;
    (total, mean, (second / total - mean * mean).max(0.0))
}
