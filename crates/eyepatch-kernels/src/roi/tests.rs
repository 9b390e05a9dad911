use proptest::prelude::*;

use super::*;

/// Side lengths up to 14 keep the slow twins fast and still reach 1xN.
fn masks() -> impl Strategy<Value = (Vec<u8>, usize, usize)> {
    (1usize..14, 1usize..14).prop_flat_map(|(w, h)| {
        // Mostly 0, half and half, mostly 1; any non-zero byte counts as inside.
        let byte = prop_oneof![
            prop::collection::vec(prop_oneof![9 => Just(0u8), 1 => 1u8..], w * h),
            prop::collection::vec(prop_oneof![1 => Just(0u8), 1 => Just(255u8)], w * h),
            prop::collection::vec(prop_oneof![1 => Just(0u8), 9 => Just(1u8)], w * h),
        ];
        (byte, Just(w), Just(h))
    })
}

/// The slow twin: one iteration of a plus sign, pixel by pixel.
fn plus_step(mask: &[u8], w: usize, h: usize) -> Vec<u8> {
    let inside = |x: usize, y: usize| x < w && y < h && mask[y * w + x] != 0;
    let at = |i: usize| {
        let (x, y) = (i % w, i / w);
        // Wrapping below 0 lands far outside.
        inside(x, y)
            || inside(x.wrapping_sub(1), y)
            || inside(x + 1, y)
            || inside(x, y.wrapping_sub(1))
            || inside(x, y + 1)
    };
    (0..w * h).map(|i| u8::from(at(i))).collect()
}

fn complement(mask: &[u8]) -> Vec<u8> {
    mask.iter().map(|&b| u8::from(b == 0)).collect()
}

fn dilate_slowly(mask: &[u8], w: usize, h: usize, radius: i32) -> Vec<u8> {
    let start = if radius < 0 { complement(mask) } else { complement(&complement(mask)) };
    let grown = (0..radius.unsigned_abs()).fold(start, |m, _| plus_step(&m, w, h));
    if radius < 0 { complement(&grown) } else { grown }
}

proptest! {
    #[test]
    fn equals_repeated_plus_signs((mask, w, h) in masks(), radius in -30i32..30) {
        prop_assert_eq!(dilate(&mask, w, h, radius).unwrap(), dilate_slowly(&mask, w, h, radius));
    }

    #[test]
    fn distance_equals_the_search_over_all_pairs((mask, w, h) in masks()) {
        let slow = |i: usize| {
            (0..w * h)
                .filter(|&j| mask[j] != 0)
                .map(|j| (i % w).abs_diff(j % w) + (i / w).abs_diff(j / w))
                .min()
                .map_or(FAR, |d| u32::try_from(d).unwrap())
        };
        prop_assert_eq!(city_block(&mask, w, h).unwrap(), (0..w * h).map(slow).collect::<Vec<_>>());
    }

    #[test]
    fn larger_radii_never_lose_a_pixel((mask, w, h) in masks(), a: i32, b: i32) {
        let levels = Levels::new(&mask, w, h).unwrap();
        let (small, large) = (levels.at(a.min(b)), levels.at(a.max(b)));
        prop_assert!(small.iter().zip(&large).all(|(s, l)| s <= l));
    }

    #[test]
    fn radius_zero_is_identity_and_one_transform_serves_all((mask, w, h) in masks(), radius in -40i32..40) {
        let levels = Levels::new(&mask, w, h).unwrap();
        prop_assert_eq!(levels.at(0), complement(&complement(&mask)));
        let mut out = vec![7; w * h];
        levels.at_into(radius, &mut out).unwrap();
        prop_assert_eq!(out, dilate(&mask, w, h, radius).unwrap());
    }

    #[test]
    fn erosion_is_dilation_of_the_complement((mask, w, h) in masks(), radius in 0i32..40) {
        let eroded = dilate(&mask, w, h, -radius).unwrap();
        prop_assert_eq!(eroded, complement(&dilate(&complement(&mask), w, h, radius).unwrap()));
    }

    #[test]
    fn dilations_add_up((mask, w, h) in masks(), a in 0i32..12, b in 0i32..12, sign in prop_oneof![Just(1), Just(-1)]) {
        let twice = dilate(&dilate(&mask, w, h, sign * a).unwrap(), w, h, sign * b).unwrap();
        prop_assert_eq!(twice, dilate(&mask, w, h, sign * (a + b)).unwrap());
    }

    #[test]
    fn moving_the_mask_moves_the_dilation((mask, w, h) in masks(), radius in 0i32..6, dx in 0usize..5, dy in 0usize..5) {
        // A frame wide enough that neither version reaches the border.
        let (fw, fh) = (w + 20, h + 20);
        let framed = |x0: usize, y0: usize| {
            let mut out = vec![0; fw * fh];
            for (i, &b) in mask.iter().enumerate() {
                out[(y0 + i / w) * fw + x0 + i % w] = b;
            }
            out
        };
        let here = dilate(&framed(6, 6), fw, fh, radius).unwrap();
        let there = dilate(&framed(6 + dx, 6 + dy), fw, fh, radius).unwrap();
        let moved = here.iter().enumerate().filter(|(_, b)| **b != 0).all(|(i, _)| there[i + dy * fw + dx] == 1);
        prop_assert!(moved);
        prop_assert_eq!(here.iter().filter(|b| **b != 0).count(), there.iter().filter(|b| **b != 0).count());
    }

    #[test]
    fn box_is_the_tightest((mask, w, h) in masks()) {
        let inside: Vec<(usize, usize)> =
            (0..w * h).filter(|&i| mask[i] != 0).map(|i| (i % w, i / w)).collect();
        let slow = (!inside.is_empty()).then(|| BoundingBox {
            x0: inside.iter().map(|p| p.0).min().unwrap(),
            y0: inside.iter().map(|p| p.1).min().unwrap(),
            x1: inside.iter().map(|p| p.0).max().unwrap() + 1,
            y1: inside.iter().map(|p| p.1).max().unwrap() + 1,
        });
        let found = bounding_box(&mask, w, h).unwrap();
        prop_assert_eq!(found, slow);
        let filled = box_mask(&mask, w, h).unwrap();
        for (i, &b) in filled.iter().enumerate() {
            let (x, y) = (i % w, i / w);
            let in_box = found.is_some_and(|f| (f.x0..f.x1).contains(&x) && (f.y0..f.y1).contains(&y));
            prop_assert_eq!(b, u8::from(in_box));
        }
        prop_assert_eq!(box_mask(&filled, w, h).unwrap(), filled);
    }
}

#[test]
fn extreme_radii_and_masks() {
    let (empty, full) = (vec![0u8; 6], vec![9u8; 6]);
    for radius in [i32::MIN, i32::MIN + 1, -500, -1, 0, 1, 500, i32::MAX - 1, i32::MAX] {
        assert_eq!(dilate(&empty, 3, 2, radius).unwrap(), vec![0; 6], "{radius}");
        assert_eq!(dilate(&full, 3, 2, radius).unwrap(), vec![1; 6], "{radius}");
        let one = dilate(&[0, 1, 0, 0, 0, 0], 6, 1, radius).unwrap();
        let expected = match radius {
            ..0 => vec![0; 6],
            0 => vec![0, 1, 0, 0, 0, 0],
            1 => vec![1, 1, 1, 0, 0, 0],
            _ => vec![1; 6],
        };
        assert_eq!(one, expected, "{radius}");
    }
}

#[test]
fn wrong_sizes_are_refused() {
    let refused = |mask: &[u8], w, h| {
        assert!(matches!(city_block(mask, w, h), Err(KernelError::MaskShape { .. })));
        assert!(matches!(Levels::new(mask, w, h), Err(KernelError::MaskShape { .. })));
        assert!(matches!(bounding_box(mask, w, h), Err(KernelError::MaskShape { .. })));
        assert!(matches!(box_mask(mask, w, h), Err(KernelError::MaskShape { .. })));
        dilate(mask, w, h, 1).unwrap_err().to_string()
    };
    assert_eq!(refused(&[1; 5], 2, 3), "a mask of 3 rows and 2 columns has 5 bytes");
    refused(&[], 0, 0);
    refused(&[], 0, 4);
    refused(&[1], usize::MAX, usize::MAX);
    let levels = Levels::new(&[1; 6], 2, 3).unwrap();
    assert!(matches!(
        levels.at_into(0, &mut [0; 5]),
        Err(KernelError::BufferLength { expected: 6, found: 5 })
    ));
}

/// Bit for bit what OpenCV computes, at every radius from -60 to 500.
#[test]
fn equals_opencv() {
    let golden = include_str!("../../tests/golden/morphology.txt");
    let mut seen = 0;
    for line in golden.lines().filter(|l| !l.starts_with('#')) {
        let mut fields = line.split(' ');
        let name = fields.next().unwrap();
        let mut side = || fields.next().unwrap().parse::<usize>().unwrap();
        let (w, h) = (side(), side());
        let levels = Levels::new(&unpack(fields.next().unwrap(), w * h), w, h).unwrap();
        for field in fields {
            let (radius, expected) = field.split_once(':').unwrap();
            let radii = radius.parse().map_or(-60..=500, |r: i32| r..=r);
            let crc = radii.fold(0, |crc, r| crc32(&pack(&levels.at(r)), crc));
            assert_eq!(format!("{crc:08x}"), expected, "{name} {w}x{h}, radius {radius}");
        }
        seen += 1;
    }
    assert!(seen >= 40, "{seen} masks");
}

fn unpack(hex: &str, len: usize) -> Vec<u8> {
    let bytes = (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap());
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
