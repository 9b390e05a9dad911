//! The equations, on the unknown pixels and on coarser and coarser grids.

/// Column and row of a cell.
type Cell = (u32, u32);

/// Width and height of a grid, rows first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Grid {
    fn index(self, (x, y): Cell) -> usize {
        y as usize * self.width + x as usize
    }

    /// Left, up, right and down of a cell, where they exist.
    fn neighbours(self, cell: Cell) -> [Option<usize>; 4] {
        let (x, y, index) = (cell.0 as usize, cell.1 as usize, self.index(cell));
        [
            (x > 0).then(|| index - 1),
            (y > 0).then(|| index - self.width),
            (x + 1 < self.width).then(|| index + 1),
            (y + 1 < self.height).then(|| index + self.width),
        ]
    }

    /// The grid of blocks of 2x2 cells.
    fn coarser(self) -> Self {
        Self { width: self.width.div_ceil(2), height: self.height.div_ceil(2) }
    }

    /// The cells that `is_unknown`, by index, rows first; and for each index its place among them, or their number.
    fn number(self, is_unknown: impl Fn(usize) -> bool) -> (Vec<Cell>, Vec<u32>) {
        let (mut cells, mut places) = (Vec::new(), vec![u32::MAX; self.width * self.height]);
        for (y, row) in places.chunks_exact_mut(self.width).enumerate() {
            for (x, place) in row.iter_mut().enumerate() {
                if is_unknown(y * self.width + x) {
                    *place = cells.len() as u32;
                    cells.push((x as u32, y as u32));
                }
            }
        }
        for place in &mut places {
            *place = (*place).min(cells.len() as u32);
        }
        (cells, places)
    }
}

/// The equations of an image's unknown pixels.
pub(super) struct System {
    /// From the pixels to a single unknown.
    pub(super) levels: Vec<Level>,
    /// The pixel of each unknown of the finest level.
    pub(super) pixels: Vec<u32>,
    /// Each unknown that has a known neighbour, with that pixel.
    pub(super) rim: Vec<(u32, u32)>,
}

/// One linear equation for each unknown, rows first: `diagonal * x - sum of weight * neighbour = right side`.
pub(super) struct Level {
    pub(super) equations: Vec<Equation>,
}

pub(super) struct Equation {
    /// Index of the unknown to the left, above, to the right and below; the number of unknowns where there is none.
    pub(super) near: [u32; 4],
    /// Their weights; 0 where there is none.
    pub(super) weight: [f32; 4],
    pub(super) diagonal: f64,
    /// 1 / diagonal.
    pub(super) inverse: f64,
    /// The unknown of the next coarser level that stands for this one.
    pub(super) coarse: u32,
}

impl System {
    /// From the pixels that are not `known`. Each level joins blocks of 2x2 cells of the one before and adds up their
    /// equations (aggregation, Galerkin's operator), so that it is again one of at most four neighbours.
    pub(super) fn new(mut grid: Grid, known: &[u8]) -> Self {
        let (mut cells, places) = grid.number(|pixel| known[pixel] == 0);
        let none = cells.len() as u32;
        let (mut equations, mut rim) = (Vec::with_capacity(cells.len()), Vec::new());
        for (unknown, &cell) in cells.iter().enumerate() {
            let mut equation = Equation::empty(none);
            for (side, pixel) in grid.neighbours(cell).into_iter().enumerate() {
                let Some(pixel) = pixel else { continue };
                equation.diagonal += 1.0;
                // A known neighbour weighs on the diagonal only: its value is on the right side.
                if places[pixel] == none {
                    rim.push((unknown as u32, pixel as u32));
                } else {
                    (equation.near[side], equation.weight[side]) = (places[pixel], 1.0);
                }
            }
            equations.push(equation);
        }
        let pixels = cells.iter().map(|&cell| grid.index(cell) as u32).collect();
        let mut levels = vec![Level { equations }];
        while let Some(fine) = levels.last_mut()
            && fine.equations.len() > 1
        {
            let (coarse, blocks) = fine.coarsen(grid, &cells);
            levels.push(coarse);
            (grid, cells) = (grid.coarser(), blocks);
        }
        for equation in levels.iter_mut().flat_map(|level| &mut level.equations) {
            equation.inverse = 1.0 / equation.diagonal;
        }
        Self { levels, pixels, rim }
    }
}

impl Equation {
    /// Without neighbours; `none` is the number of unknowns.
    fn empty(none: u32) -> Self {
        Self { near: [none; 4], weight: [0.0; 4], diagonal: 0.0, inverse: 0.0, coarse: 0 }
    }
}

impl Level {
    /// The next level, with its cells. `cells` are those of this level's unknowns.
    fn coarsen(&mut self, grid: Grid, cells: &[Cell]) -> (Self, Vec<Cell>) {
        let coarser = grid.coarser();
        let block = |&(x, y): &Cell| coarser.index((x / 2, y / 2));
        let mut holds = vec![false; coarser.width * coarser.height];
        for cell in cells {
            holds[block(cell)] = true;
        }
        let (blocks, places) = coarser.number(|block| holds[block]);
        for (equation, cell) in self.equations.iter_mut().zip(cells) {
            equation.coarse = places[block(cell)];
        }
        let mut equations: Vec<Equation> =
            blocks.iter().map(|_| Equation::empty(blocks.len() as u32)).collect();
        for equation in &self.equations {
            let block = &mut equations[equation.coarse as usize];
            block.diagonal += equation.diagonal;
            for side in 0..4 {
                let (near, weight) = (equation.near[side] as usize, equation.weight[side]);
                let Some(near) = self.equations.get(near) else { continue };
                if near.coarse == equation.coarse {
                    block.diagonal -= f64::from(weight);
                } else {
                    block.near[side] = near.coarse;
                    block.weight[side] += weight;
                }
            }
        }
        (Self { equations }, blocks)
    }
}
