use eyepatch_core::Seed;
use rand_core::RngCore;
use rayon::prelude::*;

use super::NullTest;
use crate::{Map, MapsError, NotEstimable};

/// Maps with the same values and the same smoothness, at a place that has nothing to do with the image.
///
/// A draw turns the map by a multiple of 90 degrees (by 180 where its grid is not square), mirrors it or not, and
/// shifts it over a torus, all with equal chances. These moves form a group, so if the map's place is unrelated to
/// the image's, the map itself is one more draw and p is exact (Hemerik & Goeman, TEST 27, 2018). The torus opens a
/// seam where the map's opposite borders differ. It is no null for an explainer that prefers the middle, or the
/// borders, of any image: hold such a one against other images ([`super::reference_test`]).
///
/// It asks whether a map lies where it does by chance, so it suits a small place. A compact map lies wholly in a place
/// of a share a of the image in about a of all draws, so p stays near a however wrong the model: most of an image is
/// outside of its ROI, and that a map lies there is for [`super::reference_test`] to judge.
///
/// A draw costs a map: bring one of a pixel a cell to a few thousand cells first ([`Map::regrid`]).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MovedNull {
    /// Number of draws, for instance 999.
    pub draws: usize,
    /// Where the quantile is taken, for instance 0.95.
    pub level: f64,
    /// Where the draws come from.
    pub seed: Seed,
}

impl MovedNull {
    /// 999 draws, and their 95 % quantile.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self { draws: 999, level: 0.95, seed }
    }

    /// Holds a statistic of the map against that of moved maps. The statistic is asked from many threads; each draw
    /// has a seed of its own, so their number changes nothing.
    ///
    /// # Errors
    /// [`NotEstimable::ConstantMap`]; what the statistic says; as [`NullTest::new`].
    pub fn test(
        &self,
        map: &Map,
        statistic: impl Fn(&Map) -> Result<f64, MapsError> + Sync,
    ) -> Result<NullTest, MapsError> {
        if map.is_constant() {
            return Err(NotEstimable::ConstantMap.into());
        }
        let draws: Vec<f64> = (0..self.draws)
            .into_par_iter()
            .map(|i| statistic(&Moves::draw(map, self.seed.child(&i.to_string())).apply(map)))
            .collect::<Result<_, _>>()?;
        NullTest::new(statistic(map)?, &draws, self.level)
    }
}

/// One move of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moves {
    /// Rows and columns are exchanged; for square grids only.
    pub transpose: bool,
    /// Rows are turned upside down.
    pub flip_rows: bool,
    /// Columns are turned left to right.
    pub flip_columns: bool,
    /// Rows that all move down, over the lower border to the upper one.
    pub down: usize,
    /// Columns that all move right.
    pub right: usize,
}

impl Moves {
    /// A move for the map's grid, all with equal chances.
    #[must_use]
    pub fn draw(map: &Map, seed: Seed) -> Self {
        let mut rng = seed.rng();
        let turns = rng.next_u32();
        // 64 bits for a few thousand cells: uneven by less than 1e-15.
        let mut below = |n: usize| (rng.next_u64() % n as u64) as usize;
        Self {
            transpose: map.height() == map.width() && turns & 1 != 0,
            flip_rows: turns & 2 != 0,
            flip_columns: turns & 4 != 0,
            down: below(map.height()),
            right: below(map.width()),
        }
    }

    /// The moved map: transposed, then flipped, then shifted.
    #[must_use]
    pub fn apply(&self, map: &Map) -> Map {
        let (height, width) = (map.height(), map.width());
        let rows = sources(height, self.down, self.flip_rows);
        let columns = sources(width, self.right, self.flip_columns);
        let mut values = Vec::with_capacity(height * width);
        for y in rows {
            if self.transpose && height == width {
                values.extend(columns.iter().map(|x| map.values()[x * width + y]));
            } else {
                let row = &map.values()[y * width..][..width];
                values.extend(columns.iter().map(|x| row[*x]));
            }
        }
        Map::made(height, width, values)
    }
}

/// Where each of `n` rows (columns) comes from.
fn sources(n: usize, by: usize, flip: bool) -> Vec<usize> {
    let shifted = (0..n).map(|i| (i + n - by % n) % n);
    shifted.map(|i| if flip { n - 1 - i } else { i }).collect()
}
