//! Tags of the first image (TIFF 6.0, section 2).

use std::io::{Read, Result, Seek, SeekFrom};

use super::{FileFacts, MOST_PARTS, array};

struct Order {
    little: bool,
}

impl Order {
    fn short(&self, b: [u8; 2]) -> u16 {
        if self.little { u16::from_le_bytes(b) } else { u16::from_be_bytes(b) }
    }

    fn long(&self, b: [u8; 4]) -> u32 {
        if self.little { u32::from_le_bytes(b) } else { u32::from_be_bytes(b) }
    }
}

pub(super) fn read(source: &mut (impl Read + Seek), facts: &mut FileFacts) -> Result<()> {
    source.seek(SeekFrom::Start(0))?;
    let [first, _, _, _, offset @ ..] = array::<8>(source)?;
    let order = Order { little: first == b'I' };
    source.seek(SeekFrom::Start(u64::from(order.long(offset))))?;
    let count = usize::from(order.short(array(source)?)).min(MOST_PARTS);
    // Baseline values where tags are absent.
    (facts.bit_depth, facts.channels) = (Some(1), Some(1));
    for _ in 0..count {
        let [t0, t1, _, _, c0, c1, c2, c3, v0, v1, v2, v3] = array::<12>(source)?;
        let (tag, n) = (order.short([t0, t1]), order.long([c0, c1, c2, c3]));
        match tag {
            // More than two values do not fit and lie elsewhere.
            258 if n > 2 => {
                let back = source.stream_position()?;
                source.seek(SeekFrom::Start(u64::from(order.long([v0, v1, v2, v3]))))?;
                facts.bit_depth = Some(order.short(array(source)?));
                source.seek(SeekFrom::Start(back))?;
            }
            258 => facts.bit_depth = Some(order.short([v0, v1])),
            277 => facts.channels = Some(order.short([v0, v1])),
            259 => {
                facts.compression = Some(match order.short([v0, v1]) {
                    1 => "none".to_owned(),
                    5 => "LZW".to_owned(),
                    7 => "JPEG".to_owned(),
                    8 | 32946 => "deflate".to_owned(),
                    32773 => "PackBits".to_owned(),
                    other => format!("scheme {other}"),
                });
            }
            270 => drop(facts.extras.insert("text")),
            271 | 272 => drop(facts.extras.insert("make or model")),
            305 => drop(facts.extras.insert("software")),
            306 => drop(facts.extras.insert("time")),
            34665 => drop(facts.extras.insert("EXIF")),
            34675 => drop(facts.extras.insert("ICC profile")),
            700 => drop(facts.extras.insert("XMP")),
            _ => {}
        }
    }
    Ok(())
}
