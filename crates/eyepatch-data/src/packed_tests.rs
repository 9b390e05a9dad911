use proptest::prelude::*;

use super::*;
use crate::decode;

/// A PNG of packed rows.
fn written(width: u32, height: u32, rows: &[u8], transparent: Option<u16>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    if let Some(level) = transparent {
        encoder.set_trns(level.to_be_bytes().to_vec());
    }
    encoder.write_header().unwrap().write_image_data(rows).unwrap();
    bytes
}

proptest! {
    #[test]
    fn bits_are_those_of_the_bytes(width in 1usize..40, bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let rows = bytes.chunks_exact(width.div_ceil(8));
        let slow: Vec<u8> = rows.flat_map(|row| (0..width).map(move |x| row[x / 8] >> (7 - x % 8) & 1)).collect();
        prop_assert_eq!(unpack(&bytes, width), slow);
    }

    #[test]
    fn a_mask_of_bits_is_what_the_reader_of_all_kinds_makes_of_it(
        (width, height) in (1u32..40, 1u32..20), bytes in prop::collection::vec(any::<u8>(), 100),
    ) {
        let file = written(width, height, &bytes[..(width.div_ceil(8) * height) as usize], None);
        let (w, h, bits) = png(&file, 1000).expect("one bit, grey");
        let levels = decode::levels(&file, 1000).unwrap();
        prop_assert_eq!((w, h), (levels.width, levels.height));
        prop_assert_eq!(bits, levels.values.iter().map(|&v| u8::from(v > 0)).collect::<Vec<_>>());
    }

    #[test]
    fn damage_is_judged_by_the_reader_of_all_kinds(at in 0.0f64..1.0, by in 1u8..=255, cut: bool) {
        let mut file = written(24, 20, &[0x5a; 60], None);
        let place = (file.len() as f64 * at) as usize;
        if cut { file.truncate(place) } else { file[place] ^= by }
        let (ours, theirs) = (decode::mask(&file, 1000), decode::levels(&file, 1000));
        prop_assert_eq!(ours.map(|m| m.bits().to_vec()).map_err(|e| e.problem),
            theirs.map(|l| l.values.iter().map(|&v| u8::from(v > 0)).collect::<Vec<_>>()).map_err(|e| e.problem));
    }
}

#[test]
fn other_pngs_are_not_ours() {
    let rows = [0b1010_0000, 0b0100_0000];
    assert_eq!(png(&written(3, 2, &rows, None), 6).map(|(_, _, bits)| bits), Some(vec![1, 0, 1, 0, 1, 0]));
    assert!(png(&written(3, 2, &rows, None), 5).is_none(), "it has more pixels than are allowed");
    assert!(png(&written(3, 2, &rows, Some(1)), 6).is_none(), "one level is transparent");
}
