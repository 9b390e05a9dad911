//! One iteration of a plus sign on bytes: cheaper than packing where one is all that is wanted.

use std::ops::Range;

use crate::dispatch::dispatched;

/// Dilates (`max` of a pixel and its four neighbours) or erodes (`min`) by one pixel.
pub(super) fn once(mask: &[u8], width: usize, erode: bool, out: &mut [u8]) {
    if erode { erode_once(mask, width, out) } else { dilate_once(mask, width, out) }
}

#[inline(always)]
fn run(mask: &[u8], width: usize, out: &mut [u8], join: impl Fn(u8, u8) -> u8 + Copy) {
    let len = mask.len();
    // A neighbour that is not there is replaced by the pixel itself.
    if len == width {
        rows((mask, 0..len), (mask, mask), out, join);
    } else {
        rows((mask, 0..width), (mask, &mask[width..]), out, join);
        rows((mask, width..len - width), (mask, &mask[2 * width..]), out, join);
        rows((mask, len - width..len), (&mask[len - 2 * width..], &mask[len - width..]), out, join);
    }
    // The first and last column have met a pixel of another row.
    let inwards = usize::from(width > 1);
    for first in (0..len).step_by(width) {
        let last = first + width - 1;
        for (i, side) in [(first, first + inwards), (last, last - inwards)] {
            let above = if first > 0 { i - width } else { i };
            let below = if last + 1 < len { i + width } else { i };
            out[i] = u8::from(join(join(mask[i], mask[side]), join(mask[above], mask[below])) != 0);
        }
    }
}

/// Whole rows, at places `range`, in one long loop: they follow each other. `above` and `below` begin with the
/// neighbours of the first of them. The image's very first and last pixel are left out.
#[inline(always)]
fn rows(
    (mask, range): (&[u8], Range<usize>),
    (above, below): (&[u8], &[u8]),
    out: &mut [u8],
    join: impl Fn(u8, u8) -> u8,
) {
    let (start, end) = (range.start.max(1), range.end.min(mask.len() - 1));
    if start >= end {
        return;
    }
    let skipped = start - range.start;
    let sides = mask[start - 1..].iter().zip(&mask[start + 1..]);
    let upright = above[skipped..].iter().zip(&below[skipped..]);
    let pixels = out[start..end].iter_mut().zip(&mask[start..]);
    for (((out, &here), (&left, &right)), (&above, &below)) in pixels.zip(sides).zip(upright) {
        *out = u8::from(join(join(join(here, left), join(right, above)), below) != 0);
    }
}

dispatched! {
    fn dilate_once(mask: &[u8], width: usize, out: &mut [u8]) { run(mask, width, out, |a, b| a | b); }
    fn erode_once(mask: &[u8], width: usize, out: &mut [u8]) { run(mask, width, out, u8::min); }

    /// The mask as 0 and 1.
    pub(super) fn normalise(mask: &[u8], out: &mut [u8]) {
        for (out, &byte) in out.iter_mut().zip(mask) { *out = u8::from(byte != 0); }
    }
}
