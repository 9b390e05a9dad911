//! JPEG frames: 8-bit DCT and lossless.

use eyepatch_data::{Bad, Fault};
use jpeg_decoder::{ColorTransform, Decoder, Error, PixelFormat};

use crate::frame::{Frame, Photometric};
use crate::unpack::Unpacked;

/// Decodes a frame. Its size and channels are held against the file's before its pixels are decoded.
pub(crate) fn decode(bytes: &[u8], frame: &Frame) -> Result<Unpacked, Bad> {
    let mut decoder = Decoder::new(bytes);
    decoder.set_max_decoding_buffer_size(frame.pixels().saturating_mul(8).saturating_add(1 << 20));
    let lossless = is_lossless(bytes);
    let ybr = matches!(frame.photometric, Photometric::YbrFull | Photometric::YbrFull422);
    // The file, not the JPEG's own marks, says what the channels are. A lossless frame keeps them.
    decoder.set_color_transform(match frame.channels() {
        1 => ColorTransform::Grayscale,
        _ if ybr && !lossless => ColorTransform::YCbCr,
        _ => ColorTransform::RGB,
    });
    decoder.read_info().map_err(bad)?;
    let info = decoder.info().ok_or_else(|| Bad::corrupt("its JPEG has no frame"))?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    if (height, width) != (frame.rows, frame.columns) {
        return Err(Bad::corrupt(format!(
            "its JPEG is {height}x{width} and the file says {}x{} (rows x columns)",
            frame.rows, frame.columns
        )));
    }
    let channels = match info.pixel_format {
        PixelFormat::L8 | PixelFormat::L16 => 1,
        PixelFormat::RGB24 => 3,
        PixelFormat::CMYK32 => 4,
    };
    if channels != frame.channels() {
        return Err(Bad::corrupt(format!(
            "its JPEG has {channels} channels and the file {}",
            frame.channels()
        )));
    }
    let pixels = decoder.decode().map_err(bad)?;
    let values: Vec<u16> = match info.pixel_format {
        PixelFormat::L16 => pixels.chunks_exact(2).map(|b| u16::from_ne_bytes([b[0], b[1]])).collect(),
        _ => pixels.iter().map(|&b| b.into()).collect(),
    };
    if values.len() != frame.pixels() * channels {
        return Err(Bad::corrupt("its JPEG does not hold all pixels"));
    }
    Ok(Unpacked { values, rgb: ybr && !lossless })
}

/// Whether the first frame header is that of the lossless process (marker SOF3).
fn is_lossless(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4).and_then(|b| b.first_chunk()) {
        match marker {
            0xc3 => return true,
            0xc0..=0xc2 | 0xda => return false,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    false
}

fn bad(error: Error) -> Bad {
    match error {
        Error::Unsupported(what) => Bad::new(
            Fault::Unsupported,
            format!("its JPEG is of a kind that is not read: {what:?}"),
            "decompress it: `dcmdjpeg IN OUT`, or `gdcmconv --raw IN OUT`",
        ),
        other => Bad::corrupt(format!("its JPEG cannot be decoded: {other}")),
    }
}
