/// The mean over a box of `kx` x `ky` pixels around each pixel of an interleaved image (`shape` is height, width,
/// channels, each at least 1), as OpenCV's `blur`, of which shap's `blur(kx,ky)` is made: the box starts at
/// `x - kx / 2` (rounded down), and beyond the border the image is mirrored without its edge (`BORDER_REFLECT_101`). In
/// 64 bits; OpenCV's rounding of smaller numbers is not followed.
///
/// # Panics
/// Where `values` is not as long as the shape says, or a side of the box is 0.
#[must_use]
pub fn box_blur(values: &[f64], shape: [usize; 3], kx: usize, ky: usize) -> Vec<f64> {
    let [height, width, channels] = shape;
    assert_eq!(values.len(), height * width * channels, "the image has its shape's size");
    assert!(kx > 0 && ky > 0, "a box has a pixel");
    let across = line_means(values, [height, width, channels], kx);
    // A column is a line whose neighbours are a whole row apart.
    line_means(&across, [1, height, width * channels], ky)
}

/// Means along the middle axis, by running sums.
fn line_means(values: &[f64], [lines, length, step]: [usize; 3], k: usize) -> Vec<f64> {
    let places = mirrored(length, k);
    let mut out = vec![0.0; values.len()];
    let mut sums = vec![0.0; step];
    for line in 0..lines {
        let at = |i: usize| &values[(line * length + places[i]) * step..][..step];
        sums.fill(0.0);
        (0..k - 1).for_each(|i| add(&mut sums, at(i), 1.0));
        for x in 0..length {
            add(&mut sums, at(x + k - 1), 1.0);
            let out = &mut out[(line * length + x) * step..][..step];
            out.iter_mut().zip(&sums).for_each(|(out, sum)| *out = sum / k as f64);
            add(&mut sums, at(x), -1.0);
        }
    }
    out
}

fn add(sums: &mut [f64], values: &[f64], sign: f64) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += sign * value);
}

/// The places of the `length + k - 1` values that boxes of `k` values look at, mirrored into `0..length`.
fn mirrored(length: usize, k: usize) -> Vec<usize> {
    let period = 2 * (length - 1).max(1);
    let before = k / 2;
    // Whole periods, so that nothing goes below 0.
    let shift = before.div_ceil(period) * period - before;
    let fold = |i: usize| {
        let i = (i + shift) % period;
        if length == 1 { 0 } else { i.min(period - i) }
    };
    (0..length + k - 1).map(fold).collect()
}
