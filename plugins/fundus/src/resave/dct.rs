//! The discrete cosine transform of libjpeg's `jfdctint.c` and `jidctint.c` in whole numbers, so that rounding is the same:
//! Loeffler, Ligtenberg & Moschytz 1989, with 13 bits of fraction in the constants and 2 between the passes.

/// A block of 8 x 8, rows first.
pub(super) type Block = [i32; 64];

const CONST_BITS: i32 = 13;
const PASS1_BITS: i32 = 2;

const F_0_298: i32 = 2446;
const F_0_390: i32 = 3196;
const F_0_541: i32 = 4433;
const F_0_765: i32 = 6270;
const F_0_899: i32 = 7373;
const F_1_175: i32 = 9633;
const F_1_501: i32 = 12299;
const F_1_847: i32 = 15137;
const F_1_961: i32 = 16069;
const F_2_053: i32 = 16819;
const F_2_562: i32 = 20995;
const F_3_072: i32 = 25172;

/// Divides by 2^bits and rounds, halves up.
fn descale(value: i32, bits: i32) -> i32 {
    (value + (1 << (bits - 1))) >> bits
}

/// Frequencies, 8 times too large, of values around 0.
pub(super) fn forward(block: &mut Block) {
    for row in 0..8 {
        let line: [i32; 8] = std::array::from_fn(|i| block[8 * row + i]);
        let out = forward_line(line, CONST_BITS - PASS1_BITS, |even| even << PASS1_BITS);
        block[8 * row..8 * row + 8].copy_from_slice(&out);
    }
    for column in 0..8 {
        let line: [i32; 8] = std::array::from_fn(|i| block[8 * i + column]);
        let out = forward_line(line, CONST_BITS + PASS1_BITS, |even| descale(even, PASS1_BITS));
        (0..8).for_each(|i| block[8 * i + column] = out[i]);
    }
}

fn forward_line(d: [i32; 8], bits: i32, straight: impl Fn(i32) -> i32) -> [i32; 8] {
    let (t0, t7) = (d[0] + d[7], d[0] - d[7]);
    let (t1, t6) = (d[1] + d[6], d[1] - d[6]);
    let (t2, t5) = (d[2] + d[5], d[2] - d[5]);
    let (t3, t4) = (d[3] + d[4], d[3] - d[4]);
    let (t10, t13) = (t0 + t3, t0 - t3);
    let (t11, t12) = (t1 + t2, t1 - t2);
    let z1 = (t12 + t13) * F_0_541;
    let [o7, o5, o3, o1] = odd(t4, t5, t6, t7);
    [
        straight(t10 + t11),
        descale(o1, bits),
        descale(z1 + t13 * F_0_765, bits),
        descale(o3, bits),
        straight(t10 - t11),
        descale(o5, bits),
        descale(z1 - t12 * F_1_847, bits),
        descale(o7, bits),
    ]
}

/// The part with odd frequencies, which both directions share.
fn odd(a: i32, b: i32, c: i32, d: i32) -> [i32; 4] {
    let (z1, z2, z3, z4) = (a + d, b + c, a + c, b + d);
    let z5 = (z3 + z4) * F_1_175;
    let (z1, z2) = (-z1 * F_0_899, -z2 * F_2_562);
    let (z3, z4) = (z5 - z3 * F_1_961, z5 - z4 * F_0_390);
    [a * F_0_298 + z1 + z3, b * F_2_053 + z2 + z4, c * F_3_072 + z2 + z3, d * F_1_501 + z1 + z4]
}

/// Values around 0 from frequencies.
pub(super) fn inverse(block: &mut Block) {
    for column in 0..8 {
        let line: [i32; 8] = std::array::from_fn(|i| block[8 * i + column]);
        let out = inverse_line(line, CONST_BITS - PASS1_BITS);
        (0..8).for_each(|i| block[8 * i + column] = out[i]);
    }
    for row in 0..8 {
        let line: [i32; 8] = std::array::from_fn(|i| block[8 * row + i]);
        let out = inverse_line(line, CONST_BITS + PASS1_BITS + 3);
        block[8 * row..8 * row + 8].copy_from_slice(&out);
    }
}

fn inverse_line(d: [i32; 8], bits: i32) -> [i32; 8] {
    let z1 = (d[2] + d[6]) * F_0_541;
    let (t2, t3) = (z1 - d[6] * F_1_847, z1 + d[2] * F_0_765);
    let (t0, t1) = ((d[0] + d[4]) << CONST_BITS, (d[0] - d[4]) << CONST_BITS);
    let even = [t0 + t3, t1 + t2, t1 - t2, t0 - t3];
    let odd = odd(d[7], d[5], d[3], d[1]);
    std::array::from_fn(|i| match i {
        0..4 => descale(even[i] + odd[3 - i], bits),
        _ => descale(even[7 - i] - odd[i - 4], bits),
    })
}

#[cfg(test)]
#[path = "../dct_tests.rs"]
mod tests;
