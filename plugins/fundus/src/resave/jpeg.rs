//! What an image loses when Pillow saves it as JPEG with its defaults and libjpeg-turbo reads it again, bit for bit.

use super::dct::{self, Block};

/// Table K.1 of ITU-T T.81 at quality 75: libjpeg halves it and rounds up.
const LUMA: [i32; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17,
    22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78,
    87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/// Table K.2.
const CHROMA: [i32; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// libjpeg's scale of the tables, in per cent: 200 - 2 x quality.
const SCALE: i32 = 200 - 2 * 75;

/// One component, rows first.
struct Plane {
    width: usize,
    height: usize,
    values: Vec<u8>,
}

impl Plane {
    fn new(width: usize, height: usize, value: impl Fn(usize, usize) -> u8) -> Self {
        let values = (0..width * height).map(|i| value(i % width, i / width)).collect();
        Self { width, height, values }
    }

    /// The value at a place; past an edge, the last one before it.
    fn at(&self, x: usize, y: usize) -> u8 {
        self.values[y.min(self.height - 1) * self.width + x.min(self.width - 1)]
    }
}

#[expect(clippy::cast_sign_loss, reason = "clamped")]
fn clamped(value: i32) -> u8 {
    value.clamp(0, 255) as u8
}

/// `height` x `width` pixels of 1 or 3 channels, saved and read again. From 5 columns on: in narrower images libjpeg does not
/// smooth colour.
pub(super) fn round_trip(values: &[u8], width: usize, height: usize, channels: usize) -> Vec<u8> {
    let at = |x: usize, y: usize, c: usize| values[(y * width + x) * channels + c];
    if channels == 1 {
        return quantised(&Plane::new(width, height, |x, y| at(x, y, 0)), &LUMA).values;
    }
    let colour = |x, y| [at(x, y, 0), at(x, y, 1), at(x, y, 2)].map(i32::from);
    let whole = |part: fn([i32; 3]) -> i32| Plane::new(width, height, |x, y| clamped(part(colour(x, y))));
    let luma = quantised(&whole(luma), &LUMA);
    let chroma = |part| doubled(&quantised(&halved(&whole(part)), &CHROMA), width, height);
    let (blue, red) = (chroma(blue), chroma(red));
    let parts = luma.values.iter().zip(&blue.values).zip(&red.values);
    parts.flat_map(|((&y, &b), &r)| rgb(y, b, r)).collect()
}

// `jccolor.c` and `jdcolor.c`: ITU-R BT.601 with 16 bits of fraction.
const HALF: i32 = 1 << 15;

fn luma([r, g, b]: [i32; 3]) -> i32 {
    (19595 * r + 38470 * g + 7471 * b + HALF) >> 16
}

fn blue([r, g, b]: [i32; 3]) -> i32 {
    (-11059 * r - 21709 * g + 32768 * b + (128 << 16) + HALF - 1) >> 16
}

fn red([r, g, b]: [i32; 3]) -> i32 {
    (32768 * r - 27439 * g - 5329 * b + (128 << 16) + HALF - 1) >> 16
}

fn rgb(y: u8, blue: u8, red: u8) -> [u8; 3] {
    let (y, blue, red) = (i32::from(y), i32::from(blue) - 128, i32::from(red) - 128);
    [
        clamped(y + ((91881 * red + HALF) >> 16)),
        clamped(y + ((-22554 * blue - 46802 * red + HALF) >> 16)),
        clamped(y + ((116_130 * blue + HALF) >> 16)),
    ]
}

/// Means of 2 x 2 (`jcsample.c`); what is lost to rounding changes from column to column. Whole blocks wide: past the
/// right edge libjpeg repeats the last column before it takes means, not after.
fn halved(plane: &Plane) -> Plane {
    let (width, height) = (plane.width.div_ceil(2).next_multiple_of(8), plane.height.div_ceil(2));
    Plane::new(width, height, |x, y| {
        let at = |dx, dy| i32::from(plane.at(2 * x + dx, 2 * y + dy));
        let bias = if x % 2 == 0 { 1 } else { 2 };
        clamped((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1) + bias) >> 2)
    })
}

/// Twice as large (`jdsample.c`, "fancy"): three quarters of the nearer, one quarter of the farther, each way.
fn doubled(plane: &Plane, width: usize, height: usize) -> Plane {
    let before = |at: usize| at.saturating_sub(1);
    let last = width.div_ceil(2) - 1;
    Plane::new(width, height, |x, y| {
        let (near_x, near_y) = (x / 2, y / 2);
        let far_y = if y % 2 == 0 { before(near_y) } else { near_y + 1 };
        let far_x = if x % 2 == 0 { before(near_x) } else { (near_x + 1).min(last) };
        let column = |x| 3 * i32::from(plane.at(x, near_y)) + i32::from(plane.at(x, far_y));
        let bias = if x % 2 == 0 { 8 } else { 7 };
        clamped((3 * column(near_x) + column(far_x) + bias) >> 4)
    })
}

/// Every block of 8 x 8 to frequencies, rounded to multiples of the table, and back.
fn quantised(plane: &Plane, table: &[i32; 64]) -> Plane {
    let mut out = Plane::new(plane.width, plane.height, |_, _| 0);
    for top in (0..plane.height).step_by(8) {
        for left in (0..plane.width).step_by(8) {
            let mut block: Block =
                std::array::from_fn(|i| i32::from(plane.at(left + i % 8, top + i / 8)) - 128);
            dct::forward(&mut block);
            for (value, entry) in block.iter_mut().zip(table) {
                let step = ((entry * SCALE + 50) / 100).clamp(1, 255);
                let divisor = 8 * step;
                let rounded = (value.abs() + divisor / 2) / divisor;
                *value = value.signum() * rounded * step;
            }
            dct::inverse(&mut block);
            for (y, row) in block.chunks_exact(8).enumerate().take(plane.height - top) {
                let line = &mut out.values[(top + y) * plane.width + left..];
                let end = 8.min(plane.width - left);
                line[..end].iter_mut().zip(row).for_each(|(out, &value)| *out = clamped(value + 128));
            }
        }
    }
    out
}
