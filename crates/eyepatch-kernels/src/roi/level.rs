use super::rows::{self, RowScratch};
use crate::dispatch::dispatched;

/// The number type of a level map: the smallest radius at which a pixel is inside.
///
/// `level(p) = d(p, inside)`, 1 or more, outside and `1 - d(p, outside)`, 0 or less, inside, in city-block distance.
/// A mask without inside pixels holds `NEVER` throughout, one without outside pixels `1 - NEVER`.
pub(super) trait Level: Copy + Ord + Default + Send + Sync + 'static {
    /// The level of pixels that no radius brings inside; also a distance with nothing at its end.
    const NEVER: Self;
    /// `after[edges][k]`: distance, at pixel `k` of 8, to the last edge at or before it; [`Level::NEVER`] where
    /// there is none. An edge is a pixel that differs from the one before it.
    const AFTER: &'static [[Self; 8]; 256];
    /// `before[edges][k]`: distance, at pixel `k`, to the first edge at or after it, if pixels are compared with the
    /// one behind them.
    const BEFORE: &'static [[Self; 8]; 256];

    /// A distance within a word, at most 64.
    fn small(distance: usize) -> Self;
    /// The sum; [`Level::NEVER`] stays what it is.
    fn plus(self, distance: Self) -> Self;
    /// The level of an inside pixel at this distance to the outside.
    fn inside(self) -> Self;
    /// The level as relaxed by a neighbour's.
    fn relaxed(self, neighbour: Self) -> Self;
    /// A radius as threshold: above every finite level and below [`Level::NEVER`] at most, and the opposite.
    fn threshold(radius: i32) -> Self;
    /// The level as a 32-bit number, `i32::MAX` for never and `i32::MIN` for always.
    fn value(self) -> i32;

    /// First half of the transform: along rows, then from each row to the one below.
    fn descend(mask: &[u8], width: usize, levels: &mut [Self], scratch: &mut RowScratch<Self>);
    /// Second half: from each row to the one above, and thresholds of every row as soon as it is final.
    fn ascend(levels: &mut [Self], width: usize, radii: &[i32], outs: &mut [&mut [u8]]);
    /// Thresholds of a finished map.
    fn cut(levels: &[Self], width: usize, radii: &[i32], outs: &mut [&mut [u8]]);
}

/// Whether levels of this size fit 16 bits: the largest finite one is `width + height - 2`, and the two beyond it
/// mean never and always.
pub(super) fn fits_16_bits(width: usize, height: usize) -> bool {
    width + height <= 32_766
}

#[inline(always)]
fn descend<L: Level>(mask: &[u8], width: usize, levels: &mut [L], scratch: &mut RowScratch<L>) {
    for (y, row) in mask.chunks_exact(width).enumerate() {
        let (above, levels) = levels.split_at_mut(y * width);
        let above = y.checked_sub(1).map(|y| &above[y * width..]);
        rows::measure(row, above, &mut levels[..width], scratch);
    }
}

#[inline(always)]
fn ascend<L: Level>(levels: &mut [L], width: usize, radii: &[i32], outs: &mut [&mut [u8]]) {
    let height = levels.len() / width;
    for y in (0..height).rev() {
        let (row, below) = levels.split_at_mut((y + 1) * width);
        let row = &mut row[y * width..];
        for (level, &neighbour) in row.iter_mut().zip(&*below) {
            *level = level.relaxed(neighbour);
        }
        cut_row(row, y * width, radii, outs);
    }
}

#[inline(always)]
fn cut_row<L: Level>(row: &[L], at: usize, radii: &[i32], outs: &mut [&mut [u8]]) {
    for (&radius, out) in radii.iter().zip(outs) {
        let threshold = L::threshold(radius);
        for (byte, &level) in out[at..at + row.len()].iter_mut().zip(row) {
            *byte = u8::from(level <= threshold);
        }
    }
}

#[inline(always)]
fn cut<L: Level>(levels: &[L], width: usize, radii: &[i32], outs: &mut [&mut [u8]]) {
    for (y, row) in levels.chunks_exact(width).enumerate() {
        cut_row(row, y * width, radii, outs);
    }
}

macro_rules! level {
    ($level:ty) => {
        impl Level for $level {
            const NEVER: Self = <$level>::MAX;
            const AFTER: &'static [[Self; 8]; 256] = &{
                let mut table = [[<$level>::MAX; 8]; 256];
                let mut edges = 0;
                while edges < 256 {
                    let (mut k, mut distance) = (0, <$level>::MAX);
                    while k < 8 {
                        distance = if edges >> k & 1 == 1 { 1 } else { distance.saturating_add(1) };
                        table[edges][k] = distance;
                        k += 1;
                    }
                    edges += 1;
                }
                table
            };
            const BEFORE: &'static [[Self; 8]; 256] = &{
                let mut table = [[<$level>::MAX; 8]; 256];
                let mut edges = 0;
                while edges < 256 {
                    let (mut k, mut distance) = (8, <$level>::MAX);
                    while k > 0 {
                        k -= 1;
                        distance = if edges >> k & 1 == 1 { 1 } else { distance.saturating_add(1) };
                        table[edges][k] = distance;
                    }
                    edges += 1;
                }
                table
            };

            #[inline(always)]
            fn small(distance: usize) -> Self {
                distance as $level
            }
            #[inline(always)]
            fn plus(self, distance: Self) -> Self {
                self.saturating_add(distance)
            }
            #[inline(always)]
            fn inside(self) -> Self {
                1 - self
            }
            // Outside pixels (above 0) lie at most 1 above any neighbour that is outside, and at 1 beside one that is
            // inside; inside pixels likewise, downwards. One formula, without a branch, does both.
            #[inline(always)]
            fn relaxed(self, neighbour: Self) -> Self {
                self.min(neighbour.max(0).saturating_add(1)).max(neighbour.min(1) - 1)
            }
            #[inline(always)]
            fn threshold(radius: i32) -> Self {
                let largest = <$level>::MAX - 1;
                radius.clamp(-i32::from(largest), i32::from(largest)) as $level
            }
            #[inline(always)]
            fn value(self) -> i32 {
                match self {
                    <$level>::MAX => i32::MAX,
                    l if l == 1 - <$level>::MAX => i32::MIN,
                    l => i32::from(l),
                }
            }

            fn descend(mask: &[u8], width: usize, levels: &mut [Self], scratch: &mut RowScratch<Self>) {
                dispatched! {
                    fn run(mask: &[u8], width: usize, levels: &mut [$level], scratch: &mut RowScratch<$level>) {
                        descend(mask, width, levels, scratch);
                    }
                }
                run(mask, width, levels, scratch);
            }
            fn ascend(levels: &mut [Self], width: usize, radii: &[i32], outs: &mut [&mut [u8]]) {
                dispatched! {
                    fn run(levels: &mut [$level], width: usize, radii: &[i32], outs: &mut [&mut [u8]]) {
                        ascend(levels, width, radii, outs);
                    }
                }
                run(levels, width, radii, outs);
            }
            fn cut(levels: &[Self], width: usize, radii: &[i32], outs: &mut [&mut [u8]]) {
                dispatched! {
                    fn run(levels: &[$level], width: usize, radii: &[i32], outs: &mut [&mut [u8]]) {
                        cut(levels, width, radii, outs);
                    }
                }
                run(levels, width, radii, outs);
            }
        }
    };
}

level!(i16);
level!(i32);
