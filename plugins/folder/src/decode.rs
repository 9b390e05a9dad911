//! From a file's bytes to an image or a mask. Sizes are checked before anything is allocated.

use std::io::Cursor;

use eyepatch_core::{Image, Mask, Pixels};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::bad::{Bad, Fault};

/// An image with 1 or 3 channels at 8 or 16 bit. An alpha channel is dropped.
pub(crate) fn image(bytes: &[u8], max_pixels: u64) -> Result<Image, Bad> {
    let (decoded, _) = decode(bytes, max_pixels)?;
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
        other => {
            let problem = format!("its pixels are {:?}", other.color());
            return Err(Bad::new(Fault::Unreadable, problem, "save it as 8-bit or 16-bit grey or RGB"));
        }
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

/// A mask: any pixel with a non-zero value in any channel but alpha is inside.
pub(crate) fn mask(bytes: &[u8], max_pixels: u64) -> Result<Mask, Bad> {
    let (decoded, format) = decode(bytes, max_pixels)?;
    if format == ImageFormat::Jpeg {
        return Err(Bad::new(
            Fault::RoiUnreadable,
            "the mask is a JPEG: its compression leaves non-zero pixels outside of the ROI",
            "threshold it and save it as PNG (0 outside, 255 inside)",
        ));
    }
    let (width, height) = (decoded.width() as usize, decoded.height() as usize);
    let bytes = match &decoded {
        DynamicImage::ImageLuma8(i) => i.as_raw().clone(),
        DynamicImage::ImageLuma16(i) => i.as_raw().iter().map(|&v| u8::from(v != 0)).collect(),
        _ => {
            let rgb = decoded.to_rgb16();
            rgb.as_raw().chunks_exact(3).map(|p| u8::from(p != [0, 0, 0])).collect()
        }
    };
    Mask::new(width, height, bytes)
        .map_err(|e| Bad::new(Fault::RoiUnreadable, e.to_string(), "export it again"))
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

fn decode(bytes: &[u8], max_pixels: u64) -> Result<(DynamicImage, ImageFormat), Bad> {
    let unreadable = |problem: String| Bad::new(Fault::Unreadable, problem, "export or download it again");
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|e| unreadable(format!("it cannot be read: {e}")))?;
    let Some(format) =
        reader.format().filter(|f| matches!(f, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::Tiff))
    else {
        let remedy = "convert it to one of these, or download it again where it is one";
        let what = if bytes.is_empty() { "the file is empty" } else { "the file is no PNG, JPEG or TIFF" };
        return Err(Bad::new(Fault::Unreadable, what, remedy));
    };
    let mut limits = Limits::default();
    // 4 channels of 16 bit, twice: decoders keep a working copy.
    limits.max_alloc = Some(max_pixels.saturating_mul(16).saturating_add(64 << 20));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|e| unreadable(format!("the image is corrupt: {e}")))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > max_pixels {
        return Err(Bad::new(
            Fault::Unreadable,
            format!("it is {height}x{width} (rows x columns), more than `max_pixels` = {max_pixels}"),
            "make it smaller, or raise `max_pixels`",
        ));
    }
    // A rotated image would not lie under its ROI, and readers differ in whether they turn it.
    if !matches!(decoder.orientation(), Ok(Orientation::NoTransforms) | Err(_)) {
        return Err(Bad::new(
            Fault::Unreadable,
            "its EXIF data ask the viewer to turn or mirror it",
            "turn the pixels themselves and remove the orientation tag (ImageMagick: `mogrify -auto-orient`)",
        ));
    }
    if format == ImageFormat::Jpeg && jpeg_is_cut_off(bytes) {
        return Err(unreadable("the image is corrupt: the JPEG ends too early".into()));
    }
    let decoded =
        DynamicImage::from_decoder(decoder).map_err(|e| unreadable(format!("the image is corrupt: {e}")))?;
    Ok((decoded, format))
}

/// Whether the end marker is missing after the last start of a scan. The decoder fills such an image with grey.
fn jpeg_is_cut_off(bytes: &[u8]) -> bool {
    let last = |marker: u8| bytes.windows(2).rposition(|w| w == [0xff, marker]);
    last(0xd9) < last(0xda)
}
