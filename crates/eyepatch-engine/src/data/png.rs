use std::io::Cursor;

use eyepatch_core::{Error, Image, Pixels, Result};
use image::{DynamicImage, ImageBuffer, ImageFormat};

/// An image as a PNG file that reads back as the same pixels; floating-point images become 16 bits, 0 to 1.
///
/// # Errors
/// [`Error::Shape`] where a side does not fit PNG.
pub fn encode_png(image: &Image) -> Result<Vec<u8>> {
    let wrong =
        || Error::shape("image", "sides that PNG can hold", format!("{}x{}", image.height(), image.width()));
    let (width, height) = (
        u32::try_from(image.width()).map_err(|_| wrong())?,
        u32::try_from(image.height()).map_err(|_| wrong())?,
    );
    let grey = image.channels() == 1;
    let dynamic = match image.pixels() {
        Pixels::U8(v) if grey => {
            ImageBuffer::from_raw(width, height, v.clone()).map(DynamicImage::ImageLuma8)
        }
        Pixels::U8(v) => ImageBuffer::from_raw(width, height, v.clone()).map(DynamicImage::ImageRgb8),
        Pixels::U16(v) if grey => {
            ImageBuffer::from_raw(width, height, v.clone()).map(DynamicImage::ImageLuma16)
        }
        Pixels::U16(v) => ImageBuffer::from_raw(width, height, v.clone()).map(DynamicImage::ImageRgb16),
        Pixels::F32(v) if grey => {
            ImageBuffer::from_raw(width, height, deep(v)).map(DynamicImage::ImageLuma16)
        }
        Pixels::F32(v) => ImageBuffer::from_raw(width, height, deep(v)).map(DynamicImage::ImageRgb16),
    };
    let mut bytes = Vec::new();
    let dynamic = dynamic.ok_or_else(wrong)?;
    dynamic.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).map_err(|_| wrong())?;
    Ok(bytes)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 16 bits")]
fn deep(values: &[f32]) -> Vec<u16> {
    values.iter().map(|v| (v * 65535.0).round().clamp(0.0, 65535.0) as u16).collect()
}
