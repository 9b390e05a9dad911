use super::on_one_grid;
use crate::{Map, MapsError, NotEstimable};

/// Side of the window.
const WINDOW: usize = 7;

/// The mean structural similarity of two maps (Wang, Bovik, Sheikh & Simoncelli, IEEE Transactions on Image
/// Processing 13, 2004), -1 to 1, as scikit-image's `structural_similarity` with its defaults: even windows of 7 x 7
/// that lie within the map, variances over n - 1, K1 = 0.01, K2 = 0.03. Each map is first divided by its largest
/// absolute value, and the data range is 2: -1 to 1.
///
/// # Errors
/// [`NotEstimable::ZeroMap`]; [`NotEstimable::SmallMap`] below 7 cells on a side.
pub fn ssim(first: &Map, second: &Map) -> Result<f64, MapsError> {
    let (first, second) = on_one_grid(first, second)?;
    let (height, width) = (first.height(), first.width());
    if height < WINDOW || width < WINDOW {
        return Err(NotEstimable::SmallMap { height, width, window: WINDOW }.into());
    }
    let (a, b) = (scaled(&first)?, scaled(&second)?);
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).collect::<Vec<_>>();
    let means = [&a, &b, &product(&a, &a), &product(&b, &b), &product(&a, &b)]
        .map(|values| window_means(values, height, width));
    let n = (WINDOW * WINDOW) as f64;
    let unbiased = n / (n - 1.0);
    let (c1, c2) = ((0.01_f64 * 2.0).powi(2), (0.03_f64 * 2.0).powi(2));
    let [mean_a, mean_b, aa, bb, ab] = &means;
    let total: f64 = (0..mean_a.len())
        .map(|i| {
            let (ma, mb) = (mean_a[i], mean_b[i]);
            let variance = |square: f64, mean: f64| unbiased * (square - mean * mean);
            let covariance = unbiased * (ab[i] - ma * mb);
            ((2.0 * ma * mb + c1) * (2.0 * covariance + c2))
                / ((ma * ma + mb * mb + c1) * (variance(aa[i], ma) + variance(bb[i], mb) + c2))
        })
        .sum();
    Ok(total / mean_a.len() as f64)
}

/// The values, of which the largest is 1 in size.
fn scaled(map: &Map) -> Result<Vec<f64>, MapsError> {
    let largest = map.values().iter().fold(0.0_f64, |l, v| l.max(v.abs()));
    if largest == 0.0 {
        return Err(NotEstimable::ZeroMap.into());
    }
    Ok(map.values().iter().map(|v| v / largest).collect())
}

/// Means over all windows that lie within the map.
fn window_means(values: &[f64], height: usize, width: usize) -> Vec<f64> {
    let columns = width - WINDOW + 1;
    let along: Vec<f64> =
        values.chunks_exact(width).flat_map(|row| row.windows(WINDOW).map(|w| w.iter().sum())).collect();
    let mut means = Vec::with_capacity((height - WINDOW + 1) * columns);
    for y in 0..=height - WINDOW {
        for x in 0..columns {
            let sum: f64 = (y..y + WINDOW).map(|y| along[y * columns + x]).sum();
            means.push(sum / (WINDOW * WINDOW) as f64);
        }
    }
    means
}
