//! Images as PNG files that hold pixels and nothing else.

use eyepatch_core::{Image, Pixels};

use crate::{Error, Result};

/// Every image as a PNG file of 8 or 16 bits a channel with the chunks IHDR, IDAT and IEND only.
///
/// Whole numbers keep their value. Floating-point images become 16 bits on one scale for all of them: 0 to 1 where all values lie
/// there, else their least to their largest value.
///
/// # Errors
/// [`Error::Image`].
pub(crate) fn encode(images: &[Image]) -> Result<Vec<Vec<u8>>> {
    let floats = || {
        let values = |i: &Image| match i.pixels() {
            Pixels::F32(v) => v.clone(),
            _ => Vec::new(),
        };
        images.iter().flat_map(values)
    };
    let (low, high) = floats().fold((0.0f32, 1.0f32), |(l, h), v| (l.min(v), h.max(v)));
    images.iter().map(|image| one(image, low, high)).collect()
}

fn one(image: &Image, low: f32, high: f32) -> Result<Vec<u8>> {
    let wrong = |problem: String| Error::Image { problem };
    let side = |n: usize| u32::try_from(n).map_err(|e| wrong(e.to_string()));
    let (width, height) = (side(image.width())?, side(image.height())?);
    let (depth, bytes) = match image.pixels() {
        Pixels::U8(v) => (png::BitDepth::Eight, v.clone()),
        Pixels::U16(v) => (png::BitDepth::Sixteen, v.iter().flat_map(|v| v.to_be_bytes()).collect()),
        Pixels::F32(v) => {
            (png::BitDepth::Sixteen, v.iter().flat_map(|v| deep(*v, low, high).to_be_bytes()).collect())
        }
    };
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_depth(depth);
    encoder.set_color(if image.channels() == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb });
    let mut writer = encoder.write_header().map_err(|e| wrong(e.to_string()))?;
    writer.write_image_data(&bytes).map_err(|e| wrong(e.to_string()))?;
    writer.finish().map_err(|e| wrong(e.to_string()))?;
    Ok(file)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 16 bits")]
fn deep(value: f32, low: f32, high: f32) -> u16 {
    ((value - low) / (high - low) * 65535.0).round().clamp(0.0, 65535.0) as u16
}

#[cfg(test)]
#[path = "png_tests.rs"]
mod tests;
