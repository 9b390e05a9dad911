//! Marker segments up to the first scan (ITU-T T.81, annex B).

use std::io::{Read, Result, Seek, SeekFrom};

use super::{FileFacts, MOST_PARTS, array};

/// Luminance table of ITU-T T.81, annex K.1, in zigzag order.
const LUMINANCE: [u16; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40,
    58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103,
    104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];

pub(super) fn read(source: &mut (impl Read + Seek), facts: &mut FileFacts) -> Result<()> {
    source.seek(SeekFrom::Start(2))?;
    for _ in 0..MOST_PARTS {
        let [lead, mut marker] = array(source)?;
        if lead != 0xFF {
            return Ok(());
        }
        // Any number of fill bytes may stand before a marker.
        while marker == 0xFF {
            [marker] = array(source)?;
        }
        // Markers without a segment.
        if marker == 0x01 || (0xD0..=0xD7).contains(&marker) {
            continue;
        }
        if matches!(marker, 0xD9 | 0xDA) {
            return Ok(());
        }
        let length = u64::from(u16::from_be_bytes(array(source)?)).saturating_sub(2);
        let next = source.stream_position()? + length;
        segment(marker, length, source, facts)?;
        source.seek(SeekFrom::Start(next))?;
    }
    Ok(())
}

fn segment(marker: u8, length: u64, source: &mut impl Read, facts: &mut FileFacts) -> Result<()> {
    match marker {
        0xDB if facts.quality.is_none() && length >= 65 => facts.quality = quality(source)?,
        0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => frame(marker, source, facts)?,
        0xFE => {
            facts.extras.insert("comment");
        }
        0xE0..=0xEF => {
            let mut head = Vec::new();
            source.take(length.min(32)).read_to_end(&mut head)?;
            let extra = match (marker, head.as_slice()) {
                (0xE0, h) if h.starts_with(b"JFIF\0") => "JFIF",
                (0xE1, h) if h.starts_with(b"Exif\0") => "EXIF",
                (0xE1, h) if h.starts_with(b"http://ns.adobe.com/xap/") => "XMP",
                (0xE2, h) if h.starts_with(b"ICC_PROFILE\0") => "ICC profile",
                (0xED, h) if h.starts_with(b"Photoshop") => "software",
                (0xEE, h) if h.starts_with(b"Adobe") => "Adobe marker",
                _ => "application data",
            };
            facts.extras.insert(extra);
        }
        _ => {}
    }
    Ok(())
}

/// The quality whose table is nearest to the segment's first one.
fn quality(source: &mut impl Read) -> Result<Option<u8>> {
    let [kind] = array(source)?;
    let mut table = [0_u16; 64];
    for entry in &mut table {
        *entry = if kind >> 4 == 0 {
            u16::from(array::<1>(source)?[0])
        } else {
            u16::from_be_bytes(array(source)?)
        };
    }
    let distance = |q: u8| -> u32 {
        let scaled = table_at(q);
        scaled.iter().zip(&table).map(|(a, b)| u32::from(a.abs_diff(*b))).sum()
    };
    // Of equally near ones the higher: at 99 and 100 tables of a few ones are nearly alike.
    Ok((1..=100_u8).rev().min_by_key(|&q| distance(q)))
}

/// libjpeg's luminance table at a quality (baseline: 1 to 255).
fn table_at(quality: u8) -> [u16; 64] {
    let q = u32::from(quality);
    let scale = if q < 50 { 5000 / q } else { 200 - 2 * q };
    LUMINANCE.map(|entry| ((u32::from(entry) * scale + 50) / 100).clamp(1, 255) as u16)
}

fn frame(marker: u8, source: &mut impl Read, facts: &mut FileFacts) -> Result<()> {
    let [depth, _, _, _, _, count] = array(source)?;
    facts.bit_depth = Some(u16::from(depth));
    facts.channels = Some(u16::from(count));
    facts.compression = Some(
        match marker {
            0xC0 => "baseline",
            0xC2 => "progressive",
            0xC3 => "lossless",
            _ => "extended",
        }
        .to_owned(),
    );
    let mut factors = Vec::new();
    for _ in 0..count.min(4) {
        let [_, sampling, _] = array(source)?;
        factors.push((sampling >> 4, sampling & 15));
    }
    facts.subsampling = Some(match factors.as_slice() {
        [_] => "grey".to_owned(),
        [(2, 2), (1, 1), (1, 1)] => "4:2:0".to_owned(),
        [(2, 1), (1, 1), (1, 1)] => "4:2:2".to_owned(),
        [(a, b), rest @ ..] if rest.iter().all(|r| r == &(*a, *b)) => "4:4:4".to_owned(),
        other => other.iter().map(|(h, v)| format!("{h}x{v}")).collect::<Vec<_>>().join(" "),
    });
    Ok(())
}
