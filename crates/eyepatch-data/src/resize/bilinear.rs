//! The resize of the study: TensorFlow's `resize_with_pad`, bilinear, half-pixel centres, not antialiased. It reads at
//! most four pixels for each that it writes, so fine structure flickers in and out where it shrinks; it is here so that
//! the study can be repeated, and so that models that were trained on its output can be shown what they know.

use eyepatch_core::Image;

use super::element::Number;
use super::{Frame, Taps};

/// TensorFlow divides in single precision and rounds down (`image_ops_impl.py`, `_resize_image_with_pad_common`), so a side
/// may come out a pixel short of the canvas; so does ours.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded down from positive numbers"
)]
pub(super) fn frame(from: (usize, usize), to: (usize, usize)) -> Frame {
    let (h, w, to_h, to_w) = (from.0 as f32, from.1 as f32, to.0 as f32, to.1 as f32);
    let ratio = (w / to_w).max(h / to_h);
    let (h, w) = (h / ratio, w / ratio);
    let before = |side: f32, to: f32| ((to - side) / 2.0).floor().max(0.0) as usize;
    // TensorFlow refuses an image of which nothing would be left; one pixel stays here.
    let whole = |side: f32, to: usize| (side.floor() as usize).clamp(1, to);
    let (height, width) = (whole(h, to.0), whole(w, to.1));
    Frame { height, width, top: before(h, to_h).min(to.0 - height), left: before(w, to_w).min(to.1 - width) }
}

/// Two source places and the weight of the second.
#[derive(Clone, Copy)]
struct Between {
    first: usize,
    second: usize,
    share: f32,
}

/// For each of `to` places the two of `from` that it lies between.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the source")]
fn sources(from: usize, to: usize) -> impl Iterator<Item = Between> {
    let scale = from as f32 / to as f32;
    (0..to).map(move |at| {
        let centre = (at as f32 + 0.5) * scale - 0.5;
        let low = centre.floor();
        let first = (low.max(0.0) as usize).min(from - 1);
        let second = ((low + 1.0).max(0.0) as usize).min(from - 1);
        Between { first, second, share: centre - low }
    })
}

/// The same as weights.
pub(super) fn taps(from: usize, to: usize) -> Vec<Taps> {
    let of = |b: Between| {
        let weights = if b.first == b.second { vec![1.0] } else { vec![1.0 - b.share, b.share] };
        Taps { first: b.first, weights }
    };
    sources(from, to).map(of).collect()
}

/// `values` of `source` in a canvas of size `to`, each as `store` keeps it.
pub(super) fn canvas<T: Number, O: Copy + Default>(
    values: &[T],
    source: &Image,
    to: (usize, usize),
    store: impl Fn(f32) -> O,
) -> Vec<O> {
    let channels = source.channels();
    let frame = frame((source.height(), source.width()), to);
    let along: Vec<Between> = sources(source.width(), frame.width).collect();
    let line = source.width() * channels;
    let mut out = vec![O::default(); to.0 * to.1 * channels];
    let lines = out.chunks_exact_mut(to.1 * channels).skip(frame.top);
    // Rows of the source that are done already: the lower one of this row is often the upper one of the next.
    let mut near = Row::new(frame.width * channels);
    let mut far = Row::new(frame.width * channels);
    for (out, down) in lines.zip(sources(source.height(), frame.height)) {
        if far.of == Some(down.first) {
            std::mem::swap(&mut near, &mut far);
        }
        near.fill(down.first, &values[down.first * line..][..line], channels, &along);
        far.fill(down.second, &values[down.second * line..][..line], channels, &along);
        let pixels = out[frame.left * channels..].iter_mut();
        for (out, (&a, &b)) in pixels.zip(near.values.iter().zip(&far.values)) {
            *out = store(a + (b - a) * down.share);
        }
    }
    out
}

/// A row of the source at the new width.
struct Row {
    of: Option<usize>,
    values: Vec<f32>,
}

impl Row {
    fn new(length: usize) -> Self {
        Self { of: None, values: vec![0.0; length] }
    }

    fn fill<T: Number>(&mut self, index: usize, row: &[T], channels: usize, along: &[Between]) {
        if self.of.replace(index) == Some(index) {
            return;
        }
        for (out, between) in self.values.chunks_exact_mut(channels).zip(along) {
            for (channel, out) in out.iter_mut().enumerate() {
                let at = |pixel: usize| row[pixel * channels + channel].wide();
                let (a, b) = (at(between.first), at(between.second));
                *out = a + (b - a) * between.share;
            }
        }
    }
}

#[cfg(test)]
#[path = "bilinear_tests.rs"]
mod tests;
