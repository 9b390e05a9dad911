use crate::dispatch::dispatched;

/// A number as the nearest bfloat16, ties to even; NaN stays NaN.
#[inline(always)]
#[must_use]
pub fn round(x: f32) -> u16 {
    let bits = x.to_bits();
    let nearest = (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16;
    if x.is_nan() { (bits >> 16) as u16 | 0x40 } else { nearest }
}

/// A bfloat16 as a number.
#[inline(always)]
#[must_use]
pub fn widen(x: u16) -> f32 {
    f32::from_bits(u32::from(x) << 16)
}

#[inline(always)]
fn relu(v: f32) -> f32 {
    if v < 0.0 { 0.0 } else { v }
}

dispatched! {
    /// `out[i * stride ..][..channels] = round(max(scale * pixels[i * channels ..] + shift, 0))` for each pixel.
    pub fn norm_relu_rows(pixels: &[f32], scale: &[f32], shift: &[f32], out: &mut [u16], stride: usize) {
        let channels = scale.len();
        for (x, y) in pixels.chunks_exact(channels).zip(out.chunks_mut(stride)) {
            for (((y, x), a), b) in y.iter_mut().zip(x).zip(scale).zip(shift) {
                *y = round(relu(a * x + b));
            }
        }
    }

    /// As [`norm_relu_rows`], for a row of results of which each is the mean of 2 x 2 pixels of two rows.
    pub fn norm_relu_mean_rows(upper: &[f32], lower: &[f32], scale: &[f32], shift: &[f32], out: &mut [u16], stride: usize) {
        let channels = scale.len();
        let pairs = upper.chunks_exact(2 * channels).zip(lower.chunks_exact(2 * channels));
        for ((u, l), y) in pairs.zip(out.chunks_mut(stride)) {
            let ((u0, u1), (l0, l1)) = (u.split_at(channels), l.split_at(channels));
            for (c, y) in y.iter_mut().take(channels).enumerate() {
                let one = |x: f32| relu(scale[c] * x + shift[c]);
                *y = round(0.25 * ((one(u0[c]) + one(u1[c])) + (one(l0[c]) + one(l1[c]))));
            }
        }
    }

    /// `out[i * stride ..][..channels]` becomes pixel `i`, rounded.
    pub fn copy_rows(pixels: &[f32], channels: usize, out: &mut [u16], stride: usize) {
        for (x, y) in pixels.chunks_exact(channels).zip(out.chunks_mut(stride)) {
            y.iter_mut().zip(x).for_each(|(y, &x)| *y = round(x));
        }
    }

    /// `out[at[i] ..]` becomes `sums[i * width ..] + bias`, with `relu` the larger of that and 0.
    pub fn finish_rows(sums: &[f32], width: usize, bias: &[f32], relu_after: bool, out: &mut [f32], at: &[usize]) {
        for (sums, &at) in sums.chunks_exact(width).zip(at) {
            let out = &mut out[at..at + bias.len()];
            for ((o, s), b) in out.iter_mut().zip(sums).zip(bias) {
                *o = if relu_after { relu(s + b) } else { s + b };
            }
        }
    }

    /// As [`finish_rows`], rounded.
    pub fn finish_half_rows(sums: &[f32], width: usize, bias: &[f32], relu_after: bool, out: &mut [u16], at: &[usize]) {
        for (sums, &at) in sums.chunks_exact(width).zip(at) {
            let out = &mut out[at..at + bias.len()];
            for ((o, s), b) in out.iter_mut().zip(sums).zip(bias) {
                *o = round(if relu_after { relu(s + b) } else { s + b });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rounds_to_the_nearest(bits in any::<u32>()) {
            let x = f32::from_bits(bits);
            let y = widen(round(x));
            if x.is_nan() {
                prop_assert!(y.is_nan());
            } else if f64::from(x.abs()) > 3.3961776e38 {
                prop_assert!(y.is_infinite());
            } else {
                // The neighbours are no nearer, and of two equally near the even one is taken.
                let down = widen((bits >> 16) as u16);
                let up = widen((bits >> 16) as u16 + 1);
                let far = |z: f32| (f64::from(x) - f64::from(z)).abs();
                prop_assert!(far(y) <= far(down).min(far(up)));
                prop_assert!(far(down) != far(up) || round(x).is_multiple_of(2));
            }
        }

        #[test]
        fn rows_are_those_of_32_bits_rounded(pixels in 0usize..7, channels in 1usize..40, gap in 0usize..3) {
            let values = |n: usize, seed: usize| -> Vec<f32> { (0..n).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0).collect() };
            let (x, y, a, b) = (values(2 * pixels * channels, 1), values(2 * pixels * channels, 4), values(channels, 2), values(channels, 3));
            let stride = channels + gap;
            let (mut half, mut full) = (vec![7u16; 2 * pixels * stride], vec![widen(7); 2 * pixels * stride]);
            norm_relu_rows(&x, &a, &b, &mut half, stride);
            crate::nhwc::norm_relu_rows(&x, &a, &b, &mut full, stride);
            prop_assert_eq!(&half, &full.iter().map(|&v| round(v)).collect::<Vec<_>>());
            norm_relu_mean_rows(&x, &y, &a, &b, &mut half, stride);
            crate::nhwc::norm_relu_mean_rows(&x, &y, &a, &b, &mut full, stride);
            prop_assert_eq!(&half, &full.iter().map(|&v| round(v)).collect::<Vec<_>>());
            copy_rows(&x, channels, &mut half, stride);
            crate::nhwc::copy_rows(&x, channels, &mut full, stride);
            prop_assert_eq!(&half, &full.iter().map(|&v| round(v)).collect::<Vec<_>>());
        }
    }
}
