//! Registers of several numbers, one type an instruction set.
//!
//! All `unsafe` here is that of the intrinsics and of plain loads and stores: each method passes its caller's promise on.
#![allow(unsafe_code)]

/// A register of `N` numbers and what can be done with it.
///
/// # Safety
/// Every method needs a CPU with the type's features, and may only be called from code that is compiled for them. Those
/// with a pointer read or write `N` numbers there (or `n`, at most `N`, where the method says so); it need not be aligned.
pub(super) trait Lanes: Copy {
    /// Numbers in a register.
    const N: usize;
    /// Rows that a block of two registers a row can have without running out of registers.
    const ROWS: usize;
    /// A register.
    type V: Copy;

    unsafe fn splat(x: f32) -> Self::V;
    unsafe fn load(from: *const f32) -> Self::V;
    unsafe fn store(to: *mut f32, v: Self::V);
    /// `n` numbers, the others zero.
    unsafe fn load_first(from: *const f32, n: usize) -> Self::V;
    /// The first `n` numbers.
    unsafe fn store_first(to: *mut f32, v: Self::V, n: usize);
    /// `a * b + c`, rounded once (twice on [`Portable`]).
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    /// `max(v, 0)`; NaN stays NaN.
    unsafe fn relu(v: Self::V) -> Self::V;
}

/// Sixteen numbers in an AVX-512 register.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx512;

/// Eight numbers in an AVX register, with FMA.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx2;

/// Eight numbers in whatever the compiler makes of it.
#[derive(Clone, Copy)]
pub(super) struct Portable;

#[cfg(target_arch = "x86_64")]
mod x86 {
    // SAFETY, of every block below: the trait's conditions are the caller's to keep; they are those of the intrinsics.

    use super::{Avx2, Avx512, Lanes};
    use std::arch::x86_64::*;

    impl Lanes for Avx512 {
        const N: usize = 16;
        const ROWS: usize = 13;
        type V = __m512;

        #[inline(always)]
        unsafe fn splat(x: f32) -> __m512 {
            unsafe { _mm512_set1_ps(x) }
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> __m512 {
            unsafe { _mm512_loadu_ps(from) }
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, v: __m512) {
            unsafe { _mm512_storeu_ps(to, v) }
        }
        #[inline(always)]
        unsafe fn load_first(from: *const f32, n: usize) -> __m512 {
            unsafe { _mm512_maskz_loadu_ps(((1u32 << n) - 1) as u16, from) }
        }
        #[inline(always)]
        unsafe fn store_first(to: *mut f32, v: __m512, n: usize) {
            unsafe { _mm512_mask_storeu_ps(to, ((1u32 << n) - 1) as u16, v) }
        }
        #[inline(always)]
        unsafe fn fma(a: __m512, b: __m512, c: __m512) -> __m512 {
            unsafe { _mm512_fmadd_ps(a, b, c) }
        }
        #[inline(always)]
        unsafe fn add(a: __m512, b: __m512) -> __m512 {
            unsafe { _mm512_add_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn sub(a: __m512, b: __m512) -> __m512 {
            unsafe { _mm512_sub_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn relu(v: __m512) -> __m512 {
            // Of two numbers of which one is NaN the instruction takes the second.
            unsafe { _mm512_max_ps(_mm512_setzero_ps(), v) }
        }
    }

    impl Lanes for Avx2 {
        const N: usize = 8;
        const ROWS: usize = 6;
        type V = __m256;

        #[inline(always)]
        unsafe fn splat(x: f32) -> __m256 {
            unsafe { _mm256_set1_ps(x) }
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> __m256 {
            unsafe { _mm256_loadu_ps(from) }
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, v: __m256) {
            unsafe { _mm256_storeu_ps(to, v) }
        }
        #[inline(always)]
        unsafe fn load_first(from: *const f32, n: usize) -> __m256 {
            unsafe { _mm256_maskload_ps(from, first(n)) }
        }
        #[inline(always)]
        unsafe fn store_first(to: *mut f32, v: __m256, n: usize) {
            unsafe { _mm256_maskstore_ps(to, first(n), v) }
        }
        #[inline(always)]
        unsafe fn fma(a: __m256, b: __m256, c: __m256) -> __m256 {
            unsafe { _mm256_fmadd_ps(a, b, c) }
        }
        #[inline(always)]
        unsafe fn add(a: __m256, b: __m256) -> __m256 {
            unsafe { _mm256_add_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn sub(a: __m256, b: __m256) -> __m256 {
            unsafe { _mm256_sub_ps(a, b) }
        }
        #[inline(always)]
        unsafe fn relu(v: __m256) -> __m256 {
            unsafe { _mm256_max_ps(_mm256_setzero_ps(), v) }
        }
    }

    /// A mask of the first `n` of eight.
    #[inline(always)]
    unsafe fn first(n: usize) -> __m256i {
        unsafe {
            let index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            _mm256_cmpgt_epi32(_mm256_set1_epi32(n as i32), index)
        }
    }
}

// SAFETY, of every block: the pointers are the caller's to keep.
impl Lanes for Portable {
    const N: usize = 8;
    const ROWS: usize = 3;
    type V = [f32; 8];

    #[inline(always)]
    unsafe fn splat(x: f32) -> [f32; 8] {
        [x; 8]
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> [f32; 8] {
        unsafe { from.cast::<[f32; 8]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, v: [f32; 8]) {
        unsafe { to.cast::<[f32; 8]>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, n: usize) -> [f32; 8] {
        let mut v = [0.0; 8];
        unsafe { std::ptr::copy_nonoverlapping(from, v.as_mut_ptr(), n) };
        v
    }
    #[inline(always)]
    unsafe fn store_first(to: *mut f32, v: [f32; 8], n: usize) {
        unsafe { std::ptr::copy_nonoverlapping(v.as_ptr(), to, n) };
    }
    #[inline(always)]
    unsafe fn fma(a: [f32; 8], b: [f32; 8], c: [f32; 8]) -> [f32; 8] {
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    unsafe fn add(a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
        std::array::from_fn(|i| a[i] + b[i])
    }
    #[inline(always)]
    unsafe fn sub(a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
        std::array::from_fn(|i| a[i] - b[i])
    }
    #[inline(always)]
    unsafe fn relu(v: [f32; 8]) -> [f32; 8] {
        v.map(|x| if x < 0.0 { 0.0 } else { x })
    }
}
