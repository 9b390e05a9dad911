//! Connected parts of a mask: counting, measuring and cleaning.

use super::area::Sums;
use super::{BoundingBox, bits, check};
use crate::KernelError;

/// Which pixels touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Connectivity {
    /// Those that share a side.
    Four,
    /// Those that share a side or a corner.
    Eight,
}

impl Connectivity {
    /// The connectivity of the outside where the inside has this one, so that a closed curve parts the two
    /// (Rosenfeld, "Connectivity in digital pictures", 1970).
    #[must_use]
    pub fn of_outside(self) -> Self {
        match self {
            Self::Four => Self::Eight,
            Self::Eight => Self::Four,
        }
    }

    /// How far beyond their own columns runs of neighbouring rows still touch.
    fn reach(self) -> usize {
        match self {
            Self::Four => 0,
            Self::Eight => 1,
        }
    }
}

/// One connected part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Component {
    /// Pixels.
    pub area: usize,
    /// Mean column and row, counted from the centre of the first pixel.
    pub centroid: (f64, f64),
    /// The box around it.
    pub bounds: BoundingBox,
}

/// The connected parts of one mask, in the order of their first pixels, rows first.
#[derive(Debug, Clone, PartialEq)]
pub struct Components {
    width: usize,
    pixels: usize,
    runs: Vec<Run>,
    parts: Vec<Component>,
}

/// Columns `start..end` of row `y`, all of part `part`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    y: usize,
    start: usize,
    end: usize,
    part: usize,
}

/// Finds the connected parts of a mask.
///
/// Runs of inside pixels are joined to those that they touch in the row above (He, Chao and Suzuki, "A run-based
/// two-scan labeling algorithm", 2008). Practically linear in pixels.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn label(
    mask: &[u8],
    width: usize,
    height: usize,
    connectivity: Connectivity,
) -> Result<Components, KernelError> {
    check(mask, width, height)?;
    let mut runs: Vec<Run> = Vec::new();
    // Until the end, a run's `part` is an earlier run that it is joined to, or the run itself.
    let mut above = 0..0;
    for (y, row) in mask.chunks_exact(width).enumerate() {
        let first = runs.len();
        bits::for_each_run(row, |start, end| runs.push(Run { y, start, end, part: runs.len() }));
        join_rows(&mut runs, above, first, connectivity.reach());
        above = first..runs.len();
    }
    let mut sums: Vec<(Sums, BoundingBox)> = Vec::new();
    for k in 0..runs.len() {
        let Run { y, start, end, part } = runs[k];
        // Joined runs point to earlier ones, whose part is final by now.
        let part = if part == k { sums.len() } else { runs[part].part };
        runs[k].part = part;
        if part == sums.len() {
            sums.push((Sums::default(), BoundingBox { x0: start, y0: y, x1: end, y1: y + 1 }));
        }
        let (sum, b) = &mut sums[part];
        sum.add_run(y, start, end);
        *b = BoundingBox { x0: b.x0.min(start), y0: b.y0, x1: b.x1.max(end), y1: y + 1 };
    }
    let parts = sums
        .into_iter()
        .map(|(sum, bounds)| Component {
            area: sum.area,
            centroid: sum.centroid().unwrap_or_default(),
            bounds,
        })
        .collect();
    Ok(Components { width, pixels: mask.len(), runs, parts })
}

/// Joins the runs from `first` on with those of the row above that they touch. Both rows' runs are in order.
fn join_rows(runs: &mut [Run], above: std::ops::Range<usize>, first: usize, reach: usize) {
    let mut next = above.start;
    for k in first..runs.len() {
        while next < above.end && runs[next].end + reach <= runs[k].start {
            next += 1;
        }
        let mut touching = next;
        while touching < above.end && runs[touching].start < runs[k].end + reach {
            let (a, b) = (root(runs, touching), root(runs, k));
            runs[a.max(b)].part = a.min(b);
            touching += 1;
        }
    }
}

/// The first run of the part that this one belongs to so far; shortens the way for the next time.
fn root(runs: &mut [Run], mut k: usize) -> usize {
    while runs[k].part != k {
        let up = runs[runs[k].part].part;
        runs[k].part = up;
        k = up;
    }
    k
}

impl Components {
    /// The parts, in the order of their first pixels.
    #[must_use]
    pub fn parts(&self) -> &[Component] {
        &self.parts
    }

    /// For every pixel, rows first, 0 outside and `k + 1` in part `k`.
    #[must_use]
    pub fn labels(&self) -> Vec<u32> {
        let mut out = vec![0; self.pixels];
        for run in &self.runs {
            // More than 2^32 parts would need as many pixels, at 4 bytes each.
            out[run.y * self.width..][run.start..run.end].fill(run.part as u32 + 1);
        }
        out
    }

    /// The mask of the parts that `keep` accepts, by index and measures.
    #[must_use]
    pub fn keep(&self, mut keep: impl FnMut(usize, &Component) -> bool) -> Vec<u8> {
        let kept: Vec<bool> = self.parts.iter().enumerate().map(|(k, part)| keep(k, part)).collect();
        let mut out = vec![0; self.pixels];
        for run in self.runs.iter().filter(|run| kept[run.part]) {
            out[run.y * self.width..][run.start..run.end].fill(1);
        }
        out
    }

    /// The mask of the `k` largest parts; of equally large ones, those that come first.
    #[must_use]
    pub fn largest(&self, k: usize) -> Vec<u8> {
        let mut order: Vec<usize> = (0..self.parts.len()).collect();
        order.sort_by_key(|&part| std::cmp::Reverse(self.parts[part].area));
        let mut rank = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, &part)| rank[part] = place);
        self.keep(|part, _| rank[part] < k)
    }
}

/// The mask's `k` largest parts; of equally large ones, those that come first.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn largest(
    mask: &[u8],
    width: usize,
    height: usize,
    connectivity: Connectivity,
    k: usize,
) -> Result<Vec<u8>, KernelError> {
    Ok(label(mask, width, height, connectivity)?.largest(k))
}

/// The mask without parts of fewer than `min_area` pixels.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn remove_small(
    mask: &[u8],
    width: usize,
    height: usize,
    connectivity: Connectivity,
    min_area: usize,
) -> Result<Vec<u8>, KernelError> {
    Ok(label(mask, width, height, connectivity)?.keep(|_, part| part.area >= min_area))
}

/// The mask with its holes filled: outside pixels that no way of outside pixels joins to the image's border, where
/// `connectivity` is the inside's and the outside has the other one.
///
/// # Errors
/// [`KernelError::MaskShape`] where a side is 0 or the length is not `width * height`.
pub fn fill_holes(
    mask: &[u8],
    width: usize,
    height: usize,
    connectivity: Connectivity,
) -> Result<Vec<u8>, KernelError> {
    check(mask, width, height)?;
    let outside: Vec<u8> = mask.iter().map(|&byte| u8::from(byte == 0)).collect();
    let parts = label(&outside, width, height, connectivity.of_outside())?;
    let at_border = |b: &BoundingBox| b.x0 == 0 || b.y0 == 0 || b.x1 == width || b.y1 == height;
    let mut filled = parts.keep(|_, part| at_border(&part.bounds));
    filled.iter_mut().for_each(|byte| *byte = 1 - *byte);
    Ok(filled)
}
