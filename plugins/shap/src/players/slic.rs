use std::collections::VecDeque;

use eyepatch_core::Image;

use super::Segmentation;
use crate::Error;

/// Rounds of assigning pixels and moving centres, as in the paper.
const ROUNDS: usize = 10;

/// SLIC superpixels (Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods", 2012,
/// algorithm 1). Centres start on a grid of step S, moved to the flattest pixel of the nine around; each takes pixels within S
/// of it whose distance sqrt(c^2 + (d / S)^2 m^2) is smallest, where c is the distance of values, d that of pixels and m the
/// `compactness`. At last, connected pieces smaller than a quarter of S^2 go to a neighbour, so each player is connected.
///
/// Values are scaled to 0..100 a channel, where the paper uses CIELAB: grey images have no other colour. About `count`
/// players come out (1 or more), fewer where the image has fewer pixels.
///
/// # Errors
/// As [`Segmentation::new`].
pub fn superpixels(image: &Image, count: usize, compactness: f64) -> Result<Segmentation, Error> {
    let pixels = Picture::new(image);
    let step = (pixels.n() as f64 / count.max(1) as f64).sqrt().max(1.0);
    let mut centres = pixels.centres(step);
    let mut owners = vec![0; pixels.n()];
    for _ in 0..ROUNDS {
        owners = pixels.assign(&centres, step, compactness);
        pixels.move_centres(&owners, &mut centres);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most the image's pixels")]
    let smallest = (step * step / 4.0) as usize;
    let (players, n) = pixels.connect(&owners, smallest);
    let names = (1..=n).map(|i| format!("superpixel {i}")).collect();
    Segmentation::new(pixels.height, pixels.width, &players, names)
}

/// Values and place: up to three channels, row, column.
#[derive(Clone, Copy)]
struct Point {
    values: [f64; 3],
    y: f64,
    x: f64,
}

struct Picture {
    height: usize,
    width: usize,
    values: Vec<[f64; 3]>,
}

impl Picture {
    fn new(image: &Image) -> Self {
        let scale = 100.0 / f64::from(image.full_scale());
        let channels = image.channels();
        let pixel = |values: &[f32]| {
            let value = |c: usize| values.get(c).map_or(0.0, |&v| f64::from(v) * scale);
            [value(0), value(1), value(2)]
        };
        let values = image.to_f32().chunks_exact(channels).map(pixel).collect();
        Self { height: image.height(), width: image.width(), values }
    }

    fn n(&self) -> usize {
        self.values.len()
    }

    fn at(&self, y: usize, x: usize) -> Point {
        Point { values: self.values[y * self.width + x], y: y as f64, x: x as f64 }
    }

    /// Squared differences across and down; the border's own value stands in beyond it.
    fn slope(&self, y: usize, x: usize) -> f64 {
        let (up, left) = (y.saturating_sub(1), x.saturating_sub(1));
        let (down, right) = ((y + 1).min(self.height - 1), (x + 1).min(self.width - 1));
        colour(self.at(y, left).values, self.at(y, right).values)
            + colour(self.at(up, x).values, self.at(down, x).values)
    }

    fn centres(&self, step: f64) -> Vec<Point> {
        let cells = |side: usize| whole(side as f64 / step).max(1);
        let (rows, columns) = (cells(self.height), cells(self.width));
        let middle = |i: usize, n: usize, side: usize| (2 * i + 1) * side / (2 * n);
        let flattest = |i: usize| {
            let (y, x) = (middle(i / columns, rows, self.height), middle(i % columns, columns, self.width));
            let around = (y.saturating_sub(1)..(y + 2).min(self.height))
                .flat_map(|y| (x.saturating_sub(1)..(x + 2).min(self.width)).map(move |x| (y, x)));
            let best = around.min_by(|a, b| self.slope(a.0, a.1).total_cmp(&self.slope(b.0, b.1)));
            let (y, x) = best.unwrap_or((y, x));
            self.at(y, x)
        };
        (0..rows * columns).map(flattest).collect()
    }

    /// The nearest centre of each pixel among those within reach; of equally near ones the first. What none reaches
    /// goes to the first centre, and is joined to a neighbour in the end.
    fn assign(&self, centres: &[Point], step: f64, compactness: f64) -> Vec<usize> {
        let mut best = vec![(f64::INFINITY, 0); self.n()];
        let weight = (compactness / step).powi(2);
        let range = |at: f64, side: usize| whole((at - step).max(0.0))..(whole(at + step) + 1).min(side);
        for (index, centre) in centres.iter().enumerate() {
            for y in range(centre.y, self.height) {
                for x in range(centre.x, self.width) {
                    let point = self.at(y, x);
                    let apart = (point.y - centre.y).powi(2) + (point.x - centre.x).powi(2);
                    let distance = colour(point.values, centre.values) + weight * apart;
                    let best = &mut best[y * self.width + x];
                    if distance < best.0 {
                        *best = (distance, index);
                    }
                }
            }
        }
        best.into_iter().map(|(_, index)| index).collect()
    }

    fn move_centres(&self, owners: &[usize], centres: &mut [Point]) {
        let mut sums = vec![(Point { values: [0.0; 3], y: 0.0, x: 0.0 }, 0.0); centres.len()];
        for (pixel, &owner) in owners.iter().enumerate() {
            let (point, (sum, n)) = (self.at(pixel / self.width, pixel % self.width), &mut sums[owner]);
            sum.values.iter_mut().zip(point.values).for_each(|(sum, v)| *sum += v);
            (sum.y, sum.x, *n) = (sum.y + point.y, sum.x + point.x, *n + 1.0);
        }
        for (centre, (sum, n)) in centres.iter_mut().zip(sums).filter(|(_, (_, n))| *n > 0.0) {
            *centre = Point { values: sum.values.map(|v| v / n), y: sum.y / n, x: sum.x / n };
        }
    }

    /// Numbers connected pieces (shared sides) in the order of their first pixels; a piece smaller than `smallest` goes
    /// to the piece left of its first pixel, else the one above.
    fn connect(&self, owners: &[usize], smallest: usize) -> (Vec<usize>, usize) {
        const OPEN: usize = usize::MAX;
        let (mut players, mut next) = (vec![OPEN; self.n()], 0);
        for first in 0..self.n() {
            if players[first] != OPEN {
                continue;
            }
            let piece = self.piece(owners, &players, first, OPEN);
            let left = (first % self.width > 0).then(|| players[first - 1]);
            let neighbour = left.or_else(|| first.checked_sub(self.width).map(|above| players[above]));
            let player = neighbour.filter(|_| piece.len() < smallest).unwrap_or(next);
            next += usize::from(player == next);
            piece.into_iter().for_each(|pixel| players[pixel] = player);
        }
        (players, next)
    }

    /// The pixels connected to `first` that have its owner.
    fn piece(&self, owners: &[usize], players: &[usize], first: usize, open: usize) -> Vec<usize> {
        let (mut piece, mut queue) = (vec![first], VecDeque::from([first]));
        let mut seen = std::collections::BTreeSet::from([first]);
        while let Some(pixel) = queue.pop_front() {
            let (y, x) = (pixel / self.width, pixel % self.width);
            let around = [
                (y > 0).then(|| pixel - self.width),
                (x > 0).then(|| pixel - 1),
                (x + 1 < self.width).then(|| pixel + 1),
                (y + 1 < self.height).then(|| pixel + self.width),
            ];
            for other in around.into_iter().flatten() {
                if owners[other] == owners[first] && players[other] == open && seen.insert(other) {
                    piece.push(other);
                    queue.push_back(other);
                }
            }
        }
        piece
    }
}

fn colour(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not below 0, at most a side and its step"
)]
fn whole(x: f64) -> usize {
    x.round() as usize
}
