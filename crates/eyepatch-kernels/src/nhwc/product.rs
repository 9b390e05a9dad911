//! The product of some rows with packed weights.
#![allow(unsafe_code)]

use super::Panels;
use super::isa::dispatch;
use super::lanes::Lanes;
use crate::KernelError;

/// Rows of numbers in a slice.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Where they are.
    pub values: &'a [f32],
    /// From the start of one row to the next.
    pub stride: usize,
    /// How many.
    pub count: usize,
}

impl Rows<'_> {
    /// Whether the slice holds them all, each of `width` numbers.
    fn hold(&self, width: usize) -> Result<(), KernelError> {
        if self.count == 0 {
            return Ok(());
        }
        let needed = (self.count - 1).checked_mul(self.stride).and_then(|v| v.checked_add(width));
        match needed {
            Some(needed) if needed <= self.values.len() => Ok(()),
            needed => {
                let expected = needed.unwrap_or(usize::MAX);
                Err(KernelError::Length { what: "rows", expected, found: self.values.len() })
            }
        }
    }
}

/// `out[at[i] ..][..n] = rows[i] * weights + bias`, then with `relu` the larger of that and 0 (NaN stays NaN).
///
/// Each result is summed over `k` upwards from the bias, whatever the number of rows.
///
/// # Errors
/// [`KernelError::Length`] where a slice is too short.
pub fn product(
    rows: Rows<'_>,
    weights: &Panels,
    relu: bool,
    out: &mut [f32],
    at: &[usize],
) -> Result<(), KernelError> {
    rows.hold(weights.k)?;
    KernelError::length("places of rows", rows.count, at.len())?;
    if let Some(&last) = at.iter().max()
        && last.checked_add(weights.n).is_none_or(|end| end > out.len())
    {
        let expected = last.saturating_add(weights.n);
        return Err(KernelError::Length { what: "output", expected, found: out.len() });
    }
    let isa = weights.isa;
    // SAFETY: the slices hold every row and every place, as checked above.
    dispatch!(isa, all_panels(rows: Rows<'_>, weights: &Panels, relu: bool, out: &mut [f32], at: &[usize]));
    Ok(())
}

/// What one block computes: see [`block`].
#[derive(Clone, Copy)]
struct Block<'a> {
    k: usize,
    a: *const f32,
    stride: usize,
    panel: *const f32,
    bias: *const f32,
    columns: usize,
    relu: bool,
    out: *mut f32,
    at: &'a [usize],
}

/// # Safety
/// The features of `L`; `rows`, `out` and `at` as checked by [`product`].
#[inline(always)]
unsafe fn all_panels<L: Lanes>(rows: Rows<'_>, weights: &Panels, relu: bool, out: &mut [f32], at: &[usize]) {
    for (start, columns, panel) in weights.panels() {
        let mut row = 0;
        while row < rows.count {
            let count = balanced(rows.count - row, L::ROWS);
            // SAFETY: `row < rows.count`, `start < n`, and the bias is padded to whole panels.
            let block = unsafe {
                Block {
                    k: weights.k,
                    a: rows.values.as_ptr().add(row * rows.stride),
                    stride: rows.stride,
                    panel: panel.as_ptr(),
                    bias: weights.bias.as_ptr().add(start),
                    columns,
                    relu,
                    out: out.as_mut_ptr().add(start),
                    at: &at[row..row + count],
                }
            };
            // SAFETY: `count` rows from `row` exist, and the panel holds `k` rows of one or two registers.
            unsafe { if columns > L::N { by_rows::<L, 2>(block) } else { by_rows::<L, 1>(block) } }
            row += count;
        }
    }
}

/// Rows of the next block so that the blocks of `left` rows are about equally high.
#[inline(always)]
fn balanced(left: usize, most: usize) -> usize {
    left.div_ceil(left.div_ceil(most))
}

/// # Safety
/// As [`block`].
#[inline(always)]
unsafe fn by_rows<L: Lanes, const W: usize>(b: Block<'_>) {
    // SAFETY: the number of rows is that of the block.
    unsafe {
        match b.at.len() {
            1 => block::<L, 1, W>(b),
            2 => block::<L, 2, W>(b),
            3 => block::<L, 3, W>(b),
            4 if L::ROWS >= 4 => block::<L, 4, W>(b),
            5 if L::ROWS >= 5 => block::<L, 5, W>(b),
            6 if L::ROWS >= 6 => block::<L, 6, W>(b),
            7 if L::ROWS >= 7 => block::<L, 7, W>(b),
            8 if L::ROWS >= 8 => block::<L, 8, W>(b),
            9 if L::ROWS >= 9 => block::<L, 9, W>(b),
            10 if L::ROWS >= 10 => block::<L, 10, W>(b),
            11 if L::ROWS >= 11 => block::<L, 11, W>(b),
            12 if L::ROWS >= 12 => block::<L, 12, W>(b),
            13 if L::ROWS >= 13 => block::<L, 13, W>(b),
            14 if L::ROWS >= 14 => block::<L, 14, W>(b),
            // `balanced` gives no more rows than there are arms.
            _ => debug_assert!(false, "{} rows", b.at.len()),
        }
    }
}

/// `R` rows times one panel of `W` registers.
///
/// # Safety
/// The features of `L`. `a` points to `R` rows of `k` numbers, `stride` apart; `panel` to `k * W` registers; `bias` to `W`;
/// `out + at[r]` for each of the `R` places to `columns` numbers, at most `W` registers and more than `W - 1`.
#[inline(always)]
unsafe fn block<L: Lanes, const R: usize, const W: usize>(b: Block<'_>) {
    // SAFETY: all offsets lie within what is said above.
    unsafe {
        let bias: [L::V; W] = std::array::from_fn(|j| L::load(b.bias.add(j * L::N)));
        let mut sums = [bias; R];
        let mut panel = b.panel;
        for p in 0..b.k {
            let columns: [L::V; W] = std::array::from_fn(|j| L::load(panel.add(j * L::N)));
            for (r, sums) in sums.iter_mut().enumerate() {
                let a = L::splat(*b.a.add(r * b.stride + p));
                for (sum, &column) in sums.iter_mut().zip(&columns) {
                    *sum = L::fma(a, column, *sum);
                }
            }
            panel = panel.add(W * L::N);
        }
        for (sums, &at) in sums.iter().zip(b.at) {
            for (j, &sum) in sums.iter().enumerate() {
                let v = if b.relu { L::relu(sum) } else { sum };
                let (to, left) = (b.out.add(at + j * L::N), b.columns - j * L::N);
                if left >= L::N { L::store(to, v) } else { L::store_first(to, v, left) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nhwc::Isa;
    use proptest::prelude::*;

    fn values(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0).collect()
    }

    proptest! {
        #[test]
        fn equals_the_triple_loop(m in 0usize..40, k in 0usize..40, n in 1usize..70, gap in 0usize..3, relu in any::<bool>()) {
            let (a, w, bias) = (values(m * (k + gap) + gap, 1), values(n * k, 2), values(n, 3));
            let rows = Rows { values: &a, stride: k + gap, count: m };
            // Places in reverse order, with gaps.
            let at: Vec<usize> = (0..m).map(|i| (m - 1 - i) * (n + gap)).collect();
            for isa in Isa::available() {
                let panels = Panels::new(isa, (k, n), &w, &bias).unwrap();
                let mut out = vec![9.0; m * (n + gap)];
                product(rows, &panels, relu, &mut out, &at).unwrap();
                for (i, &at) in at.iter().enumerate() {
                    for j in 0..n {
                        let terms = (0..k).map(|p| f64::from(a[i * (k + gap) + p]) * f64::from(w[j * k + p]));
                        let exact = f64::from(bias[j]) + terms.sum::<f64>();
                        let exact = if relu { exact.max(0.0) } else { exact };
                        prop_assert!((f64::from(out[at + j]) - exact).abs() < 1e-5, "{isa}");
                    }
                    prop_assert!(out[at + n..][..gap].iter().all(|&v| v == 9.0));
                }
            }
        }
    }

    #[test]
    fn any_number_of_rows_gives_the_same_bits() {
        let (m, k, n) = (30, 33, 50);
        let (a, w, bias) = (values(m * k, 1), values(n * k, 2), values(n, 3));
        for isa in Isa::available() {
            let panels = Panels::new(isa, (k, n), &w, &bias).unwrap();
            let mut whole = vec![0.0; m * n];
            let at: Vec<usize> = (0..m).map(|i| i * n).collect();
            product(Rows { values: &a, stride: k, count: m }, &panels, true, &mut whole, &at).unwrap();
            for count in 1..m {
                let mut part = vec![0.0; count * n];
                product(Rows { values: &a, stride: k, count }, &panels, true, &mut part, &at[..count])
                    .unwrap();
                assert_eq!(part, whole[..count * n]);
            }
        }
    }

    #[test]
    fn refuses_what_does_not_fit_and_keeps_nan() {
        let panels = Panels::new(Isa::best(), (2, 1), &[1.0, 1.0], &[0.0]).unwrap();
        let rows = Rows { values: &[1.0, f32::NAN, 2.0], stride: 2, count: 2 };
        assert!(product(rows, &panels, true, &mut [0.0; 2], &[0, 1]).is_err());
        let rows = Rows { count: 1, ..rows };
        assert!(product(rows, &panels, true, &mut [0.0; 2], &[2]).is_err());
        let mut out = [0.0; 2];
        product(rows, &panels, true, &mut out, &[1]).unwrap();
        assert!(out[1].is_nan() && out[0] == 0.0);
        assert!(Panels::new(Isa::best(), (2, 2), &[1.0; 3], &[0.0; 2]).is_err());
    }
}
