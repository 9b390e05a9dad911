//! A quadtree over a map, laid out in the order in which it is walked.

/// A leaf holds no more points, unless they coincide.
const LEAF: usize = 8;

/// Bits of a coordinate on the grid that orders points.
const BITS: u32 = 31;

/// A cell, its first child right behind it.
#[derive(Debug, Clone, Copy)]
struct Cell {
    /// Mean of its points.
    centre: [f64; 2],
    /// Squared side.
    side: f64,
    /// Its points, in the tree's order.
    first: u32,
    last: u32,
    /// Index of the next cell that does not lie within this one.
    next: u32,
    leaf: bool,
}

/// Points of a map, ordered along the tree (Morton's order), and its cells.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Row of each point.
    pub(super) order: Vec<usize>,
    /// Each point's place.
    pub(super) places: Vec<[f64; 2]>,
    keys: Vec<(u64, usize)>,
    cells: Vec<Cell>,
}

impl Tree {
    /// Builds the tree anew. Places must be finite.
    pub(super) fn build(&mut self, map: &[[f64; 2]]) {
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for place in map {
            for a in 0..2 {
                low[a] = low[a].min(place[a]);
                high[a] = high[a].max(place[a]);
            }
        }
        let side = (high[0] - low[0]).max(high[1] - low[1]);
        let scale = if side > 0.0 { f64::from((1_u32 << BITS) - 1) / side } else { 0.0 };
        let key = |p: &[f64; 2]| spread((p[0] - low[0]) * scale) << 1 | spread((p[1] - low[1]) * scale);
        self.keys.clear();
        self.keys.extend(map.iter().enumerate().map(|(i, p)| (key(p), i)));
        self.keys.sort_unstable();
        self.order.clear();
        self.order.extend(self.keys.iter().map(|k| k.1));
        self.places.clear();
        self.places.extend(self.order.iter().map(|i| map[*i]));
        self.cells.clear();
        self.cell(0, map.len(), 2 * BITS, side * side);
    }

    /// Adds the cell of the points from `first` to `last`, which agree in all but the last `bits` bits.
    fn cell(&mut self, first: usize, last: usize, bits: u32, side: f64) -> [f64; 2] {
        let index = self.cells.len();
        let leaf = last - first <= LEAF || bits == 0;
        let (first_, last_) = (first as u32, last as u32);
        self.cells.push(Cell { centre: [0.0; 2], side, first: first_, last: last_, next: 0, leaf });
        let mut sum = [0.0; 2];
        let mut add = |part: [f64; 2]| (0..2).for_each(|a| sum[a] += part[a]);
        if leaf {
            self.places[first..last].iter().for_each(|p| add(*p));
        } else {
            let mut from = first;
            for quadrant in 0..4 {
                let within = |k: &(u64, usize)| k.0 >> (bits - 2) & 3 <= quadrant;
                let to = from + self.keys[from..last].partition_point(within);
                if to > from {
                    add(self.cell(from, to, bits - 2, side / 4.0));
                    from = to;
                }
            }
        }
        let points = (last - first) as f64;
        self.cells[index].centre = [sum[0] / points, sum[1] / points];
        self.cells[index].next = self.cells.len() as u32;
        sum
    }

    /// What pushes the point at `index` away: the sum over others of q^2 (y - y') and that of q, where q = 1 / (1 +
    /// |y - y'|^2). Cells whose side is below `angle` times their distance count as one point.
    pub(super) fn repulsion(&self, index: usize, angle: f64) -> ([f64; 2], f64) {
        let [x, y] = self.places[index];
        let (mut push_x, mut push_y, angle) = (0.0, 0.0, angle * angle);
        // The point itself is met in its leaf, where it adds 1.
        let (mut total, mut at) = (-1.0, 0);
        while let Some(cell) = self.cells.get(at) {
            let (dx, dy) = (x - cell.centre[0], y - cell.centre[1]);
            let squared = dx * dx + dy * dy;
            if cell.side < angle * squared {
                let q = 1.0 / (1.0 + squared);
                let weight = f64::from(cell.last - cell.first) * q;
                total += weight;
                push_x += weight * q * dx;
                push_y += weight * q * dy;
                at = cell.next as usize;
            } else if cell.leaf {
                for place in &self.places[cell.first as usize..cell.last as usize] {
                    let (dx, dy) = (x - place[0], y - place[1]);
                    let q = 1.0 / (1.0 + dx * dx + dy * dy);
                    total += q;
                    push_x += q * q * dx;
                    push_y += q * q * dy;
                }
                at = cell.next as usize;
            } else {
                at += 1;
            }
        }
        ([push_x, push_y], total)
    }
}

/// The bits of a whole number, a 0 before each.
fn spread(v: f64) -> u64 {
    let mut v = v as u64 & 0x7fff_ffff;
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        v = (v | v << shift) & mask;
    }
    v
}
