//! Chunks (W3C PNG, 11).

use std::io::{Read, Result, Seek, SeekFrom};

use super::{FileFacts, MOST_PARTS, array};

pub(super) fn read(source: &mut (impl Read + Seek), facts: &mut FileFacts) -> Result<()> {
    source.seek(SeekFrom::Start(8))?;
    for _ in 0..MOST_PARTS {
        let length = u64::from(u32::from_be_bytes(array(source)?));
        let kind: [u8; 4] = array(source)?;
        let next = source.stream_position()? + length + 4;
        match &kind {
            b"IHDR" => {
                let [.., depth, colour, _, _, interlace] = array::<13>(source)?;
                facts.bit_depth = Some(u16::from(depth));
                facts.channels = match colour {
                    0 | 3 => Some(1),
                    2 => Some(3),
                    4 => Some(2),
                    6 => Some(4),
                    _ => None,
                };
                facts.compression = Some(if interlace == 0 { "deflate" } else { "interlaced" }.to_owned());
            }
            b"PLTE" => drop(facts.extras.insert("palette")),
            b"eXIf" => drop(facts.extras.insert("EXIF")),
            b"iCCP" => drop(facts.extras.insert("ICC profile")),
            b"sRGB" | b"gAMA" | b"cHRM" => drop(facts.extras.insert("colour space")),
            b"pHYs" => drop(facts.extras.insert("pixel size")),
            b"tIME" => drop(facts.extras.insert("time")),
            b"tEXt" | b"zTXt" | b"iTXt" => {
                let mut head = Vec::new();
                source.take(length.min(16)).read_to_end(&mut head)?;
                facts.extras.insert(if head.starts_with(b"Software\0") { "software" } else { "text" });
            }
            b"IEND" => return Ok(()),
            _ => {}
        }
        source.seek(SeekFrom::Start(next))?;
    }
    Ok(())
}
