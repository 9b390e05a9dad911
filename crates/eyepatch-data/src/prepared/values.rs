//! From a decoded image and its ROI to the bytes that a set keeps of them.

use eyepatch_core::{Error, Image, Pixels, Result, Roi};

use super::plan::{Plan, Values};
use crate::npy::Element;
use crate::resize::{self, ResizeMethod};

/// An image's bytes at the plan's size and depth, and the original's maximum where values were divided by it.
pub(super) fn pixels(image: Image, plan: &Plan) -> Result<(Vec<u8>, Option<f32>)> {
    let image = to_channels(image, plan.channels)?;
    if plan.values == Values::Stored {
        let fits = (image.height(), image.width()) == plan.size;
        let resized = if fits { image } else { resize::image(&image, plan.size, plan.method)? };
        return Ok((stored(resized, plan.depth, plan.any_depth)?, None));
    }
    let (values, maximum) = by_maximum(&image, plan.size, plan.method)?;
    let bytes = match (plan.values, plan.depth) {
        (Values::Study, _) => stretched(&values)?,
        (_, Element::F32) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        _ => values.iter().flat_map(|&v| nearest_u16(v).to_le_bytes()).collect(),
    };
    Ok((bytes, Some(maximum)))
}

/// An image as the study prepared it: brought to `size` by [`resize::study`], divided by its original maximum, stretched
/// (minimum to 0, maximum to 255) and cut to 8 bit.
///
/// # Errors
/// [`Error::Shape`] for an image that is all black, or that has one value at its new size.
pub fn study_image(image: &Image, size: (usize, usize)) -> Result<Image> {
    let (values, _) = by_maximum(image, size, ResizeMethod::Study)?;
    Image::new(size.1, size.0, image.channels(), Pixels::U8(stretched(&values)?))
}

/// An image at a size, divided by its original maximum; and that.
fn by_maximum(image: &Image, size: (usize, usize), method: ResizeMethod) -> Result<(Vec<f32>, f32)> {
    let maximum = maximum(image);
    if maximum <= 0.0 {
        return Err(Error::shape("image", "a value above 0", "all black"));
    }
    let mut values = match method {
        ResizeMethod::Study => resize::study(image, size)?,
        ResizeMethod::Antialias => resize::image(image, size, method)?.to_f32(),
    };
    values.iter_mut().for_each(|v| *v /= maximum);
    Ok((values, maximum))
}

fn maximum(image: &Image) -> f32 {
    match image.pixels() {
        Pixels::U8(v) => v.iter().max().map_or(0.0, |&v| v.into()),
        Pixels::U16(v) => v.iter().max().map_or(0.0, |&v| v.into()),
        Pixels::F32(v) => v.iter().copied().fold(0.0, f32::max),
    }
}

/// Minimum to 0, maximum to 255, truncated. Padding counts: where there is any, the minimum is 0. In single precision and
/// in this order, as NumPy has it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 255, and to be cut"
)]
fn stretched(values: &[f32]) -> Result<Vec<u8>> {
    let (least, most) =
        values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
    let span = most - least;
    if span <= 0.0 {
        return Err(Error::shape("image", "more than one value at its new size", format!("{most}")));
    }
    Ok(values.iter().map(|v| ((v - least) / span * 255.0) as u8).collect())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the depth")]
fn nearest_u16(value: f32) -> u16 {
    (value * 65535.0).clamp(0.0, 65535.0).round() as u16
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the depth")]
fn nearest_u8(value: f32) -> u8 {
    (value * 255.0).clamp(0.0, 255.0).round() as u8
}

/// 16 bit to 8: 65535 to 255, the nearest.
#[expect(clippy::cast_possible_truncation, reason = "at most 255")]
fn narrow(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

/// Bytes at the set's depth. 8 bit widens to 16 by 257, integers to floats by their full scale. What would lose steps is
/// refused unless the depth was asked for.
fn stored(image: Image, depth: Element, any_depth: bool) -> Result<Vec<u8>> {
    let own = Element::of_image(&image);
    if own > depth && !any_depth {
        let expected = format!("{} as the first image, or a depth given for all (--depth)", depth.descr());
        return Err(Error::shape("depth of the image", expected, own.descr()));
    }
    let scale = image.full_scale();
    Ok(match (image.into_pixels(), depth) {
        (Pixels::U8(v), Element::U16) => v.iter().flat_map(|&x| (u16::from(x) * 257).to_le_bytes()).collect(),
        (Pixels::U16(v), Element::U8) => v.iter().map(|&x| narrow(x)).collect(),
        (Pixels::F32(v), Element::U8) => v.iter().map(|&x| nearest_u8(x)).collect(),
        (Pixels::F32(v), Element::U16) => v.iter().flat_map(|&x| nearest_u16(x).to_le_bytes()).collect(),
        (Pixels::U8(v), Element::F32) => {
            v.iter().flat_map(|&x| (f32::from(x) / scale).to_le_bytes()).collect()
        }
        (Pixels::U16(v), Element::F32) => {
            v.iter().flat_map(|&x| (f32::from(x) / scale).to_le_bytes()).collect()
        }
        (Pixels::U8(v), Element::U8) => v,
        (Pixels::U16(v), Element::U16) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        (Pixels::F32(v), Element::F32) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
    })
}

/// A grey image in a colour set is repeated; the reverse would need a choice of weights.
fn to_channels(image: Image, channels: usize) -> Result<Image> {
    fn triple<T: Copy>(v: &[T]) -> Vec<T> {
        v.iter().flat_map(|x| [*x; 3]).collect()
    }
    match (image.channels(), channels) {
        (own, wanted) if own == wanted => Ok(image),
        (1, 3) => {
            let pixels = match image.pixels() {
                Pixels::U8(v) => Pixels::U8(triple(v)),
                Pixels::U16(v) => Pixels::U16(triple(v)),
                Pixels::F32(v) => Pixels::F32(triple(v)),
            };
            Image::new(image.width(), image.height(), 3, pixels)
        }
        (own, wanted) => {
            let expected = format!("{wanted} as the first image, or a number given for all (--channels 3)");
            Err(Error::shape("channels of the image", expected, own.to_string()))
        }
    }
}

/// The bits of a ROI's edges at the plan's size: for each structure of the plan the outer one, then the inner one. A
/// structure that the ROI lacks has no pixel.
pub(super) fn roi(outer: &Roi, inner: &Roi, plan: &Plan) -> Result<Vec<u8>> {
    if let Some(name) = outer.structures().keys().find(|k| !plan.structures.contains(k)) {
        let expected = format!("{} as of the first image", plan.structures.join(", "));
        return Err(Error::shape("structures of the ROI", expected, name));
    }
    let (height, width) = plan.size;
    let plane = height * width.div_ceil(8);
    let mut bytes = Vec::with_capacity(plan.structures.len() * 2 * plane);
    for name in &plan.structures {
        let start = bytes.len();
        match (outer.structures().get(name), inner.structures().get(name)) {
            (Some(outer), Some(inner)) if std::ptr::eq(outer, inner) => {
                pack(outer.bits(), width, &mut bytes);
                bytes.extend_from_within(start..);
            }
            (Some(outer), Some(inner)) => {
                pack(outer.bits(), width, &mut bytes);
                pack(inner.bits(), width, &mut bytes);
            }
            _ => bytes.resize(start + 2 * plane, 0),
        }
    }
    Ok(bytes)
}

/// Eight pixels a byte, the most significant first, each row from a byte of its own: `np.packbits(mask, axis=-1)`.
fn pack(bits: &[u8], width: usize, out: &mut Vec<u8>) {
    for row in bits.chunks_exact(width) {
        let (whole, rest) = row.as_chunks::<8>();
        // The bytes' lowest bits come together in the product's highest byte, the first one on top.
        out.extend(
            whole.iter().map(|b| (u64::from_le_bytes(*b).wrapping_mul(0x8040_2010_0804_0201) >> 56) as u8),
        );
        if !rest.is_empty() {
            let bits = rest.iter().fold(0u8, |byte, bit| byte << 1 | bit);
            out.push(bits << (8 - rest.len()));
        }
    }
}

#[cfg(test)]
#[path = "values_tests.rs"]
mod tests;
