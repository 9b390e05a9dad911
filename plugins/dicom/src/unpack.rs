//! One frame's values as they are stored: 16 bits each, channels interleaved.

use eyepatch_data::{Bad, Fault};

use crate::elements::{Elements, Stored};
use crate::frame::{Frame, Photometric};
use crate::syntax::Packing;
use crate::{jpeg, rle};

/// Values of one frame, and whether JPEG has already turned brightness and differences into RGB.
pub(crate) struct Unpacked {
    pub(crate) values: Vec<u16>,
    pub(crate) rgb: bool,
}

/// The frame of this number, from 0.
pub(crate) fn unpack(e: &Elements<'_>, frame: &Frame, index: usize) -> Result<Unpacked, Bad> {
    match e.check_packing()? {
        Stored::Native(range, words) => {
            let bytes = native(e.slice(range), frame, index)?;
            let swapped = e.syntax.big_endian && *words && frame.allocated == 8;
            let bytes = if swapped { swap_pairs(e.slice(range), frame, index) } else { bytes.to_vec() };
            Ok(Unpacked { values: interleave(&bytes, frame, e.syntax.big_endian), rgb: false })
        }
        Stored::Fragments(table, fragments) => {
            let parts = of_frame(e, table, fragments, frame, index)?;
            let bytes = parts.concat();
            match e.syntax.packing {
                Packing::Rle => {
                    let planes = rle::decode(&bytes, frame)?;
                    // A channel's values lie together whatever the file says of planes (PS3.5 G.2).
                    let frame = Frame { planar: true, ..*frame };
                    Ok(Unpacked { values: interleave(&planes, &frame, false), rgb: false })
                }
                _ => jpeg::decode(&bytes, frame),
            }
        }
    }
}

/// The bytes of a frame that is stored as it is.
fn native<'a>(all: &'a [u8], frame: &Frame, index: usize) -> Result<&'a [u8], Bad> {
    let size = frame.bytes();
    let wanted = size.checked_mul(frame.frames);
    // Pixels are padded to an even length; some writers pad to a multiple of four.
    match wanted.filter(|&wanted| (wanted..wanted + 4).contains(&all.len())) {
        Some(_) => Ok(&all[index * size..(index + 1) * size]),
        None => Err(Bad::corrupt(format!(
            "its pixels take {} bytes, and {} frames of {}x{} (rows x columns) take {}",
            all.len(),
            frame.frames,
            frame.rows,
            frame.columns,
            wanted.map_or("more than there can be".into(), |n| n.to_string())
        ))),
    }
}

/// Bytes of big-endian words in their right order. A frame may begin in the middle of a word.
fn swap_pairs(all: &[u8], frame: &Frame, index: usize) -> Vec<u8> {
    let size = frame.bytes();
    (index * size..(index + 1) * size).map(|at| all.get(at ^ 1).copied().unwrap_or_default()).collect()
}

/// The fragments of a frame.
fn of_frame<'a>(
    e: &'a Elements<'_>,
    table: &std::ops::Range<usize>,
    fragments: &[std::ops::Range<usize>],
    frame: &Frame,
    index: usize,
) -> Result<Vec<&'a [u8]>, Bad> {
    let slices = |some: &[std::ops::Range<usize>]| some.iter().map(|r| e.slice(r)).collect();
    if frame.frames == 1 {
        return Ok(slices(fragments));
    }
    if fragments.len() == frame.frames {
        return Ok(slices(&fragments[index..=index]));
    }
    let offsets: Vec<usize> = e
        .slice(table)
        .chunks_exact(4)
        .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)
        .collect();
    if offsets.len() != frame.frames || offsets[0] != 0 || !offsets.is_sorted() {
        return Err(Bad::new(
            Fault::Unsupported,
            format!(
                "its {} frames lie in {} fragments and no table says which belong together",
                frame.frames,
                fragments.len()
            ),
            "decompress it: `gdcmconv --raw IN OUT`",
        ));
    }
    // Offsets count from the first fragment's item, whose header takes eight bytes.
    let first = fragments[0].start - 8;
    let from = offsets[index];
    let to = offsets.get(index + 1).copied().unwrap_or(usize::MAX);
    let own: Vec<_> =
        fragments.iter().filter(|r| (from..to).contains(&(r.start - 8 - first))).cloned().collect();
    Ok(slices(&own))
}

/// Values of a frame's bytes, channels interleaved.
fn interleave(bytes: &[u8], frame: &Frame, big_endian: bool) -> Vec<u16> {
    let values: Vec<u16> = if frame.allocated == 8 {
        bytes.iter().map(|&b| b.into()).collect()
    } else {
        let word = |b: &[u8]| {
            let b = [b[0], b[1]];
            if big_endian { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) }
        };
        bytes.chunks_exact(2).map(word).collect()
    };
    let (channels, pixels) = (frame.channels(), frame.pixels());
    match frame.photometric {
        Photometric::YbrFull422 if !frame.planar => {
            values.chunks_exact(4).flat_map(|v| [v[0], v[2], v[3], v[1], v[2], v[3]]).collect()
        }
        _ if frame.planar && channels > 1 => (0..pixels)
            .flat_map(|i| (0..channels).map(move |c| (c, i)))
            .map(|(c, i)| values[c * pixels + i])
            .collect(),
        _ => values,
    }
}
