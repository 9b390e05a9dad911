use crate::dispatch::dispatched;

/// Channels that are handled together.
const LANES: usize = 16;

dispatched! {
    /// `out[i * stride ..][..channels] = max(scale * pixels[i * channels ..] + shift, 0)` for each pixel; NaN stays NaN.
    ///
    /// `scale` and `shift` hold a number a channel. What does not fit its slice is left out.
    pub fn norm_relu_rows(pixels: &[f32], scale: &[f32], shift: &[f32], out: &mut [f32], stride: usize) {
        let channels = scale.len();
        for start in (0..channels).step_by(LANES) {
            let end = (start + LANES).min(channels);
            if let (Ok(a), Ok(b)) = (<&[f32; LANES]>::try_from(&scale[start..end]), <&[f32; LANES]>::try_from(&shift[start..end])) {
                for (x, y) in pixels.chunks_exact(channels).zip(out.chunks_mut(stride)) {
                    let (Some(x), Some(y)) = (x[start..].first_chunk::<LANES>(), y.get_mut(start..).and_then(|y| y.first_chunk_mut::<LANES>())) else { continue };
                    for l in 0..LANES {
                        let v = a[l] * x[l] + b[l];
                        y[l] = if v < 0.0 { 0.0 } else { v };
                    }
                }
            } else {
                for (x, y) in pixels.chunks_exact(channels).zip(out.chunks_mut(stride)) {
                    for (c, y) in (start..end).zip(y.iter_mut().skip(start)) {
                        let v = scale[c] * x[c] + shift[c];
                        *y = if v < 0.0 { 0.0 } else { v };
                    }
                }
            }
        }
    }

    /// As [`norm_relu_rows`], for a row of results of which each is the mean of 2 x 2 pixels: `upper` and `lower` are two
    /// rows of pixels, of which an odd last column is left out.
    pub fn norm_relu_mean_rows(upper: &[f32], lower: &[f32], scale: &[f32], shift: &[f32], out: &mut [f32], stride: usize) {
        let channels = scale.len();
        let pairs = upper.chunks_exact(2 * channels).zip(lower.chunks_exact(2 * channels));
        for ((u, l), y) in pairs.zip(out.chunks_mut(stride)) {
            let ((u0, u1), (l0, l1)) = (u.split_at(channels), l.split_at(channels));
            for (c, y) in y.iter_mut().take(channels).enumerate() {
                let one = |x: f32| {
                    let v = scale[c] * x + shift[c];
                    if v < 0.0 { 0.0 } else { v }
                };
                *y = 0.25 * ((one(u0[c]) + one(u1[c])) + (one(l0[c]) + one(l1[c])));
            }
        }
    }

    /// Adds `max(scale * pixel + shift, 0)` of every pixel to `sums`, a number a channel.
    pub fn norm_relu_sums(pixels: &[f32], scale: &[f32], shift: &[f32], sums: &mut [f32]) {
        let channels = scale.len();
        for x in pixels.chunks_exact(channels) {
            for (c, s) in sums.iter_mut().enumerate().take(channels) {
                let v = scale[c] * x[c] + shift[c];
                *s += if v < 0.0 { 0.0 } else { v };
            }
        }
    }

    /// `x = max(x + y, 0)`, or without the maximum; NaN stays NaN.
    pub fn add_rows(x: &mut [f32], y: &[f32], relu: bool) {
        for (x, &y) in x.iter_mut().zip(y) {
            let v = *x + y;
            *x = if relu && v < 0.0 { 0.0 } else { v };
        }
    }
}

/// `out[i * stride ..][..channels]` becomes pixel `i`.
pub fn copy_rows(pixels: &[f32], channels: usize, out: &mut [f32], stride: usize) {
    for (x, y) in pixels.chunks_exact(channels).zip(out.chunks_mut(stride)) {
        y[..channels].copy_from_slice(x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nhwc::limits::{cases, up_to};
    use proptest::prelude::*;

    fn values(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0).collect()
    }

    proptest! {
        #![proptest_config(cases(256))]
        #[test]
        fn rows_equal_their_definition(pixels in 0usize..9, channels in 1..up_to(40), gap in 0usize..3) {
            let (x, a, b) = (values(pixels * channels, 1), values(channels, 2), values(channels, 3));
            let stride = channels + gap;
            let mut out = vec![9.0; pixels * stride];
            norm_relu_rows(&x, &a, &b, &mut out, stride);
            let one = |i: usize, c: usize| (a[c] * x[i * channels + c] + b[c]).max(0.0);
            let mut sums = vec![0.0; channels];
            norm_relu_sums(&x, &a, &b, &mut sums);
            for (c, &sum) in sums.iter().enumerate() {
                prop_assert_eq!(sum, (0..pixels).fold(0.0, |s, i| s + one(i, c)));
            }
            for (i, row) in out.chunks(stride).enumerate() {
                for (c, &v) in row.iter().enumerate() {
                    prop_assert_eq!(v, if c < channels { one(i, c) } else { 9.0 });
                }
            }
        }

        #[test]
        fn means_equal_their_definition(columns in 0usize..9, channels in 1..up_to(40), gap in 0usize..3) {
            let (u, l) = (values(columns * channels, 1), values(columns * channels, 4));
            let (a, b) = (values(channels, 2), values(channels, 3));
            let (stride, half) = (channels + gap, columns / 2);
            let mut out = vec![9.0; half * stride];
            norm_relu_mean_rows(&u, &l, &a, &b, &mut out, stride);
            for (i, row) in out.chunks(stride).enumerate() {
                for (c, &v) in row.iter().enumerate() {
                    let one = |x: &[f32], i: usize| (a[c] * x[i * channels + c] + b[c]).max(0.0);
                    let sum = |x: &[f32]| one(x, 2 * i) + one(x, 2 * i + 1);
                    let exact = if c < channels { (sum(&u) + sum(&l)) / 4.0 } else { 9.0 };
                    prop_assert!((v - exact).abs() < 1e-6);
                }
            }
        }
    }
}
