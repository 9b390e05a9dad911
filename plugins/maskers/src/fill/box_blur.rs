use eyepatch_core::{Image, Pixels};

use super::border::mirror;

/// The image under OpenCV's `blur` with a box of `kx` x `ky` pixels and `BORDER_REFLECT_101`, on the image's scale.
///
/// The same values as `cv2.blur` of OpenCV 5.0, of which shap's `blur(kx,ky)` is made: bit for bit on 8 and 16 bit, to
/// 1e-6 on floating point. The box around x starts at `x - kx / 2` (rounded down). Running sums: the cost hardly
/// depends on the box.
pub(super) fn box_blur(image: &Image, kx: u32, ky: u32) -> Vec<f32> {
    let (width, height, channels) = (image.width(), image.height(), image.channels());
    let mean = Mean::new(image, u64::from(kx) * u64::from(ky));
    let mut blurred = Vec::with_capacity(image.pixels().len());
    box_sums(&image.to_f32(), (width, height, channels), (kx as usize, ky as usize), |sums| {
        let body = sums.len() / LANES * LANES;
        blurred.extend(sums.iter().enumerate().map(|(i, &sum)| mean.of(sum, i < body)));
    });
    blurred
}

/// Hands the sums over each row's boxes to `finish`, row by row from the top. In 64-bit floating point, which is exact
/// for 8 and 16 bit: 2^16 times the largest box, 2^24 pixels, is below 2^53.
pub(super) fn box_sums(
    values: &[f32],
    (width, height, channels): (usize, usize, usize),
    (kx, ky): (usize, usize),
    mut finish: impl FnMut(&[f64]),
) {
    let rows = mirror(height, ky / 2, ky - 1 - ky / 2);
    let across = mirror(width, kx / 2, kx - 1 - kx / 2);
    let stride = width * channels;
    // The sum of each column over the rows of the current box; a row enters below as one leaves above.
    let mut columns = vec![0.0; stride];
    let add = |columns: &mut [f64], row: usize, sign: f64| {
        for (sum, value) in columns.iter_mut().zip(&values[row * stride..]) {
            *sum += sign * f64::from(*value);
        }
    };
    for &row in &rows[..ky - 1] {
        add(&mut columns, row, 1.0);
    }
    let mut sums = vec![0.0; stride];
    for y in 0..height {
        add(&mut columns, rows[y + ky - 1], 1.0);
        for c in 0..channels {
            let column = |i: usize| columns[across[i] * channels + c];
            let mut sum: f64 = (0..kx - 1).map(column).sum();
            for x in 0..width {
                sum += column(x + kx - 1);
                sums[x * channels + c] = sum;
                sum -= column(x);
            }
        }
        finish(&sums);
        add(&mut columns, rows[y], -1.0);
    }
}

/// Values that OpenCV's vector code takes at once, at least; what is left at the end of a row goes through other code
/// that rounds otherwise.
const LANES: usize = 8;

/// From the sum over a box to its mean, rounded as OpenCV does (`createBoxFilter` and `ColumnSum` in
/// `box_filter.simd.hpp`): how depends on depth and box, and in one case on the column.
enum Mean {
    /// 8 bit, at most 256 pixels: a multiplication by `factor` / 2^23 in whole numbers. It may round up from 0.25.
    Fixed { add: u64, factor: u64 },
    /// Sums that fit OpenCV's 32-bit integers: in single precision in the body of a row, in double after it.
    Integer { scale: f64, most: f32 },
    /// Larger boxes: in double precision.
    Double { scale: f64, most: f32 },
    /// Floating point: not rounded.
    Float { scale: f64 },
    /// A box of one pixel.
    Same,
}

impl Mean {
    /// Binary places of `factor`.
    const PLACES: u32 = 23;

    fn new(image: &Image, area: u64) -> Self {
        let (scale, most) = (1.0 / area as f64, image.full_scale());
        match image.pixels() {
            _ if area == 1 => Self::Same,
            Pixels::U8(_) if area <= 256 => Self::fixed(area),
            Pixels::U8(_) if area <= 1 << 23 => Self::Integer { scale, most },
            Pixels::U16(_) if area <= 1 << 15 => Self::Integer { scale, most },
            Pixels::U8(_) | Pixels::U16(_) => Self::Double { scale, most },
            Pixels::F32(_) => Self::Float { scale },
        }
    }

    fn fixed(area: u64) -> Self {
        let (factor, rest) = ((1 << Self::PLACES) / area, (1 << Self::PLACES) % area);
        if 2 * rest < area {
            Self::Fixed { add: area / 2 + 1, factor }
        } else {
            Self::Fixed { add: area / 2, factor: factor + 1 }
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sums are whole and not negative"
    )]
    fn of(&self, sum: f64, body: bool) -> f32 {
        match *self {
            Self::Fixed { add, factor } => (((sum as u64 + add) * factor) >> Self::PLACES) as f32,
            Self::Integer { scale, most } if body => (sum as f32 * scale as f32).round_ties_even().min(most),
            Self::Integer { scale, most } | Self::Double { scale, most } => {
                ((sum * scale).round_ties_even() as f32).min(most)
            }
            Self::Float { scale } => (sum * scale) as f32,
            Self::Same => sum as f32,
        }
    }
}
