//! What established implementations make of the same masks; each golden file lies beside the script that wrote it.

mod chexmask;
mod components;
mod morphology;

/// The lines of a golden file without its heading, split into fields.
fn records(golden: &str) -> impl Iterator<Item = Vec<&str>> {
    golden.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(' ').collect())
}

fn unpack(hex: &str, len: usize) -> Vec<u8> {
    let bytes = (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("digits"));
    let bits: Vec<u8> = bytes.flat_map(|b| (0..8).map(move |k| b >> (7 - k) & 1)).collect();
    assert_eq!(bits.len(), len.next_multiple_of(8));
    bits[..len].to_vec()
}

fn pack(mask: &[u8]) -> Vec<u8> {
    mask.chunks(8).map(|c| c.iter().enumerate().fold(0, |byte, (k, b)| byte | b << (7 - k))).collect()
}

/// The checksum of zlib, continued from `start`.
fn crc32(bytes: &[u8], start: u32) -> u32 {
    !bytes.iter().fold(!start, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 })
    })
}

/// A mask's checksum, of its packed bits.
fn mask_crc(mask: &[u8]) -> String {
    format!("{:08x}", crc32(&pack(mask), 0))
}
