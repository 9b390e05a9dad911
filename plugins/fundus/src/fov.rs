//! The field of view of a fundus photograph: where the camera saw the eye at all.

use eyepatch_core::{Image, Mask, Result};

/// The structure's name.
pub(crate) const FOV: &str = "fov";

/// A pixel is lit where its brightest colour is above this share of the image's brightest.
const LIT: f32 = 1.0 / 16.0;

/// The largest lit patch (pixels that share a side), and all that lies between two of its pixels both in its row and in
/// its column: vessels and dark maculas belong to it.
pub(crate) fn of(image: &Image) -> Result<Mask> {
    let (width, height, channels) = (image.width(), image.height(), image.channels());
    let brightest =
        |pixel: usize| (0..channels).map(|c| image.value(pixel * channels + c)).fold(0.0, f32::max);
    let bright: Vec<f32> = (0..width * height).map(brightest).collect();
    let threshold = LIT * bright.iter().copied().fold(0.0, f32::max);
    let mut lit: Vec<bool> = bright.iter().map(|&v| v > threshold).collect();
    let patch = largest(&mut lit, width, height);
    let mut rows = vec![(usize::MAX, 0); height];
    let mut columns = vec![(usize::MAX, 0); width];
    for &pixel in &patch {
        let (x, y) = (pixel % width, pixel / width);
        rows[y] = (rows[y].0.min(x), rows[y].1.max(x));
        columns[x] = (columns[x].0.min(y), columns[x].1.max(y));
    }
    let within = |(low, high): (usize, usize), at| low <= at && at <= high;
    let inside = |i: usize| within(rows[i / width], i % width) && within(columns[i % width], i / width);
    Mask::new(width, height, (0..width * height).map(|i| u8::from(inside(i))).collect())
}

/// The pixels of the largest patch; the first in reading order where two are as large. `lit` is used up.
fn largest(lit: &mut [bool], width: usize, height: usize) -> Vec<usize> {
    let mut best = Vec::new();
    for start in 0..lit.len() {
        if !std::mem::take(&mut lit[start]) {
            continue;
        }
        let mut patch = vec![start];
        let mut next = 0;
        while let Some(&pixel) = patch.get(next) {
            next += 1;
            let (x, y) = (pixel % width, pixel / width);
            let around = [
                (x > 0).then(|| pixel - 1),
                (x + 1 < width).then(|| pixel + 1),
                (y > 0).then(|| pixel - width),
                (y + 1 < height).then(|| pixel + width),
            ];
            for neighbour in around.into_iter().flatten() {
                if std::mem::take(&mut lit[neighbour]) {
                    patch.push(neighbour);
                }
            }
        }
        if patch.len() > best.len() {
            best = patch;
        }
    }
    best
}

#[cfg(test)]
#[path = "fov_tests.rs"]
mod tests;
