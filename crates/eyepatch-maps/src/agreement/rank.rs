use super::on_one_grid;
use crate::{Map, MapsError, NotEstimable};

/// Spearman's rank correlation of two maps' values, -1 to 1: Pearson's correlation of their ranks, of which tied
/// values share the mean. Signs count; for sizes give [`Map::absolute`].
///
/// # Errors
/// [`NotEstimable::ConstantMap`] where either is constant on the common grid.
pub fn spearman(first: &Map, second: &Map) -> Result<f64, MapsError> {
    let (first, second) = on_one_grid(first, second)?;
    let (a, b) = (ranks(first.values()), ranks(second.values()));
    let mean = (a.len() + 1) as f64 / 2.0;
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(&b) {
        let (a, b) = (a - mean, b - mean);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    if aa == 0.0 || bb == 0.0 {
        return Err(NotEstimable::ConstantMap.into());
    }
    Ok((ab / (aa.sqrt() * bb.sqrt())).clamp(-1.0, 1.0))
}

/// The cosine of the angle between two maps' values, -1 to 1.
///
/// # Errors
/// [`NotEstimable::ZeroMap`] where either is 0 everywhere on the common grid.
pub fn cosine(first: &Map, second: &Map) -> Result<f64, MapsError> {
    let (first, second) = on_one_grid(first, second)?;
    let largest = |m: &Map| m.values().iter().fold(0.0_f64, |l, v| l.max(v.abs()));
    let scales = (largest(&first), largest(&second));
    if scales.0 == 0.0 || scales.1 == 0.0 {
        return Err(NotEstimable::ZeroMap.into());
    }
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in first.values().iter().zip(second.values()) {
        // So that no square is lost.
        let (a, b) = (a / scales.0, b / scales.1);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    Ok((ab / (aa.sqrt() * bb.sqrt())).clamp(-1.0, 1.0))
}

/// Ranks from 1, tied values sharing their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    // Not by bits: 0 and -0 are tied.
    for tied in order.chunk_by(|a, b| values[*a] == values[*b]).scan(0, |start, tied| {
        let first = *start;
        *start += tied.len();
        Some((first, tied))
    }) {
        let (first, tied) = tied;
        let rank = (2 * first + tied.len() + 1) as f64 / 2.0;
        tied.iter().for_each(|i| ranks[*i] = rank);
    }
    ranks
}
