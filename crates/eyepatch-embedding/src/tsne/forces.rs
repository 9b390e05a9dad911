use rayon::prelude::*;

use super::affinities::Affinities;
use super::tree::Tree;

/// Points that one task takes; fixed, though bits do not depend on it.
const TASK: usize = 128;

/// What acts on one point.
#[derive(Debug, Clone, Copy, Default)]
struct Acting {
    attraction: [f64; 2],
    repulsion: [f64; 2],
    total: f64,
}

/// Gradients of the divergence, with what they need again in the next step.
#[derive(Debug, Default)]
pub(super) struct Forces {
    tree: Tree,
    acting: Vec<Acting>,
}

impl Forces {
    /// The gradient at `map` with all of P multiplied by `exaggeration`: 4 (sum of p q (y - y') - sum of q^2 (y - y') /
    /// Z), the second sum by the tree. Sums over points are taken in the tree's order.
    pub(super) fn gradient(
        &mut self,
        p: &Affinities,
        map: &[[f64; 2]],
        exaggeration: f64,
        angle: f64,
        gradient: &mut [[f64; 2]],
    ) {
        self.tree.build(map);
        self.acting.resize(map.len(), Acting::default());
        let tree = &self.tree;
        self.acting.par_chunks_mut(TASK).enumerate().for_each(|(task, acting)| {
            for (index, acting) in (task * TASK..).zip(acting) {
                let (repulsion, total) = tree.repulsion(index, angle);
                *acting = Acting { attraction: attraction(p, map, tree.order[index]), repulsion, total };
            }
        });
        let total = self.acting.iter().map(|a| a.total).sum::<f64>().max(f64::MIN_POSITIVE);
        for (row, acting) in tree.order.iter().zip(&self.acting) {
            let [pull, push] = [acting.attraction, acting.repulsion];
            gradient[*row] = [0, 1].map(|a| 4.0 * (exaggeration * pull[a] - push[a] / total));
        }
    }
}

fn attraction(p: &Affinities, map: &[[f64; 2]], row: usize) -> [f64; 2] {
    let [x, y] = map[row];
    let mut pull = [0.0; 2];
    for (other, p) in p.of(row) {
        let (dx, dy) = (x - map[other][0], y - map[other][1]);
        let weight = p / (1.0 + dx * dx + dy * dy);
        pull[0] += weight * dx;
        pull[1] += weight * dy;
    }
    pull
}
