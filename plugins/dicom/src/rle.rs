//! Run lengths as DICOM packs them (PS3.5 annex G): one PackBits segment a byte of a pixel, the most significant first.

use eyepatch_data::Bad;

use crate::frame::{Frame, Photometric};

const HEADER: usize = 64;

/// The bytes of one frame, channel after channel, values in little-endian order.
pub(crate) fn decode(bytes: &[u8], frame: &Frame) -> Result<Vec<u8>, Bad> {
    if frame.photometric == Photometric::YbrFull422 {
        return Err(Bad::corrupt(
            "its run lengths hold colour that pairs of pixels share, which they cannot",
        ));
    }
    let width = usize::from(frame.allocated / 8);
    let (pixels, count) = (frame.pixels(), frame.channels() * width);
    let word =
        |i: usize| bytes.get(4 * i..4 * i + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
    if bytes.len() < HEADER || word(0) != Some(count) {
        return Err(Bad::corrupt(format!(
            "its run lengths do not have the {count} segments of such a frame"
        )));
    }
    let starts: Vec<usize> = (1..=count).filter_map(word).chain([bytes.len()]).collect();
    if starts[0] < HEADER || !starts.is_sorted() || starts.len() != count + 1 {
        return Err(Bad::corrupt("the segments of its run lengths lie outside of it"));
    }
    let mut out = vec![0; pixels * count];
    for (s, bounds) in starts.windows(2).enumerate() {
        let (channel, byte) = (s / width, width - 1 - s % width);
        let start = channel * pixels * width + byte;
        let places = out[start..].iter_mut().step_by(width).take(pixels);
        unpack(&bytes[bounds[0]..bounds[1]], places)?;
    }
    Ok(out)
}

/// `PackBits`: a count below 128 copies so many bytes and one more; one above repeats the next byte.
fn unpack<'a>(packed: &[u8], mut places: impl ExactSizeIterator<Item = &'a mut u8>) -> Result<(), Bad> {
    let short = || Bad::corrupt("its run lengths end before the frame does");
    let mut rest = packed;
    while places.len() > 0 {
        let (&control, after) = rest.split_first().ok_or_else(short)?;
        rest = after;
        let n = usize::from(control);
        match control {
            0..=127 => {
                let literal = rest.get(..=n).ok_or_else(short)?;
                literal.iter().zip(&mut places).for_each(|(b, place)| *place = *b);
                rest = &rest[n + 1..];
            }
            128 => {}
            _ => {
                let (&value, after) = rest.split_first().ok_or_else(short)?;
                rest = after;
                places.by_ref().take(257 - n).for_each(|place| *place = value);
            }
        }
    }
    Ok(())
}
