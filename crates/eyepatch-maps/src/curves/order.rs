use eyepatch_core::Seed;
use rand_core::RngCore;

use crate::Map;

/// The cells of a grid in the order in which they are hidden or shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellOrder {
    height: usize,
    width: usize,
    cells: Vec<usize>,
}

impl CellOrder {
    /// The largest value first, with signs; cells of one value in an order that is drawn, so that no side of the
    /// image is preferred.
    #[must_use]
    pub fn by_value(map: &Map, seed: Seed) -> Self {
        let mut order = Self::at_random(map.height(), map.width(), seed);
        // Stable, so what was drawn decides ties.
        order.cells.sort_by(|a, b| {
            let (a, b) = (map.values()[*a], map.values()[*b]);
            b.partial_cmp(&a).unwrap_or(std::cmp::Ordering::Equal)
        });
        order
    }

    /// A random order, all with equal chances (Fisher and Yates).
    #[must_use]
    pub fn at_random(height: usize, width: usize, seed: Seed) -> Self {
        let mut rng = seed.rng();
        let mut cells: Vec<usize> = (0..height * width).collect();
        for i in (1..cells.len()).rev() {
            cells.swap(i, (rng.next_u64() % (i as u64 + 1)) as usize);
        }
        Self { height, width, cells }
    }

    /// Rows of the grid.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns of the grid.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The cells (`row * width + column`), each once.
    #[must_use]
    pub fn cells(&self) -> &[usize] {
        &self.cells
    }
}
