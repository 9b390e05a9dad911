//! NumPy's sums, in NumPy's order of additions, so that ties fall as they do there.

/// `numpy.sum` of numbers that lie side by side: `pairwise_sum` of `numpy/_core/src/umath/loops_utils.h.src`.
pub(super) fn sum(values: &[f64]) -> f64 {
    let n = values.len();
    if n < 8 {
        return values.iter().fold(0.0, |sum, x| sum + x);
    }
    if n > 128 {
        let half = n / 2 - n / 2 % 8;
        return sum(&values[..half]) + sum(&values[half..]);
    }
    let (eights, rest) = values.as_chunks::<8>();
    let mut r = eights[0];
    for eight in &eights[1..] {
        r.iter_mut().zip(eight).for_each(|(sum, x)| *sum += x);
    }
    let all = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    rest.iter().fold(all, |sum, x| sum + x)
}

/// `numpy.mean`.
pub(super) fn mean(values: &[f64]) -> f64 {
    sum(values) / values.len() as f64
}

/// `numpy.std` of numbers that lie side by side.
pub(super) fn std(values: &[f64]) -> f64 {
    std_by(values, sum)
}

/// `numpy.std(rows, axis=0)`, column by column. NumPy adds whole rows one by one; a single column lies side by side.
pub(super) fn std_of_columns(rows: &[Vec<f64>], columns: usize) -> Vec<f64> {
    let in_turn = |values: &[f64]| values.iter().fold(0.0, |sum, x| sum + x);
    let sum = if columns == 1 { sum } else { in_turn };
    (0..columns).map(|c| std_by(&rows.iter().map(|row| row[c]).collect::<Vec<_>>(), sum)).collect()
}

fn std_by(values: &[f64], sum: impl Fn(&[f64]) -> f64) -> f64 {
    let n = values.len() as f64;
    let mean = sum(values) / n;
    let squares: Vec<f64> = values.iter().map(|x| (x - mean) * (x - mean)).collect();
    (sum(&squares) / n).sqrt()
}

/// `numpy.isclose(a, b)`.
pub(super) fn is_close(a: f64, b: f64) -> bool {
    a == b || (b.is_finite() && (a - b).abs() <= 1e-8 + 1e-5 * b.abs())
}
