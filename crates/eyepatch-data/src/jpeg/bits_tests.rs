use proptest::prelude::*;

use super::*;

/// By definition: every 16-bit number and the code that it starts with.
fn slow(counts: &[u8], values: &[u8]) -> Option<Vec<(u32, u8)>> {
    let mut table = Vec::new();
    let mut values = values.iter();
    for (length, &count) in (1..=16u32).zip(counts) {
        for &value in values.by_ref().take(count.into()) {
            if table.len() == 1 << 16 {
                return None;
            }
            table.extend(std::iter::repeat_n((length, value), 1 << (16 - length)));
        }
    }
    table.resize(1 << 16, (0, 0));
    Some(table)
}

/// Bit by bit.
fn slow_bits(bytes: &[u8]) -> Vec<u8> {
    let mut bits = Vec::new();
    let mut at = 0;
    loop {
        match bytes.get(at..) {
            Some([0xff, 0, ..]) => {
                bits.extend([1; 8]);
                at += 2;
            }
            Some(&[byte, ..]) if byte != 0xff => {
                bits.extend((0..8).rev().map(|b| byte >> b & 1));
                at += 1;
            }
            _ => return bits,
        }
    }
}

proptest! {
    #[test]
    fn codes_are_found_as_by_definition(
        counts in prop::collection::vec(prop_oneof![4 => 0u8..3, 1 => 0u8..40], 16), seed in any::<u8>(),
    ) {
        let values: Vec<u8> = (0..counts.iter().map(|&c| usize::from(c)).sum::<usize>())
            .map(|i| (i as u8).wrapping_mul(7).wrapping_add(seed)).collect();
        let (fast, slow) = (Codes::new(&counts, &values), slow(&counts, &values));
        prop_assert_eq!(fast.is_none(), slow.is_none());
        if let (Some(fast), Some(slow)) = (fast, slow) {
            for bits in 0..1u32 << 16 {
                let found = fast.find(bits).unwrap_or((0, 0));
                prop_assert_eq!(found, slow[bits as usize], "{:016b}", bits);
            }
        }
    }

    #[test]
    fn bits_are_those_of_the_bytes(
        bytes in prop::collection::vec(prop_oneof![5 => any::<u8>(), 1 => Just(0xffu8), 1 => Just(0u8)], 0..60),
        takes in prop::collection::vec(0u32..=16, 0..60),
    ) {
        let slow = slow_bits(&bytes);
        let (mut fast, mut at) = (Bits::new(&bytes, 0), 0);
        for n in takes {
            let wanted = slow.get(at..at + n as usize)
                .map(|bits| bits.iter().fold(0, |all, bit| all << 1 | u32::from(*bit)));
            prop_assert_eq!(fast.take(n).ok(), wanted);
            if wanted.is_none() {
                break;
            }
            at += n as usize;
        }
    }
}
