/// A pixel's value: of an image as it is stored, or of a result.
pub(super) trait Number: Copy + Default {
    /// The value as a floating-point number.
    fn wide(self) -> f32;

    /// The nearest value that can be stored; halves go away from zero.
    fn nearest(value: f32) -> Self;
}

/// Rounds as `f32::round` does, without a call: what was cut off is exact, and none of the values is negative.
macro_rules! whole {
    ($($t:ty),*) => {$(
        impl Number for $t {
            #[inline(always)]
            fn wide(self) -> f32 {
                f32::from(self)
            }

            #[inline(always)]
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the depth")]
            fn nearest(value: f32) -> Self {
                let value = value.clamp(0.0, f32::from(Self::MAX));
                let cut = value as i32;
                (cut + i32::from(value - cut as f32 >= 0.5)) as Self
            }
        }
    )*};
}
whole!(u8, u16);

impl Number for f32 {
    #[inline(always)]
    fn wide(self) -> f32 {
        self
    }

    #[inline(always)]
    fn nearest(value: f32) -> Self {
        // Sums of weights may be a little above 1.
        value.clamp(0.0, 1.0)
    }
}
