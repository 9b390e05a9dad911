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

/// A number as two bfloat16: the nearest, and the nearest to what is left.
#[inline(always)]
#[must_use]
pub fn split(x: f32) -> (u16, u16) {
    let high = round(x);
    let rest = x - widen(high);
    // What is left of an infinite number is none.
    (high, if rest.is_nan() { 0 } else { round(rest) })
}

/// Writes numbers split: high parts from the start of `out`, low parts from `low` on.
#[inline(always)]
fn put(out: &mut [u16], low: usize, values: impl Iterator<Item = f32>) {
    let (highs, lows) = out.split_at_mut(low.min(out.len()));
    for ((h, l), v) in highs.iter_mut().zip(lows).zip(values) {
        (*h, *l) = split(v);
    }
}

dispatched! {
    /// Row `i` of `out`, `stride` apart, becomes `max(scale * pixels[i * channels ..] + shift, 0)` of a pixel, [`split`]: high
    /// parts first, low parts `low` after them.
    pub fn norm_relu_rows(pixels: &[f32], scale: &[f32], shift: &[f32], out: &mut [u16], stride: usize, low: usize) {
        for (x, y) in pixels.chunks_exact(scale.len()).zip(out.chunks_mut(stride)) {
            put(y, low, x.iter().zip(scale).zip(shift).map(|((x, a), b)| relu(a * x + b)));
        }
    }

    /// As [`norm_relu_rows`], for a row of results of which each is the mean of 2 x 2 pixels of two rows.
    pub fn norm_relu_mean_rows(upper: &[f32], lower: &[f32], scale: &[f32], shift: &[f32], out: &mut [u16], stride: usize, low: usize) {
        let channels = scale.len();
        let pairs = upper.chunks_exact(2 * channels).zip(lower.chunks_exact(2 * channels));
        for ((u, l), y) in pairs.zip(out.chunks_mut(stride)) {
            let ((u0, u1), (l0, l1)) = (u.split_at(channels), l.split_at(channels));
            let mean = |c: usize| {
                let one = |x: f32| relu(scale[c] * x + shift[c]);
                0.25 * ((one(u0[c]) + one(u1[c])) + (one(l0[c]) + one(l1[c])))
            };
            put(y, low, (0..channels).map(mean));
        }
    }

    /// Row `i` of `out` becomes pixel `i`, [`split`] as in [`norm_relu_rows`].
    pub fn copy_rows(pixels: &[f32], channels: usize, out: &mut [u16], stride: usize, low: usize) {
        for (x, y) in pixels.chunks_exact(channels).zip(out.chunks_mut(stride)) {
            put(y, low, x.iter().copied());
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

    /// As [`finish_rows`], [`split`]: low parts `low` after the high ones.
    pub fn finish_half_rows(sums: &[f32], width: usize, bias: &[f32], relu_after: bool, out: &mut [u16], at: &[usize], low: usize) {
        for (sums, &at) in sums.chunks_exact(width).zip(at) {
            let done = sums.iter().zip(bias).map(|(s, b)| if relu_after { relu(s + b) } else { s + b });
            put(&mut out[at..at + low + bias.len()], low, done);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nhwc::limits::cases;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(cases(256))]
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
        fn rows_are_those_of_32_bits_split(pixels in 0usize..7, channels in 1usize..40, gap in 0usize..3) {
            let values = |n: usize, seed: usize| -> Vec<f32> {
                (0..n).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0).collect()
            };
            let (x, y) = (values(2 * pixels * channels, 1), values(2 * pixels * channels, 4));
            let (a, b) = (values(channels, 2), values(channels, 3));
            let (low, stride) = (channels + gap, 2 * (channels + gap) + 1);
            let check = |half: &[u16], full: &[f32]| {
                for (h, f) in half.chunks(stride).zip(full.chunks(channels)) {
                    for (c, &f) in f.iter().enumerate() {
                        assert_eq!((h[c], h[low + c]), split(f));
                        assert!((widen(h[c]) + widen(h[low + c]) - f).abs() <= f.abs() / 65536.0);
                    }
                }
            };
            let (mut half, mut full) = (vec![7u16; 2 * pixels * stride], vec![0.0; 2 * pixels * channels]);
            norm_relu_rows(&x, &a, &b, &mut half, stride, low);
            crate::nhwc::norm_relu_rows(&x, &a, &b, &mut full, channels);
            check(&half, &full);
            norm_relu_mean_rows(&x, &y, &a, &b, &mut half[..pixels * stride], stride, low);
            crate::nhwc::norm_relu_mean_rows(&x, &y, &a, &b, &mut full[..pixels * channels], channels);
            check(&half[..pixels * stride], &full[..pixels * channels]);
            copy_rows(&x, channels, &mut half, stride, low);
            check(&half, &x);
            prop_assert!(half.chunks(stride).all(|h| h[channels..low].iter().all(|&v| v == 7)));
        }
    }

    #[test]
    fn infinite_and_missing_numbers_stay() {
        let sum = |x: f32| {
            let (h, l) = split(x);
            widen(h) + widen(l)
        };
        assert!(sum(f32::NAN).is_nan() && sum(f32::INFINITY) == f32::INFINITY && sum(1e-45) == 0.0);
    }
}
