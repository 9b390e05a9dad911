//! TensorFlow's `resize_with_pad`: bilinear, half-pixel centres, not antialiased, zeros around.

use eyepatch_core::{Error, Image, Result};

/// The image at `to` (height, width), not rounded, on the stored scale.
///
/// # Errors
/// [`Error::Shape`] where a side is 0.
pub(super) fn study(source: &Image, to: (usize, usize)) -> Result<Vec<f32>> {
    if to.0 == 0 || to.1 == 0 {
        return Err(Error::shape("size", "at least 1x1", format!("{}x{}", to.0, to.1)));
    }
    let channels = source.channels();
    let [(h, w), (top, left)] = fit((source.height(), source.width()), to);
    let (rows, columns) = (sources(source.height(), h), sources(source.width(), w));
    let line = source.width() * channels;
    let mut out = vec![0f32; to.0 * to.1 * channels];
    let lines = out.chunks_exact_mut(to.1 * channels).skip(top);
    for (out, &(upper, lower, down)) in lines.zip(&rows) {
        let pixels = out.chunks_exact_mut(channels).skip(left);
        for (out, &(near, far, right)) in pixels.zip(&columns) {
            for (c, out) in out.iter_mut().enumerate() {
                let across = |row: usize| {
                    let at = |x: usize| source.value(row * line + x * channels + c);
                    at(near) + (at(far) - at(near)) * right
                };
                let (a, b) = (across(upper), across(lower));
                *out = a + (b - a) * down;
            }
        }
    }
    Ok(out)
}

/// The image's size in `to`, and rows and columns of zeros before it. TensorFlow divides in single precision and rounds
/// down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded down from positive numbers"
)]
fn fit(from: (usize, usize), to: (usize, usize)) -> [(usize, usize); 2] {
    let (h, w, to_h, to_w) = (from.0 as f32, from.1 as f32, to.0 as f32, to.1 as f32);
    let ratio = (w / to_w).max(h / to_h);
    let (h, w) = (h / ratio, w / ratio);
    let before = |side: f32, to: f32| ((to - side) / 2.0).floor().max(0.0) as usize;
    let whole = |side: f32, to: usize| (side.floor() as usize).clamp(1, to);
    let size = (whole(h, to.0), whole(w, to.1));
    [size, (before(h, to_h).min(to.0 - size.0), before(w, to_w).min(to.1 - size.1))]
}

/// For each of `to` places the two sources of `from` and the weight of the second.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the source")]
fn sources(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let scale = from as f32 / to as f32;
    let source = |at: usize| {
        let centre = (at as f32 + 0.5) * scale - 0.5;
        let low = centre.floor();
        let second = ((low + 1.0).max(0.0) as usize).min(from - 1);
        ((low.max(0.0) as usize).min(from - 1), second, centre - low)
    };
    (0..to).map(source).collect()
}
