use eyepatch_core::Image;

use super::border::mirror;

/// The image under a Gaussian of standard deviation `sigma` pixels, on the image's scale.
///
/// As `scipy.ndimage.gaussian_filter(image, sigma, mode="mirror")`, to 1e-6 of full scale: the kernel is sampled at
/// whole pixels, cut off after `int(4 * sigma + 0.5)` of them (scipy's `truncate=4.0`) and normalised; the border is
/// mirrored without its edge, as OpenCV's `BORDER_REFLECT_101`. `cv2.GaussianBlur` of floating point may end its kernel
/// a pixel later and then differs by less than 1e-4.
pub(super) fn gaussian(image: &Image, sigma: f32) -> Vec<f32> {
    let (width, height, channels) = (image.width(), image.height(), image.channels());
    let kernel = half_kernel(sigma);
    let reach = kernel.len() - 1;
    let values = image.to_f32();
    let stride = width * channels;
    let (across, down) = (mirror(width, reach, reach), mirror(height, reach, reach));

    // Along the rows, each of which is first laid out with its border.
    let mut wide = vec![0.0; across.len() * channels];
    let mut rows = vec![0.0; values.len()];
    for (row, out) in values.chunks_exact(stride).zip(rows.chunks_exact_mut(stride)) {
        for (to, &from) in wide.chunks_exact_mut(channels).zip(&across) {
            for (to, from) in to.iter_mut().zip(&row[from * channels..]) {
                *to = f64::from(*from);
            }
        }
        let at = |offset: usize| &wide[offset * channels..][..stride];
        weigh(out, &kernel, |i| (at(reach - i), at(reach + i)));
    }
    // Down the columns, all of a row at once.
    let row = |y: usize| &rows[down[y] * stride..][..stride];
    let mut blurred = Vec::with_capacity(values.len());
    let mut out = vec![0.0; stride];
    for y in 0..height {
        weigh(&mut out, &kernel, |i| (row(y + reach - i), row(y + reach + i)));
        blurred.extend(out.iter().map(|&value| value as f32));
    }
    blurred
}

/// The kernel from its middle to its end; all of it sums to 1.
fn half_kernel(sigma: f32) -> Vec<f64> {
    let sigma = f64::from(sigma);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sigma is positive and at most 256"
    )]
    let reach = (4.0 * sigma + 0.5) as usize;
    let weight = |i: usize| (-0.5 * (i as f64 / sigma).powi(2)).exp();
    let total: f64 = (1..=reach).map(|i| 2.0 * weight(i)).sum::<f64>() + 1.0;
    (0..=reach).map(|i| weight(i) / total).collect()
}

/// `out` becomes the weighted sum of the rows `i` to one side and to the other.
fn weigh<'a>(out: &mut [f64], kernel: &[f64], sides: impl Fn(usize) -> (&'a [f64], &'a [f64])) {
    for (out, middle) in out.iter_mut().zip(sides(0).0) {
        *out = kernel[0] * middle;
    }
    for (i, weight) in kernel.iter().enumerate().skip(1) {
        let (one, other) = sides(i);
        for ((out, one), other) in out.iter_mut().zip(one).zip(other) {
            *out += weight * (one + other);
        }
    }
}
