//! Single-precision matrix products over strided slices: a checked door to the `gemm` crate.
//!
//! The `gemm` crate picks its micro-kernel when the program runs: AVX-512F where the CPU has it (feature `x86-v4`,
//! on stable Rust since 1.89), else AVX2 with FMA, NEON or plain scalar code. Every product here runs on the calling
//! thread, so its result does not depend on how many threads the program has.

use thiserror::Error;

/// How a matrix lies in a slice: element (`r`, `c`) is at `offset + r * row_stride + c * col_stride`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Index of element (0, 0).
    pub offset: usize,
    /// Distance between vertically adjacent elements.
    pub row_stride: usize,
    /// Distance between horizontally adjacent elements.
    pub col_stride: usize,
}

impl Layout {
    /// Rows one after the other, each `cols` long.
    pub fn row_major(cols: usize) -> Self {
        Self { offset: 0, row_stride: cols, col_stride: 1 }
    }

    /// The transpose of a row-major matrix that has `rows` elements a stored row.
    pub fn transposed(rows: usize) -> Self {
        Self { offset: 0, row_stride: 1, col_stride: rows }
    }

    /// The same layout, starting `offset` elements into the slice.
    pub fn at(self, offset: usize) -> Self {
        Self { offset, ..self }
    }

    /// Number of elements a slice needs for a `rows` x `cols` matrix; `None` when that overflows.
    fn span(&self, rows: usize, cols: usize) -> Option<usize> {
        isize::try_from(self.row_stride.max(self.col_stride)).ok()?;
        if rows == 0 || cols == 0 {
            return Some(0);
        }
        let down = (rows - 1).checked_mul(self.row_stride)?;
        let right = (cols - 1).checked_mul(self.col_stride)?;
        let span = self.offset.checked_add(down)?.checked_add(right)?.checked_add(1)?;
        isize::try_from(span).ok().map(|_| span)
    }

    /// Whether no two of the `rows` x `cols` elements share an index; without elements none do.
    fn injective(&self, rows: usize, cols: usize) -> bool {
        if rows == 0 || cols == 0 {
            return true;
        }
        let (short, long, short_len) = if self.row_stride <= self.col_stride {
            (self.row_stride, self.col_stride, rows)
        } else {
            (self.col_stride, self.row_stride, cols)
        };
        let (row_ok, col_ok) = (rows <= 1 || self.row_stride > 0, cols <= 1 || self.col_stride > 0);
        row_ok
            && col_ok
            && (rows <= 1 || cols <= 1 || short_len.saturating_sub(1).saturating_mul(short) < long)
    }
}

/// A matrix that does not fit its slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GemmError {
    /// The slice ends before the last element.
    #[error("matrix {which} needs {needed:?} elements, its slice holds {have}")]
    TooShort {
        /// `a`, `b` or `c`.
        which: &'static str,
        /// Elements needed; `None` when the number overflows.
        needed: Option<usize>,
        /// Elements the slice has.
        have: usize,
    },
    /// Two elements of the destination would share a place.
    #[error("destination of {rows} x {cols} overlaps itself (strides {row_stride}, {col_stride})")]
    Overlap {
        /// Rows of the destination.
        rows: usize,
        /// Columns of the destination.
        cols: usize,
        /// Its row stride.
        row_stride: usize,
        /// Its column stride.
        col_stride: usize,
    },
}

/// `c = a b + beta c`, where `a` is `m` x `k`, `b` is `k` x `n` and `c` is `m` x `n`.
///
/// `size` is `(m, n, k)`. With `beta` zero, `c` is written without being read (NaN there does not spread).
///
/// # Errors
/// [`GemmError`] when a slice is too short for its layout, or the destination overlaps itself. Nothing is written then.
pub fn gemm(
    size: (usize, usize, usize),
    (a, la): (&[f32], Layout),
    (b, lb): (&[f32], Layout),
    beta: f32,
    (c, lc): (&mut [f32], Layout),
) -> Result<(), GemmError> {
    let (m, n, k) = size;
    check("a", la.span(m, k), a.len())?;
    check("b", lb.span(k, n), b.len())?;
    check("c", lc.span(m, n), c.len())?;
    if !lc.injective(m, n) {
        let (row_stride, col_stride) = (lc.row_stride, lc.col_stride);
        return Err(GemmError::Overlap { rows: m, cols: n, row_stride, col_stride });
    }
    // Long products of two matrices that are contiguous along k: the crate has kernels that need no packing, but takes
    // them for at most 256 results at once. Measured 1.2 to 1.5 times faster from k = 512 on, slower below 256.
    let dots = la.col_stride == 1 && lb.row_stride == 1 && k >= DOT_DEPTH;
    let (tile_m, tile_n) = if dots { DOT_TILE } else { (m.max(1), n.max(1)) };
    for row in (0..m).step_by(tile_m) {
        for col in (0..n).step_by(tile_n) {
            let size = (tile_m.min(m - row), tile_n.min(n - col), k);
            let a_at = la.at(la.offset + row * la.row_stride);
            let b_at = lb.at(lb.offset + col * lb.col_stride);
            let c_at = lc.at(lc.offset + row * lc.row_stride + col * lc.col_stride);
            product(size, (a, a_at), (b, b_at), beta, (c, c_at));
        }
    }
    Ok(())
}

/// Shortest inner dimension for which the product is cut into tiles of dot products.
const DOT_DEPTH: usize = 512;
/// Rows and columns of such a tile; at most 256 elements.
const DOT_TILE: (usize, usize) = (8, 16);

/// The product itself. Callers have checked that every element lies inside its slice.
fn product(
    (m, n, k): (usize, usize, usize),
    (a, la): (&[f32], Layout),
    (b, lb): (&[f32], Layout),
    beta: f32,
    (c, lc): (&mut [f32], Layout),
) {
    // SAFETY: `gemm`, the only caller, has checked that each element (offset + r * row_stride + c * col_stride) of the
    // whole a, b and c lies inside its slice, that no two elements of c coincide and that strides fit an isize; a tile
    // is a part of them. `c` is borrowed mutably, so it aliases neither input. With `k` zero, a and b are never read.
    #[allow(unsafe_code)]
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr().wrapping_add(lc.offset),
            lc.col_stride as isize,
            lc.row_stride as isize,
            beta != 0.0,
            a.as_ptr().wrapping_add(la.offset),
            la.col_stride as isize,
            la.row_stride as isize,
            b.as_ptr().wrapping_add(lb.offset),
            lb.col_stride as isize,
            lb.row_stride as isize,
            beta,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

fn check(which: &'static str, needed: Option<usize>, have: usize) -> Result<(), GemmError> {
    match needed {
        Some(needed) if needed <= have => Ok(()),
        _ => Err(GemmError::TooShort { which, needed, have }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn twin(
        (m, n, k): (usize, usize, usize),
        (a, la): (&[f32], Layout),
        (b, lb): (&[f32], Layout),
        beta: f32,
        (c, lc): (&mut [f32], Layout),
    ) {
        let at = |l: Layout, r: usize, c: usize| l.offset + r * l.row_stride + c * l.col_stride;
        for i in 0..m {
            for j in 0..n {
                let dot: f64 = (0..k).map(|p| f64::from(a[at(la, i, p)]) * f64::from(b[at(lb, p, j)])).sum();
                let old = if beta == 0.0 { 0.0 } else { f64::from(beta * c[at(lc, i, j)]) };
                c[at(lc, i, j)] = (dot + old) as f32;
            }
        }
    }

    fn values(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0).collect()
    }

    /// A layout for rows x cols with a gap between lines, row-major or column-major, and the length it needs.
    fn layout(rows: usize, cols: usize, column_major: bool, gap: usize, offset: usize) -> (Layout, usize) {
        let (row_stride, col_stride) = if column_major { (1, rows + gap) } else { (cols + gap, 1) };
        let l = Layout { offset, row_stride, col_stride };
        (l, offset + rows * row_stride.max(1) + cols * col_stride + 1)
    }

    proptest! {
        #[test]
        fn matches_the_triple_loop(
            m in 0usize..40, n in 0usize..40, k in prop_oneof![0usize..70, 510usize..530],
            flags in any::<[bool; 3]>(), gap in 0usize..3, offset in 0usize..4, beta in prop_oneof![Just(0f32), Just(1.0), Just(0.5)],
        ) {
            let (la, na) = layout(m, k, flags[0], gap, offset);
            let (lb, nb) = layout(k, n, flags[1], gap, 0);
            let (lc, nc) = layout(m, n, flags[2], gap, offset);
            let (a, b, c) = (values(na, 1), values(nb, 2), values(nc, 3));
            let (mut ours, mut theirs) = (c.clone(), c);
            gemm((m, n, k), (&a, la), (&b, lb), beta, (&mut ours, lc)).unwrap();
            twin((m, n, k), (&a, la), (&b, lb), beta, (&mut theirs, lc));
            for (x, y) in ours.iter().zip(&theirs) {
                prop_assert!((x - y).abs() < 1e-4 + 1e-5 * y.abs(), "{x} {y}");
            }
        }
    }

    /// A product without columns has nothing to overlap, whatever its strides.
    #[test]
    fn an_empty_destination_is_no_overlap() {
        let none = Layout { offset: 0, row_stride: 0, col_stride: 1 };
        assert_eq!(gemm((2, 0, 0), (&[], none), (&[], none), 1.0, (&mut [], none)), Ok(()));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let (a, b, mut c) = ([1.0; 6], [1.0; 6], [7.0; 4]);
        let ok = Layout::row_major;
        assert!(gemm((2, 2, 3), (&a, ok(3)), (&b, ok(2)), 0.0, (&mut c, ok(2))).is_ok());
        assert_eq!(c, [3.0; 4]);
        let short = gemm((2, 2, 4), (&a, ok(4)), (&b, ok(2)), 0.0, (&mut c, ok(2)));
        assert_eq!(short, Err(GemmError::TooShort { which: "a", needed: Some(8), have: 6 }));
        let huge = Layout { offset: 0, row_stride: usize::MAX, col_stride: 1 };
        let overflow = gemm((2, 2, 3), (&a, huge), (&b, ok(2)), 0.0, (&mut c, ok(2)));
        assert_eq!(overflow, Err(GemmError::TooShort { which: "a", needed: None, have: 6 }));
        let overlap = Layout { offset: 0, row_stride: 1, col_stride: 1 };
        let twice = gemm((2, 2, 3), (&a, ok(3)), (&b, ok(2)), 0.0, (&mut c, overlap));
        assert!(matches!(twice, Err(GemmError::Overlap { .. })));
        assert_eq!(c, [3.0; 4]);
    }

    #[test]
    fn beta_zero_does_not_read_the_destination() {
        let mut c = [f32::NAN; 1];
        gemm(
            (1, 1, 1),
            (&[2.0], Layout::row_major(1)),
            (&[3.0], Layout::row_major(1)),
            0.0,
            (&mut c, Layout::row_major(1)),
        )
        .unwrap();
        assert_eq!(c, [6.0]);
    }
}
