//! Convolutions as shifts: laying out shifted copies of a plane for a matrix product, and adding them back up.
//!
//! A plane is `rows` x `cols`, row after row. A shift is written (`dy`, `dx`): the reader at (y, x) looks at
//! (y + dy, x + dx); places outside the plane count as zero.

use crate::dispatch::dispatched;

/// Size of a plane: rows, then columns.
pub type Size = (usize, usize);

/// The part of `0..n` for which `i + d` lies in `0..len`.
#[inline(always)]
fn inside(n: usize, d: isize, len: usize) -> (usize, usize) {
    let start = (-d).max(0) as usize;
    let end = (len as isize - d).clamp(0, n as isize) as usize;
    (start.min(end), end)
}

dispatched! {
    /// `out[y, x] = src[y + dy, x + dx]`, or zero where that lies outside `src`.
    pub fn gather(src: &[f32], from: Size, shift: (isize, isize), out: &mut [f32], to: Size) {
        let ((h, w), (dy, dx)) = (from, shift);
        if src.len() < h * w || out.len() < to.0 * to.1 { return; }
        let (y0, y1) = inside(to.0, dy, h);
        let (x0, x1) = inside(to.1, dx, w);
        if y0 == y1 || x0 == x1 {
            out[..to.0 * to.1].fill(0.0);
            return;
        }
        out[..y0 * to.1].fill(0.0);
        out[y1 * to.1..to.0 * to.1].fill(0.0);
        if w == to.1 {
            // Equal widths: one copy for all rows, then zero what wrapped around.
            let (first, last) = (y0 * w + x0, (y1 - 1) * w + x1);
            let at = (first as isize + dy * w as isize + dx) as usize;
            out[first..last].copy_from_slice(&src[at..at + last - first]);
            for row in out[y0 * w..y1 * w].chunks_exact_mut(w) {
                for v in &mut row[..x0] { *v = 0.0; }
                for v in &mut row[x1..] { *v = 0.0; }
            }
            return;
        }
        for y in y0..y1 {
            let row = &mut out[y * to.1..(y + 1) * to.1];
            let at = (y as isize + dy) as usize * w + (x0 as isize + dx) as usize;
            row[..x0].fill(0.0);
            row[x1..].fill(0.0);
            row[x0..x1].copy_from_slice(&src[at..at + x1 - x0]);
        }
    }

    /// `out[y, x] += src[y + dy, x + dx]` where that lies inside `src`, whose other elements may be overwritten.
    pub fn gather_add(src: &mut [f32], from: Size, shift: (isize, isize), out: &mut [f32], to: Size) {
        let ((h, w), (dy, dx)) = (from, shift);
        if src.len() < h * w || out.len() < to.0 * to.1 { return; }
        let (y0, y1) = inside(to.0, dy, h);
        let (x0, x1) = inside(to.1, dx, w);
        if y0 == y1 || x0 == x1 { return; }
        if w == to.1 {
            // Equal widths: zero what would wrap around, then one addition for all rows.
            let (s0, s1) = ((x0 as isize + dx) as usize, (x1 as isize + dx) as usize);
            for row in src[..h * w].chunks_exact_mut(w) {
                for v in &mut row[..s0] { *v = 0.0; }
                for v in &mut row[s1..] { *v = 0.0; }
            }
            let (first, last) = (y0 * w + x0, (y1 - 1) * w + x1);
            let at = (first as isize + dy * w as isize + dx) as usize;
            for (o, &v) in out[first..last].iter_mut().zip(&src[at..at + last - first]) { *o += v; }
            return;
        }
        for y in y0..y1 {
            let at = (y as isize + dy) as usize * w + (x0 as isize + dx) as usize;
            let row = &mut out[y * to.1 + x0..y * to.1 + x1];
            for (o, &v) in row.iter_mut().zip(&src[at..at + x1 - x0]) { *o += v; }
        }
    }
}

/// Every `step`-th row and column of a plane, from (`row`, `col`) on: `out[y, x] = src[row + y step, col + x step]`.
///
/// `out` gets `ceil((rows - row) / step)` x `ceil((cols - col) / step)` elements; that size is returned.
pub fn pick(src: &[f32], from: Size, step: usize, (row, col): (usize, usize), out: &mut [f32]) -> Size {
    let (h, w) = from;
    let step = step.max(1);
    let size = (h.saturating_sub(row).div_ceil(step), w.saturating_sub(col).div_ceil(step));
    if size.1 > 0 {
        let rows = src.chunks_exact(w).skip(row).step_by(step);
        for (line, out) in rows.zip(out.chunks_exact_mut(size.1)).take(size.0) {
            for (o, &v) in out.iter_mut().zip(line[col..].iter().step_by(step)) {
                *o = v;
            }
        }
    }
    size
}

/// The adjoint of [`pick`]: `out[row + y step, col + x step] += src[y, x]`.
pub fn put_add(src: &[f32], out: &mut [f32], to: Size, step: usize, (row, col): (usize, usize)) {
    let (h, w) = to;
    let step = step.max(1);
    let cols = w.saturating_sub(col).div_ceil(step);
    if cols == 0 || row >= h {
        return;
    }
    for (line, src) in out.chunks_exact_mut(w).skip(row).step_by(step).zip(src.chunks_exact(cols)) {
        for (o, &v) in line[col..].iter_mut().step_by(step).zip(src) {
            *o += v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(src: &[f32], (h, w): Size, y: isize, x: isize) -> f32 {
        if y < 0 || x < 0 || y >= h as isize || x >= w as isize {
            0.0
        } else {
            src[y as usize * w + x as usize]
        }
    }

    proptest! {
        #[test]
        fn gathers_match_their_twin(
            h in 1usize..7, w in 1usize..7, th in 1usize..7, tw in 1usize..7, same in any::<bool>(),
            dy in -7isize..8, dx in -7isize..8,
        ) {
            let (th, tw) = if same { (h, w) } else { (th, tw) };
            let src: Vec<f32> = (0..h * w).map(|i| i as f32 + 1.0).collect();
            let mut twin = vec![0.0; th * tw];
            for y in 0..th {
                for x in 0..tw {
                    twin[y * tw + x] = at(&src, (h, w), y as isize + dy, x as isize + dx);
                }
            }
            let mut out = vec![f32::NAN; th * tw];
            gather(&src, (h, w), (dy, dx), &mut out, (th, tw));
            prop_assert_eq!(&out, &twin);
            let mut out = vec![100.0; th * tw];
            gather_add(&mut src.clone(), (h, w), (dy, dx), &mut out, (th, tw));
            for v in &mut twin { *v += 100.0; }
            prop_assert_eq!(&out, &twin);
        }

        #[test]
        fn pick_and_put_are_adjoint(h in 1usize..8, w in 1usize..8, step in 1usize..4, row in 0usize..3, col in 0usize..3) {
            let src: Vec<f32> = (0..h * w).map(|i| (i % 11) as f32 - 4.0).collect();
            let mut picked = vec![0.0; h * w];
            let (ph, pw) = pick(&src, (h, w), step, (row, col), &mut picked);
            for y in 0..ph {
                for x in 0..pw {
                    prop_assert_eq!(picked[y * pw + x], src[(row + y * step) * w + col + x * step]);
                }
            }
            let g: Vec<f32> = (0..ph * pw).map(|i| (i % 7) as f32).collect();
            let mut back = vec![0.0; h * w];
            put_add(&g, &mut back, (h, w), step, (row, col));
            let left: f32 = picked.iter().zip(&g).map(|(a, b)| a * b).sum();
            let right: f32 = src.iter().zip(&back).map(|(a, b)| a * b).sum();
            prop_assert_eq!(left, right);
        }
    }
}
