//! A game whose outputs are listed, one row a coalition.

use eyepatch_kernels::coalition::Coalitions;
use plugin_shap::{Error, Game};
use proptest::prelude::*;

#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) players: usize,
    pub(crate) classes: usize,
    /// 2^players x classes; bit `i` of a row's number says whether player `i` is shown.
    pub(crate) outputs: Vec<f64>,
    pub(crate) batch: usize,
    pub(crate) asked: usize,
}

impl Table {
    pub(crate) fn new(players: usize, classes: usize, outputs: Vec<f64>) -> Self {
        assert_eq!(outputs.len(), classes << players);
        Self { players, classes, outputs, batch: 16, asked: 0 }
    }

    pub(crate) fn row(&self, set: usize) -> &[f64] {
        &self.outputs[set * self.classes..(set + 1) * self.classes]
    }

    /// The same game with each coalition's outputs taken from the coalition that `other` names.
    pub(crate) fn with_sets(&self, other: impl Fn(usize) -> usize) -> Self {
        let outputs = (0..1 << self.players).flat_map(|set| self.row(other(set)).to_vec()).collect();
        Self::new(self.players, self.classes, outputs)
    }
}

impl Game<Coalitions> for Table {
    type Error = Error;

    fn classes(&self) -> usize {
        self.classes
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn outputs(&mut self, coalitions: &Coalitions) -> Result<Vec<f64>, Error> {
        assert!(coalitions.rows() <= self.batch);
        self.asked += coalitions.rows();
        let set = |row| (0..self.players).fold(0, |set, i| set | usize::from(coalitions.shows(row, i)) << i);
        Ok((0..coalitions.rows()).flat_map(|row| self.row(set(row)).to_vec()).collect())
    }
}

pub(crate) fn tables(players: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Table> {
    (players, 1usize..4).prop_flat_map(|(players, classes)| {
        prop::collection::vec(-1.0f64..1.0, classes << players)
            .prop_map(move |outputs| Table::new(players, classes, outputs))
    })
}

/// Mean contributions over all orders of the players.
pub(crate) fn by_orders(table: &Table) -> Vec<f64> {
    fn go(table: &Table, set: usize, weight: f64, values: &mut [f64]) {
        let left: Vec<usize> = (0..table.players).filter(|i| set >> i & 1 == 0).collect();
        let weight = weight / left.len() as f64;
        for i in left {
            let with = set | 1 << i;
            for c in 0..table.classes {
                values[i * table.classes + c] += weight * (table.row(with)[c] - table.row(set)[c]);
            }
            go(table, with, weight, values);
        }
    }
    let mut values = vec![0.0; table.players * table.classes];
    go(table, 0, 1.0, &mut values);
    values
}

/// From dividends (Harsanyi 1963): what a coalition adds to those within it is shared evenly by its players.
pub(crate) fn by_dividends(table: &Table) -> Vec<f64> {
    let mut dividends = table.outputs.clone();
    for i in 0..table.players {
        for set in (0..1usize << table.players).filter(|set| set >> i & 1 == 1) {
            for c in 0..table.classes {
                dividends[set * table.classes + c] -= dividends[(set ^ 1 << i) * table.classes + c];
            }
        }
    }
    let share = |i: usize, c: usize| {
        let sets = (0..1usize << table.players).filter(|set| set >> i & 1 == 1);
        sets.map(|set| dividends[set * table.classes + c] / f64::from(set.count_ones())).sum()
    };
    (0..table.players * table.classes).map(|k| share(k / table.classes, k % table.classes)).collect()
}
