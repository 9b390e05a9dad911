//! JPEG in strict mode. `image` decodes JPEGs leniently: past an error it fills the rest of the picture with grey and
//! says nothing. Strict mode alone finds little (no code is wrong in 4 kB of zeros, nor where a piece is missing), so
//! the amount of data is checked first. That walk over the codes is most of the work of decoding, so a baseline JPEG of one
//! component gets its grey levels from it.

mod bits;
mod blocks;
mod frame;
mod grey;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::bad::Bad;
use crate::decode::{check_orientation, check_size};
use frame::Frame;

/// A JPEG of one channel as grey, one of three as RGB.
pub(crate) fn decode(bytes: &[u8], max_pixels: u64) -> Result<DynamicImage, Bad> {
    let frame = Frame::read(bytes)?;
    let (width, height) = (frame.width, frame.height);
    check_size(width.into(), height.into(), max_pixels)?;
    let space = colours(frame.channels())?;
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_out_colorspace(space);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(bad)?;
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    check_orientation(orientation.unwrap_or(Orientation::NoTransforms))?;
    let pixels = match frame.check()? {
        Some(levels) => levels,
        None => decoder.decode().map_err(bad)?,
    };
    let (width, height) = (width.into(), height.into());
    let image = match space {
        ColorSpace::Luma => GrayImage::from_raw(width, height, pixels).map(Into::into),
        _ => RgbImage::from_raw(width, height, pixels).map(Into::into),
    };
    image.ok_or_else(|| Bad::corrupt("the JPEG's size is not that of its pixels"))
}

/// What pixels of so many channels become.
fn colours(channels: usize) -> Result<ColorSpace, Bad> {
    match channels {
        1 => Ok(ColorSpace::Luma),
        3 => Ok(ColorSpace::RGB),
        4 => Err(Bad::unsupported("a CMYK JPEG, whose colours depend on the printer")),
        n => Err(Bad::unsupported(format!("a JPEG of {n} channels"))),
    }
}

fn bad(error: DecodeErrors) -> Bad {
    match error {
        DecodeErrors::Unsupported(scheme) => Bad::unsupported(format!("{scheme:?}")),
        other => Bad::corrupt(other),
    }
}
