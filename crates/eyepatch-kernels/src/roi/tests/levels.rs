use proptest::prelude::*;

use super::*;

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
