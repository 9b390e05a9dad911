/// The IEEE half (binary16) nearest to `value`, as its bits: ties go to even, what is too large becomes infinite, NaN
/// stays NaN. No branches, so that loops over it vectorise (after F. Giesen, "float->half variants", 2016).
#[must_use]
#[inline(always)]
pub fn f16_bits(value: f32) -> u16 {
    const INFINITE: u32 = 0x7f80_0000;
    /// 2^16, the first power of two that a half cannot hold.
    const OVERFLOW: u32 = (127 + 16) << 23;
    /// 2^-14, the smallest normal half.
    const NORMAL: u32 = (127 - 14) << 23;

    let bits = value.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    // Adding 0.5 lines a subnormal's last bit up with the sum's, so the addition does the rounding.
    let subnormal = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0.5f32.to_bits());
    // Rebias the exponent; 0xfff and the lowest kept bit round 13 bits away, ties to even.
    let normal = magnitude.wrapping_sub(112 << 23).wrapping_add(0xfff + ((magnitude >> 13) & 1)) >> 13;
    let special = if magnitude > INFINITE { 0x7e00 } else { 0x7c00 };
    let small = if magnitude < NORMAL { subnormal } else { normal };
    let half = if magnitude >= OVERFLOW { special } else { small };
    #[expect(clippy::cast_possible_truncation, reason = "sign and half fill the low 16 bits")]
    let half = ((bits >> 16) & 0x8000 | half) as u16;
    half
}
