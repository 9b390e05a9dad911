//! From a file's bytes to an image or a mask. Sizes are checked before anything is allocated.

use std::io::Cursor;

use eyepatch_core::{Image, Mask, Pixels};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::bad::{Bad, Fault};
use crate::{jpeg, packed};

/// An image with 1 or 3 channels at 8 or 16 bit. An alpha channel is dropped.
pub fn image(bytes: &[u8], max_pixels: u64) -> Result<Image, Bad> {
    let decoded = decode(bytes, format(bytes)?, max_pixels)?;
    let (width, height) = (decoded.width() as usize, decoded.height() as usize);
    let (channels, pixels) = match decoded {
        DynamicImage::ImageLuma8(i) => (1, Pixels::U8(i.into_raw())),
        DynamicImage::ImageLumaA8(i) => (1, Pixels::U8(without_alpha(&i.into_raw(), 2))),
        DynamicImage::ImageRgb8(i) => (3, Pixels::U8(i.into_raw())),
        DynamicImage::ImageRgba8(i) => (3, Pixels::U8(without_alpha(&i.into_raw(), 4))),
        DynamicImage::ImageLuma16(i) => (1, Pixels::U16(i.into_raw())),
        DynamicImage::ImageLumaA16(i) => (1, Pixels::U16(without_alpha(&i.into_raw(), 2))),
        DynamicImage::ImageRgb16(i) => (3, Pixels::U16(i.into_raw())),
        DynamicImage::ImageRgba16(i) => (3, Pixels::U16(without_alpha(&i.into_raw(), 4))),
        other => return Err(Bad::unsupported(format!("its pixels are {:?}", other.color()))),
    };
    if is_constant(&pixels, channels) {
        let value = match &pixels {
            Pixels::U16(v) => f32::from(v[0]),
            Pixels::U8(v) => f32::from(v[0]),
            Pixels::F32(v) => v[0],
        };
        let problem =
            if value == 0.0 { "the image is all black".into() } else { "all pixels are the same".to_owned() };
        return Err(Bad::new(
            Fault::Constant,
            problem,
            "export it again, or drop the row (`on_bad`: \"drop\")",
        ));
    }
    Image::new(width, height, channels, pixels)
        .map_err(|e| Bad::new(Fault::Unreadable, e.to_string(), "export it again"))
}

/// A mask's grey levels, rows first: of several fused structures each has one of its own.
#[derive(Debug, Clone)]
pub struct Levels {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// A level a pixel at 8 bit: the largest of its colours. What is not black is never 0.
    pub values: Vec<u8>,
}

/// The image as grey values: some are stored in three equal channels.
///
/// # Errors
/// [`Fault::Unsupported`] for an image with colours.
pub fn grey(image: Image) -> Result<Image, Bad> {
    fn first<T: Copy + PartialEq>(values: &[T]) -> Option<Vec<T>> {
        values.chunks_exact(3).map(|p| (p[0] == p[1] && p[1] == p[2]).then_some(p[0])).collect()
    }
    if image.channels() == 1 {
        return Ok(image);
    }
    let pixels = match image.pixels() {
        Pixels::U8(v) => first(v).map(Pixels::U8),
        Pixels::U16(v) => first(v).map(Pixels::U16),
        Pixels::F32(v) => first(v).map(Pixels::F32),
    };
    let odd = |problem: String| Bad::new(Fault::Unsupported, problem, "use the file as it was recorded");
    let pixels = pixels.ok_or_else(|| odd("the image has colours, and should be grey".into()))?;
    Image::new(image.width(), image.height(), 1, pixels).map_err(|e| odd(e.to_string()))
}

/// A mask: any pixel with a non-zero value in any channel but alpha is inside.
pub fn mask(bytes: &[u8], max_pixels: u64) -> Result<Mask, Bad> {
    let (width, height, values) = match packed::png(bytes, max_pixels) {
        Some(mask) => mask,
        None => {
            let Levels { width, height, values } = levels(bytes, max_pixels)?;
            (width, height, values)
        }
    };
    Mask::new(width, height, values)
        .map_err(|e| Bad::new(Fault::RoiUnreadable, e.to_string(), "export it again"))
}

/// The grey levels of a mask that holds more than inside and outside.
///
/// # Errors
/// As [`mask`].
pub fn levels(bytes: &[u8], max_pixels: u64) -> Result<Levels, Bad> {
    let format = format(bytes)?;
    if format == ImageFormat::Jpeg {
        return Err(Bad::new(
            Fault::RoiUnreadable,
            "the mask is a JPEG: its compression leaves non-zero pixels outside of the ROI",
            "threshold it and save it as PNG (0 outside, 255 inside)",
        ));
    }
    let decoded = decode(bytes, format, max_pixels)?;
    if shape_is_in_alpha(&decoded) {
        return Err(Bad::new(
            Fault::RoiUnreadable,
            "the mask's colour is the same everywhere and its alpha is not: the shape is in the alpha channel, which \
             is not read",
            "save the shape as grey without alpha (0 outside, 255 inside)",
        ));
    }
    let (width, height) = (decoded.width() as usize, decoded.height() as usize);
    let high = |v: u16| u8::try_from(v / 257).unwrap_or(u8::MAX).max(u8::from(v != 0));
    let values = match &decoded {
        DynamicImage::ImageLuma8(i) => i.as_raw().clone(),
        DynamicImage::ImageLuma16(i) => i.as_raw().iter().map(|&v| high(v)).collect(),
        _ => {
            let rgb = decoded.to_rgb16();
            rgb.as_raw().chunks_exact(3).map(|p| high(p[0].max(p[1]).max(p[2]))).collect()
        }
    };
    Ok(Levels { width, height, values })
}

fn without_alpha<T: Copy>(values: &[T], channels: usize) -> Vec<T> {
    values.chunks_exact(channels).flat_map(|p| &p[..channels - 1]).copied().collect()
}

fn is_constant(pixels: &Pixels, channels: usize) -> bool {
    fn same<T: PartialEq>(values: &[T], channels: usize) -> bool {
        values.chunks_exact(channels).all(|p| p == &values[..channels])
    }
    match pixels {
        Pixels::U8(v) => same(v, channels),
        Pixels::U16(v) => same(v, channels),
        Pixels::F32(v) => same(v, channels),
    }
}

/// Whether an image says nothing but by its alpha.
fn shape_is_in_alpha(image: &DynamicImage) -> bool {
    fn differs<T: PartialEq>(values: &[T], channels: usize) -> bool {
        let (first, alpha) = (&values[..channels], channels - 1);
        let same_colour = values.chunks_exact(channels).all(|p| p[..alpha] == first[..alpha]);
        same_colour && values.chunks_exact(channels).any(|p| p[alpha] != first[alpha])
    }
    match image {
        DynamicImage::ImageLumaA8(i) => differs(i.as_raw(), 2),
        DynamicImage::ImageRgba8(i) => differs(i.as_raw(), 4),
        DynamicImage::ImageLumaA16(i) => differs(i.as_raw(), 2),
        DynamicImage::ImageRgba16(i) => differs(i.as_raw(), 4),
        _ => false,
    }
}

fn format(bytes: &[u8]) -> Result<ImageFormat, Bad> {
    match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::Tiff)) => Ok(format),
        _ => {
            let remedy = "convert it to one of these, or download it again where it is one";
            let what =
                if bytes.is_empty() { "the file is empty" } else { "the file is no PNG, JPEG or TIFF" };
            Err(Bad::new(Fault::Unreadable, what, remedy))
        }
    }
}

fn decode(bytes: &[u8], format: ImageFormat, max_pixels: u64) -> Result<DynamicImage, Bad> {
    if format == ImageFormat::Jpeg {
        return jpeg::decode(bytes, max_pixels);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    // 4 channels of 16 bit, twice: decoders keep a working copy.
    limits.max_alloc = Some(max_pixels.saturating_mul(16).saturating_add(64 << 20));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(bad)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height, max_pixels)?;
    check_orientation(decoder.orientation().unwrap_or(Orientation::NoTransforms))?;
    DynamicImage::from_decoder(decoder).map_err(bad)
}

fn bad(error: ImageError) -> Bad {
    match error {
        ImageError::Unsupported(what) => Bad::unsupported(what),
        other => Bad::corrupt(other),
    }
}

/// Refuses an image of more pixels than allowed.
///
/// # Errors
/// A [`Bad`] that tells the size.
pub fn check_size(width: u32, height: u32, max_pixels: u64) -> Result<(), Bad> {
    if u64::from(width) * u64::from(height) <= max_pixels {
        return Ok(());
    }
    Err(Bad::new(
        Fault::Unreadable,
        format!("it is {height}x{width} (rows x columns), more than `max_pixels` = {max_pixels}"),
        "make it smaller, or raise `max_pixels`",
    ))
}

/// A turned image would not lie under its ROI, and readers differ in whether they turn it.
pub fn check_orientation(orientation: Orientation) -> Result<(), Bad> {
    if orientation == Orientation::NoTransforms {
        return Ok(());
    }
    Err(Bad::new(
        Fault::Unreadable,
        "its EXIF data ask the viewer to turn or mirror it",
        "turn the pixels themselves and remove the orientation tag (ImageMagick: `mogrify -auto-orient`)",
    ))
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
