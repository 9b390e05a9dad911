use eyepatch_core::Image;

use super::blend::Blend;

/// The mean of the visible pixels in the window of `2 * radius + 1` pixels a side around each pixel that takes any of
/// the fill; where the window holds none, its radius doubles until it does. At least one pixel is visible. On the
/// image's scale; 0 at pixels that are not touched.
///
/// Sums over windows come from integral images (Crow 1984) in 64-bit floating point: exact for 8 and 16 bit.
pub(super) fn local_mean(image: &Image, blend: &Blend<'_>, radius: u32) -> Vec<f32> {
    let (width, height, channels) = (image.width(), image.height(), image.channels());
    let values = image.to_f32();
    let count = Integral::new(width, height, |pixel| f64::from(u8::from(blend.visible(pixel))));
    let sums: Vec<Integral> = (0..channels)
        .map(|c| {
            let value =
                |pixel| if blend.visible(pixel) { f64::from(values[pixel * channels + c]) } else { 0.0 };
            Integral::new(width, height, value)
        })
        .collect();
    let mut means = vec![0.0; values.len()];
    for y in 0..height {
        for x in (0..width).filter(|x| blend.touches(y * width + x)) {
            let mut radius = radius as usize;
            let (window, n) = loop {
                let window = Window {
                    left: x.saturating_sub(radius),
                    top: y.saturating_sub(radius),
                    right: width.min(x + radius + 1),
                    bottom: height.min(y + radius + 1),
                };
                let n = count.sum(&window);
                if n > 0.0 {
                    break (window, n);
                }
                radius *= 2;
            };
            for (c, sum) in sums.iter().enumerate() {
                means[(y * width + x) * channels + c] = (sum.sum(&window) / n) as f32;
            }
        }
    }
    means
}

/// Half-open ranges of columns and rows.
struct Window {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

/// Sums over all pixels above and left of each corner between pixels.
struct Integral {
    stride: usize,
    sums: Vec<f64>,
}

impl Integral {
    fn new(width: usize, height: usize, value: impl Fn(usize) -> f64) -> Self {
        let stride = width + 1;
        let mut sums = vec![0.0; stride * (height + 1)];
        for y in 0..height {
            let (above, row) = sums[y * stride..].split_at_mut(stride);
            let mut sum = 0.0;
            for x in 0..width {
                sum += value(y * width + x);
                row[x + 1] = above[x + 1] + sum;
            }
        }
        Self { stride, sums }
    }

    fn sum(&self, window: &Window) -> f64 {
        let (top, bottom) = (window.top * self.stride, window.bottom * self.stride);
        let right = self.sums[bottom + window.right] - self.sums[top + window.right];
        right - (self.sums[bottom + window.left] - self.sums[top + window.left])
    }
}
