//! The product of rounded rows with packed pairs.
#![allow(unsafe_code)]

use super::Pairs;
use super::pairs::{COLUMNS, STEP};
use super::rows::widen;
use crate::KernelError;
use crate::nhwc::Buffer;
use std::fmt;

/// What multiplies bfloat16 numbers. A value exists only where the CPU has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    Amx,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    Portable,
}

impl Unit {
    /// All that this CPU has, the fastest first; the last one is plain code, slower than 32-bit products.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        // Miri follows no instructions of a CPU.
        if !cfg!(miri) && super::amx::available() {
            all.push(Self(Kind::Amx));
        }
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx512bf16") && std::arch::is_x86_feature_detected!("avx512f")
        {
            all.push(Self(Kind::Avx512));
        }
        all.push(Self(Kind::Portable));
        all
    }

    /// The fastest that multiplies bfloat16 in hardware; `None` where none does.
    #[must_use]
    pub fn best() -> Option<Self> {
        Self::available().into_iter().find(|u| u.0 != Kind::Portable)
    }

    /// `amx`, `avx512_bf16` or `portable`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Kind::Amx => "amx",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512_bf16",
            Kind::Portable => "portable",
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Rows of bfloat16 numbers: row `i` is, for each tap `t` in turn, the weights' channels from `i * stride + taps[t]` on.
#[derive(Debug, Clone, Copy)]
pub struct HalfRows<'a> {
    /// Where they are.
    pub values: &'a [u16],
    /// From one row to the next.
    pub stride: usize,
    /// How many. The slice holds a multiple of 16 of them; what the others are does not matter.
    pub count: usize,
    /// Where each tap begins; one 0 where rows lie in one piece.
    pub taps: &'a [usize],
}

/// `sums[i * width + j]` becomes row `i` times column `j`, for `count` rows and [`Pairs::width`] columns. The bias is not added.
///
/// # Errors
/// [`KernelError::Length`] where a slice is too short or the taps are not the weights'.
pub fn product(rows: HalfRows<'_>, weights: &Pairs, sums: &mut Buffer) -> Result<(), KernelError> {
    KernelError::length("taps", weights.taps, rows.taps.len())?;
    let padded = rows.count.next_multiple_of(COLUMNS);
    sums.at_least(padded * weights.width());
    if padded == 0 || weights.steps() == 0 {
        sums[..padded * weights.width()].fill(0.0);
        return Ok(());
    }
    let farthest = rows.taps.iter().max().copied().unwrap_or(0);
    let needed = (padded - 1)
        .checked_mul(rows.stride)
        .and_then(|v| v.checked_add(farthest)?.checked_add(weights.channels));
    match needed {
        Some(needed) if needed <= rows.values.len() => {}
        needed => {
            let expected = needed.unwrap_or(usize::MAX);
            return Err(KernelError::Length { what: "rows", expected, found: rows.values.len() });
        }
    }
    let starts = |tap: &usize| (*tap..tap + weights.channels).step_by(STEP);
    let offsets: Vec<usize> = rows.taps.iter().flat_map(starts).collect();
    let job =
        Job { rows: rows.values, stride: rows.stride, padded, offsets: &offsets, width: weights.width() };
    match weights.unit.0 {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        // SAFETY: a `Unit` of this kind exists only where the CPU has it and the system allows it; lengths as checked above.
        Kind::Amx => unsafe { super::amx::product(job, weights, sums) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Kind::Avx512 => unsafe { avx512::product(job, weights, sums) },
        Kind::Portable => portable(job, weights, sums),
    }
    Ok(())
}

/// A product whose lengths have been checked: `padded` rows (a multiple of 16) of 32 numbers at each of `offsets`.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) rows: &'a [u16],
    pub(super) stride: usize,
    pub(super) padded: usize,
    pub(super) offsets: &'a [usize],
    pub(super) width: usize,
}

fn portable(job: Job<'_>, weights: &Pairs, sums: &mut [f32]) {
    for (block, pairs) in weights.blocks().enumerate() {
        for row in 0..job.padded {
            let mut sum = [0f32; COLUMNS];
            for (step, &offset) in pairs.chunks_exact(STEP / 2 * COLUMNS).zip(job.offsets) {
                let factors = &job.rows[row * job.stride + offset..][..STEP];
                for (pair, columns) in factors.as_chunks::<2>().0.iter().zip(step.as_chunks::<COLUMNS>().0) {
                    for (s, both) in sum.iter_mut().zip(columns) {
                        *s += widen(pair[0]) * widen(*both as u16);
                        *s += widen(pair[1]) * widen((both >> 16) as u16);
                    }
                }
            }
            sums[row * job.width + block * COLUMNS..][..COLUMNS].copy_from_slice(&sum);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::{COLUMNS, Job, Pairs, STEP};
    use std::arch::x86_64::*;

    /// Rows of a block; it divides 16.
    const ROWS: usize = 8;

    #[inline(always)]
    fn halves(v: __m512i) -> __m512bh {
        // SAFETY: both are 64 bytes of any bits.
        unsafe { std::mem::transmute::<__m512i, __m512bh>(v) }
    }

    /// # Safety
    /// The CPU has the features; `job`, `weights` and `sums` as checked by [`super::product`].
    #[target_feature(enable = "avx512f,avx512bf16")]
    pub(super) unsafe fn product(job: Job<'_>, weights: &Pairs, sums: &mut [f32]) {
        for (block, pairs) in weights.blocks().enumerate() {
            for row in (0..job.padded).step_by(ROWS) {
                let mut sum = [_mm512_setzero_ps(); ROWS];
                // SAFETY: `padded` rows of 32 numbers exist at every offset, and a step of 16 registers of pairs for each.
                unsafe {
                    let mut pairs = pairs.as_ptr();
                    for &offset in job.offsets {
                        let from = job.rows.as_ptr().add(row * job.stride + offset);
                        for pair in 0..STEP / 2 {
                            let columns = halves(_mm512_loadu_si512(pairs.cast()));
                            for (r, sum) in sum.iter_mut().enumerate() {
                                let both = from.add(r * job.stride + 2 * pair).cast::<i32>().read_unaligned();
                                *sum = _mm512_dpbf16_ps(*sum, halves(_mm512_set1_epi32(both)), columns);
                            }
                            pairs = pairs.add(COLUMNS);
                        }
                    }
                    for (r, sum) in sum.into_iter().enumerate() {
                        _mm512_storeu_ps(sums.as_mut_ptr().add((row + r) * job.width + block * COLUMNS), sum);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nhwc::half::copy_rows;
    use crate::nhwc::limits::{cases, up_to};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(cases(48))]
        #[test]
        fn equals_the_sums_of_split_factors(count in 0..up_to(70), taps in 1usize..4, channels in 1..up_to(70), n in 1..up_to(70), gap in 0usize..3) {
            let values = |n: usize, seed: usize| -> Vec<f32> {
                (0..n).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0).collect()
            };
            let (weights, bias) = (values(n * channels * taps, 2), vec![0.0; n]);
            for unit in Unit::available() {
                let pairs = Pairs::new(unit, (taps, channels, n), &weights, &bias).unwrap();
                let row = 2 * pairs.channels() + gap;
                // Taps are rows further down.
                let x = values((count.next_multiple_of(16) + taps) * channels, 1);
                let mut a = vec![0u16; x.len() / channels * row];
                copy_rows(&x, channels, &mut a, row, pairs.channels());
                let places: Vec<usize> = (0..taps).map(|t| t * row).collect();
                let mut sums = Buffer::default();
                let rows = HalfRows { values: &a, stride: row, count, taps: &pairs.places(&places) };
                product(rows, &pairs, &mut sums).unwrap();
                for (i, j) in (0..count).flat_map(|i| (0..n).map(move |j| (i, j))) {
                    let term = |t: usize, c: usize| {
                        f64::from(x[(i + t) * channels + c]) * f64::from(weights[(j * channels + c) * taps + t])
                    };
                    let exact: f64 = (0..taps).flat_map(|t| (0..channels).map(move |c| (t, c))).map(|(t, c)| term(t, c)).sum();
                    let got = f64::from(sums[i * pairs.width() + j]);
                    prop_assert!((got - exact).abs() < 1e-3, "{unit}: {got} {exact}");
                }
            }
        }
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let pairs = Pairs::new(Unit::available()[0], (1, 32, 1), &[0.0; 32], &[0.0]).unwrap();
        let mut sums = Buffer::default();
        let rows = |values| HalfRows { values, stride: 32, count: 1, taps: &[0, 0, 0] };
        assert!(product(rows(&[0; 16 * 32]), &pairs, &mut sums).is_ok());
        assert!(product(rows(&[0; 16 * 32 - 1]), &pairs, &mut sums).is_err());
        assert!(product(HalfRows { taps: &[0, 1], ..rows(&[0; 600]) }, &pairs, &mut sums).is_err());
        assert!(product(HalfRows { stride: usize::MAX, ..rows(&[0; 600]) }, &pairs, &mut sums).is_err());
    }
}
