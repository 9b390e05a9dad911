use super::Tsne;
use super::affinities::Affinities;
use super::forces::Forces;
use crate::EmbeddingError;

/// Gradient descent with momentum and a gain for every coordinate (Jacobs 1988): more by 0.2 where the gradient goes
/// on as the last step did, a fifth less where it turned, at least 0.01.
pub(super) fn descend(
    tsne: &Tsne,
    p: &Affinities,
    mut map: Vec<[f64; 2]>,
    rate: f64,
) -> Result<Vec<[f64; 2]>, EmbeddingError> {
    let n = map.len();
    let (mut gradient, mut update, mut gains) = (vec![[0.0; 2]; n], vec![[0.0; 2]; n], vec![[1.0_f64; 2]; n]);
    let mut forces = Forces::default();
    for step in 0..tsne.steps {
        let early = step < tsne.early;
        if step == tsne.early {
            (update, gains) = (vec![[0.0; 2]; n], vec![[1.0; 2]; n]);
        }
        let (momentum, exaggeration) = if early { (0.5, tsne.exaggeration) } else { (0.8, 1.0) };
        forces.gradient(p, &map, exaggeration, tsne.angle, &mut gradient);
        for i in 0..n {
            for a in 0..2 {
                let goes_on = update[i][a] * gradient[i][a] < 0.0;
                gains[i][a] = if goes_on { gains[i][a] + 0.2 } else { (gains[i][a] * 0.8).max(0.01) };
                update[i][a] = momentum * update[i][a] - rate * gains[i][a] * gradient[i][a];
                map[i][a] += update[i][a];
            }
        }
        // Squared distances beyond that overflow.
        if map.iter().flatten().any(|v| v.is_nan() || v.abs() > 1e150) {
            return Err(EmbeddingError::Diverged { step, rate });
        }
    }
    Ok(map)
}
