use rayon::prelude::*;

use super::calibrate::Gaussian;
use crate::Neighbours;

/// Joint probabilities of rows and their neighbours, symmetric, adding up to 1; all others are 0. Row i holds
/// `starts[i]..starts[i + 1]`, ordered by neighbour.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Affinities {
    pub(super) starts: Vec<usize>,
    pub(super) others: Vec<usize>,
    pub(super) values: Vec<f64>,
}

impl Affinities {
    /// (p(j | i) + p(i | j)) / 2n, where i's Gaussian sees its neighbours only.
    pub(super) fn new(neighbours: &Neighbours, perplexity: f64) -> Self {
        let (k, n) = (neighbours.k, neighbours.rows.len() / neighbours.k);
        let conditional: Vec<f64> = neighbours
            .squared
            .par_chunks(k)
            .flat_map_iter(|squared| {
                let gaussian = Gaussian::new(squared, perplexity);
                squared.iter().map(move |d| gaussian.of(*d))
            })
            .collect();
        let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::with_capacity(2 * k); n];
        for (at, (j, p)) in neighbours.rows.iter().zip(&conditional).enumerate() {
            let (i, half) = (at / k, p / (2 * n) as f64);
            rows[i].push((*j, half));
            rows[*j].push((i, half));
        }
        let mut all = Self { starts: vec![0], others: Vec::new(), values: Vec::new() };
        for mut row in rows {
            row.sort_by_key(|(j, _)| *j);
            for both in row.chunk_by(|a, b| a.0 == b.0) {
                all.others.push(both[0].0);
                all.values.push(both.iter().map(|(_, p)| p).sum());
            }
            all.starts.push(all.others.len());
        }
        all
    }

    pub(super) fn of(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.starts[row]..self.starts[row + 1];
        self.others[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }
}
