//! The resize of audits: a triangle filter, scaled to the reduction, first down the columns and then along the rows.
//!
//! It gives, bit for bit, what the `image` crate's `imageops::resize` with its triangle filter gives, which is the slow
//! twin in the tests: the same weights, added in the same order.

use eyepatch_core::Image;

use super::element::Number;
use super::{Frame, Taps};

/// Rows that are filtered side by side along their length.
const LANES: usize = 8;

/// Integer arithmetic, so that every platform rounds alike.
pub(super) fn frame(from: (usize, usize), to: (usize, usize)) -> Frame {
    let ((height, width), (to_height, to_width)) = (from, to);
    let scaled = |side: usize, num: usize, den: usize| ((side * num * 2 + den) / (den * 2)).max(1);
    let (h, w) = if to_height * width <= to_width * height {
        (to_height, scaled(width, to_height, height).min(to_width))
    } else {
        (scaled(height, to_width, width).min(to_height), to_width)
    };
    Frame { height: h, width: w, top: (to_height - h) / 2, left: (to_width - w) / 2 }
}

/// What each of `to` places is made of: the triangle's weights, which add up to 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the source")]
pub(super) fn taps(from: usize, to: usize) -> Vec<Taps> {
    let ratio = from as f32 / to as f32;
    let scale = ratio.max(1.0);
    let of = |at: usize| {
        let centre = (at as f32 + 0.5) * ratio;
        let first = ((centre - scale).floor() as i64).clamp(0, from as i64 - 1);
        let end = ((centre + scale).ceil() as i64).clamp(first + 1, from as i64);
        let centre = centre - 0.5;
        let weight = |i: i64| {
            let distance = ((i as f32 - centre) / scale).abs();
            if distance < 1.0 { 1.0 - distance } else { 0.0 }
        };
        let mut weights: Vec<f32> = (first..end).map(weight).collect();
        let sum = weights.iter().fold(0.0f32, |sum, w| sum + w);
        weights.iter_mut().for_each(|w| *w /= sum);
        Taps { first: first as usize, weights }
    };
    (0..to).map(of).collect()
}

/// `values` of `source` in a canvas of size `to`.
pub(super) fn canvas<T: Number>(values: &[T], source: &Image, to: (usize, usize)) -> Vec<T> {
    let channels = source.channels();
    let frame = frame((source.height(), source.width()), to);
    let mut out = vec![T::default(); to.0 * to.1 * channels];
    let mut target = out.chunks_exact_mut(to.1 * channels).skip(frame.top);
    if (frame.height, frame.width) == (source.height(), source.width()) {
        for (from, to) in values.chunks_exact(frame.width * channels).zip(target) {
            to[frame.left * channels..][..from.len()].copy_from_slice(from);
        }
        return out;
    }
    let (down, along) = (taps(source.height(), frame.height), taps(source.width(), frame.width));
    let line = source.width() * channels;
    let mut columns = vec![0f32; line];
    // Row y of lane l lies at [y * LANES + l]: a step along the rows is then one step in all of them.
    let mut lanes = vec![[0f32; LANES]; line];
    for block in down.chunks(LANES) {
        for (lane, taps) in block.iter().enumerate() {
            add_rows(values, line, taps, &mut columns);
            lanes.iter_mut().zip(&columns).for_each(|(to, &from)| to[lane] = from);
        }
        let mut rows: Vec<&mut [T]> = target.by_ref().take(block.len()).collect();
        for (x, taps) in along.iter().enumerate() {
            for channel in 0..channels {
                let sums = add_columns(&lanes, channels, channel, taps);
                let at = (frame.left + x) * channels + channel;
                rows.iter_mut().zip(sums).for_each(|(row, sum)| row[at] = T::nearest(sum));
            }
        }
    }
    out
}

/// A weighted sum of whole rows.
fn add_rows<T: Number>(values: &[T], line: usize, taps: &Taps, sums: &mut [f32]) {
    sums.fill(0.0);
    for (row, &weight) in values[taps.first * line..].chunks_exact(line).zip(&taps.weights) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value.wide() * weight);
    }
}

/// A weighted sum of pixels, in all lanes.
fn add_columns(lanes: &[[f32; LANES]], channels: usize, channel: usize, taps: &Taps) -> [f32; LANES] {
    let mut sums = [0f32; LANES];
    let pixels = lanes[taps.first * channels + channel..].iter().step_by(channels);
    for (values, &weight) in pixels.zip(&taps.weights) {
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value * weight);
    }
    sums
}

#[cfg(test)]
#[path = "antialias_tests.rs"]
mod tests;
