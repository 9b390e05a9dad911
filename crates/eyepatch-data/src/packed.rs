//! Masks of one bit a pixel, eight pixels a byte, the most significant first, each row from a byte of its own.

use std::io::Cursor;

use crate::decode::check_size;

/// One plane's bits as bytes, 0 and 1.
pub(crate) fn unpack(bytes: &[u8], width: usize) -> Vec<u8> {
    let row = width.div_ceil(8).max(1);
    let mut bits = Vec::with_capacity(bytes.len() / row * 8 * row);
    for bytes in bytes.chunks_exact(row) {
        let start = bits.len();
        bits.extend(bytes.iter().flat_map(|&byte| eight(byte)));
        bits.truncate(start + width);
    }
    bits
}

/// A copy of the byte for each pixel, of which its own bit is left and brought down.
fn eight(byte: u8) -> [u8; 8] {
    let own = (u64::from(byte) * 0x0101_0101_0101_0101) & 0x0102_0408_1020_4080;
    // No byte of the sum is above 255.
    ((own + 0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101).to_le_bytes()
}

/// Width, height and the pixels, 0 and 1, of a grey PNG of one bit a pixel. `None` where it is another, or at fault: the reader
/// of all kinds then says how.
pub(crate) fn png(bytes: &[u8], max_pixels: u64) -> Option<(usize, usize, Vec<u8>)> {
    // Signature, length and name of the first chunk, width, height: then depth and colour type.
    let grey_bits = [1, 0];
    if bytes.get(24..26) != Some(&grey_bits) {
        return None;
    }
    let limits = png::Limits { bytes: usize::try_from(max_pixels.saturating_mul(16)).unwrap_or(usize::MAX) };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::IDENTITY);
    let mut reader = decoder.read_info().ok()?;
    let info = reader.info();
    let plain = (info.bit_depth, info.color_type) == (png::BitDepth::One, png::ColorType::Grayscale)
        && info.trns.is_none()
        && info.exif_metadata.is_none();
    let (width, height) = (info.width, info.height);
    if !plain || check_size(width, height, max_pixels).is_err() {
        return None;
    }
    let mut rows = vec![0; reader.output_buffer_size()?];
    reader.next_frame(&mut rows).ok()?;
    let (width, height) = (width as usize, height as usize);
    let bits = unpack(&rows, width);
    (bits.len() == width * height).then_some((width, height, bits))
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
