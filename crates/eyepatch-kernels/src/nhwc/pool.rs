use crate::dispatch::dispatched;

/// A window that slides over rows and columns alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its side.
    pub side: usize,
    /// Its step.
    pub stride: usize,
    /// Rows and columns of padding on every side; less than the side.
    pub padding: usize,
}

impl Window {
    /// Places along a line of `length` pixels, 0 where it does not fit.
    #[must_use]
    pub fn places(self, length: usize) -> usize {
        match (length + 2 * self.padding).checked_sub(self.side) {
            Some(room) => room / self.stride.max(1) + 1,
            None => 0,
        }
    }

    /// The pixels of a line of `length` that the window covers at `place`, without padding.
    #[must_use]
    pub fn covers(self, place: usize, length: usize) -> std::ops::Range<usize> {
        let first = place * self.stride;
        let end = (first + self.side).saturating_sub(self.padding).min(length);
        first.saturating_sub(self.padding).min(end)..end
    }
}

dispatched! {
    /// One row of maxima: `rows` are the image's rows under the window, `out` the results, both with pixels side by side.
    pub fn max_pool_row(rows: &[f32], width: usize, channels: usize, window: Window, out: &mut [f32]) {
        for (place, out) in out.chunks_exact_mut(channels).enumerate() {
            let mut first = true;
            for row in rows.chunks_exact(width * channels) {
                for x in window.covers(place, width) {
                    let pixel = &row[x * channels..(x + 1) * channels];
                    if first {
                        out.copy_from_slice(pixel);
                        first = false;
                    }
                    for (o, &v) in out.iter_mut().zip(pixel) {
                        // NaN stays NaN, as in PyTorch.
                        *o = if v > *o || v.is_nan() { v } else { *o };
                    }
                }
            }
        }
    }

    /// As [`max_pool_row`], means over `side * side` pixels; padding counts as zeros (PyTorch's default).
    pub fn average_pool_row(rows: &[f32], width: usize, channels: usize, window: Window, out: &mut [f32]) {
        let share = 1.0 / (window.side * window.side) as f32;
        for (place, out) in out.chunks_exact_mut(channels).enumerate() {
            out.fill(0.0);
            for row in rows.chunks_exact(width * channels) {
                for x in window.covers(place, width) {
                    for (o, &v) in out.iter_mut().zip(&row[x * channels..]) {
                        *o += v;
                    }
                }
            }
            out.iter_mut().for_each(|o| *o *= share);
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
        fn a_row_equals_its_definition(height in 1usize..4, width in 1usize..12, channels in 1usize..20, side in 1usize..4, stride in 1usize..3, padding in 0usize..2) {
            let window = Window { side, stride, padding: padding.min(side - 1) };
            let x: Vec<f32> = (0..height * width * channels).map(|i| (i * 37 % 101) as f32 - 50.0).collect();
            let places = window.places(width);
            let (mut most, mut mean) = (vec![0.0; places * channels], vec![0.0; places * channels]);
            max_pool_row(&x, width, channels, window, &mut most);
            average_pool_row(&x, width, channels, window, &mut mean);
            for (at, (&most, &mean)) in most.iter().zip(&mean).enumerate() {
                let (place, c) = (at / channels, at % channels);
                let mut seen = vec![];
                for (i, j) in (0..height).flat_map(|i| (0..side).map(move |j| (i, j))) {
                    if let Some(column) = (place * stride + j).checked_sub(window.padding).filter(|&v| v < width) {
                        seen.push(x[(i * width + column) * channels + c]);
                    }
                }
                prop_assert_eq!(most, seen.iter().copied().fold(f32::NEG_INFINITY, f32::max));
                let exact = seen.iter().sum::<f32>() / (side * side) as f32;
                prop_assert!((mean - exact).abs() < 1e-4);
            }
        }
    }
}
