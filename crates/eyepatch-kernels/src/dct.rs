//! The inverse cosine transform of a JPEG's blocks, in the integers of the decoders that go back to `stb_image`
//! (zune-jpeg's is one): each gives the same grey levels, bit by bit.

/// A fraction of 12 bits, cut towards zero after a half was added, negative ones too.
const fn fixed(x: f64) -> i32 {
    (x * 4096.0 + 0.5) as i32
}

// Loeffler, Ligtenberg & Moschytz 1989, in the order of the IJG's `jidctint`.
const EVEN: [i32; 3] = [fixed(0.541_196_1), fixed(-1.847_759_065), fixed(0.765_366_865)];
const ODD: [i32; 4] = [fixed(0.298_631_336), fixed(2.053_119_869), fixed(3.072_711_026), fixed(1.501_321_11)];
const MIXED: [i32; 5] = [
    fixed(1.175_875_602),
    fixed(-0.899_976_223),
    fixed(-2.562_915_447),
    fixed(-1.961_570_56),
    fixed(-0.390_180_644),
];
/// What is added before a pass's shift: a half, and in the second pass 128, the middle of the grey levels.
const COLUMNS: (i32, u32) = (512, 10);
const ROWS: (i32, u32) = (512 + 65536 + (128 << 17), 17);

/// Writes the 8 x 8 grey levels of a block's coefficients, which are multiplied by their steps and lie row by row. `out`
/// starts at the block's first pixel, and its rows are `stride` apart.
///
/// # Panics
/// Where `out` has no room for the block.
pub fn inverse_dct(coefficients: &[i32; 64], out: &mut [u8], stride: usize) {
    assert!(stride >= 8 && out.len() >= 7 * stride + 8, "no room for a block of 8 x 8 pixels");
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has AVX2, as tested just above.
        #[allow(unsafe_code)]
        let rows = unsafe { avx2::rows(coefficients) };
        for (y, row) in rows.into_iter().enumerate() {
            out[y * stride..][..8].copy_from_slice(&row.to_le_bytes());
        }
        return;
    }
    portable(coefficients, out, stride);
}

fn portable(coefficients: &[i32; 64], out: &mut [u8], stride: usize) {
    let mut half = [[0; 8]; 8];
    for x in 0..8 {
        let column = pass(std::array::from_fn(|y| coefficients[8 * y + x]), COLUMNS);
        for (row, value) in half.iter_mut().zip(column) {
            row[x] = value;
        }
    }
    for (y, row) in half.into_iter().enumerate() {
        let levels = pass(row, ROWS).map(|v| u8::try_from(v.clamp(0, 255)).unwrap_or(u8::MAX));
        out[y * stride..][..8].copy_from_slice(&levels);
    }
}

/// Eight values in one direction. Sums of damaged data wrap.
fn pass(s: [i32; 8], (half, shift): (i32, u32)) -> [i32; 8] {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = s.map(std::num::Wrapping);
    let times = |v: std::num::Wrapping<i32>, by: i32| v * std::num::Wrapping(by);
    let half = std::num::Wrapping(half);
    let both = times(s2 + s6, EVEN[0]);
    let (t2, t3) = (both + times(s6, EVEN[1]), both + times(s2, EVEN[2]));
    let (t0, t1) = (((s0 + s4) << 12) + half, ((s0 - s4) << 12) + half);
    let even = [t0 + t3, t1 + t2, t1 - t2, t0 - t3];
    let all = times(s1 + s3 + s5 + s7, MIXED[0]);
    let (m1, m2) = (all + times(s7 + s1, MIXED[1]), all + times(s5 + s3, MIXED[2]));
    let (m3, m4) = (times(s7 + s3, MIXED[3]), times(s5 + s1, MIXED[4]));
    let odd = [
        times(s1, ODD[3]) + m1 + m4,
        times(s3, ODD[2]) + m2 + m3,
        times(s5, ODD[1]) + m2 + m4,
        times(s7, ODD[0]) + m1 + m3,
    ];
    std::array::from_fn(|i| {
        let value = if i < 4 { even[i] + odd[i] } else { even[7 - i] - odd[7 - i] };
        value.0 >> shift
    })
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{COLUMNS, EVEN, MIXED, ODD, ROWS};

    /// The eight rows of grey levels, the leftmost in the lowest byte.
    #[target_feature(enable = "avx2")]
    pub(super) fn rows(coefficients: &[i32; 64]) -> [u64; 8] {
        let load = |y: usize| {
            let [a, b, c, d, e, f, g, h] = *coefficients[8 * y..].first_chunk().unwrap_or(&[0; 8]);
            _mm256_setr_epi32(a, b, c, d, e, f, g, h)
        };
        let rows = [load(0), load(1), load(2), load(3), load(4), load(5), load(6), load(7)];
        let columns = transposed(pass::<{ COLUMNS.1 as i32 }>(rows, COLUMNS.0));
        levels(pass::<{ ROWS.1 as i32 }>(columns, ROWS.0))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn pass<const SHIFT: i32>(s: [__m256i; 8], half: i32) -> [__m256i; 8] {
        let add = |a, b| _mm256_add_epi32(a, b);
        let sub = |a, b| _mm256_sub_epi32(a, b);
        let times = |v, by: i32| _mm256_mullo_epi32(v, _mm256_set1_epi32(by));
        let [s0, s1, s2, s3, s4, s5, s6, s7] = s;
        let half = _mm256_set1_epi32(half);
        let both = times(add(s2, s6), EVEN[0]);
        let (t2, t3) = (add(both, times(s6, EVEN[1])), add(both, times(s2, EVEN[2])));
        let t0 = add(_mm256_slli_epi32::<12>(add(s0, s4)), half);
        let t1 = add(_mm256_slli_epi32::<12>(sub(s0, s4)), half);
        let even = [add(t0, t3), add(t1, t2), sub(t1, t2), sub(t0, t3)];
        let all = times(add(add(s1, s3), add(s5, s7)), MIXED[0]);
        let m1 = add(all, times(add(s7, s1), MIXED[1]));
        let m2 = add(all, times(add(s5, s3), MIXED[2]));
        let (m3, m4) = (times(add(s7, s3), MIXED[3]), times(add(s5, s1), MIXED[4]));
        let odd = [
            add(times(s1, ODD[3]), add(m1, m4)),
            add(times(s3, ODD[2]), add(m2, m3)),
            add(times(s5, ODD[1]), add(m2, m4)),
            add(times(s7, ODD[0]), add(m1, m3)),
        ];
        let first = |i: usize| _mm256_srai_epi32::<SHIFT>(add(even[i], odd[i]));
        let last = |i: usize| _mm256_srai_epi32::<SHIFT>(sub(even[i], odd[i]));
        [first(0), first(1), first(2), first(3), last(3), last(2), last(1), last(0)]
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn transposed(r: [__m256i; 8]) -> [__m256i; 8] {
        let low = |a, b| _mm256_unpacklo_epi32(a, b);
        let high = |a, b| _mm256_unpackhi_epi32(a, b);
        let low2 = |a, b| _mm256_unpacklo_epi64(a, b);
        let high2 = |a, b| _mm256_unpackhi_epi64(a, b);
        // Of each half of a register: pairs of rows, then fours.
        let (a, b, c, d) = (low(r[0], r[1]), high(r[0], r[1]), low(r[2], r[3]), high(r[2], r[3]));
        let (e, f, g, h) = (low(r[4], r[5]), high(r[4], r[5]), low(r[6], r[7]), high(r[6], r[7]));
        let top = [low2(a, c), high2(a, c), low2(b, d), high2(b, d)];
        let bottom = [low2(e, g), high2(e, g), low2(f, h), high2(f, h)];
        let left = |i: usize| _mm256_permute2x128_si256::<0x20>(top[i], bottom[i]);
        let right = |i: usize| _mm256_permute2x128_si256::<0x31>(top[i], bottom[i]);
        [left(0), left(1), left(2), left(3), right(0), right(1), right(2), right(3)]
    }

    /// Columns, cut to 0 to 255, as rows of bytes.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn levels(c: [__m256i; 8]) -> [u64; 8] {
        let four = |a, b, c, d| _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
        // Each half of a register now holds four rows of four columns, column by column.
        let order =
            _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
        let left = _mm256_shuffle_epi8(four(c[0], c[1], c[2], c[3]), order);
        let right = _mm256_shuffle_epi8(four(c[4], c[5], c[6], c[7]), order);
        let (even, odd) = (_mm256_unpacklo_epi32(left, right), _mm256_unpackhi_epi32(left, right));
        [
            _mm256_extract_epi64::<0>(even),
            _mm256_extract_epi64::<1>(even),
            _mm256_extract_epi64::<0>(odd),
            _mm256_extract_epi64::<1>(odd),
            _mm256_extract_epi64::<2>(even),
            _mm256_extract_epi64::<3>(even),
            _mm256_extract_epi64::<2>(odd),
            _mm256_extract_epi64::<3>(odd),
        ]
        .map(i64::cast_unsigned)
    }
}

#[cfg(test)]
#[path = "dct_tests.rs"]
mod tests;
