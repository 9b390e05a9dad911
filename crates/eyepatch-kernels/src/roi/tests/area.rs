use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn area_and_centroid_are_sums_over_pixels((mask, w, h) in prop_oneof![masks(), wide_masks()]) {
        let inside: Vec<usize> = (0..w * h).filter(|&i| mask[i] != 0).collect();
        prop_assert_eq!(super::super::area(&mask), inside.len());
        let mean = |of: fn(usize, usize) -> usize| inside.iter().map(|&i| of(i, w) as f64).sum::<f64>() / inside.len() as f64;
        match centroid(&mask, w, h).unwrap() {
            None => prop_assert!(inside.is_empty()),
            Some((x, y)) => {
                prop_assert!((x - mean(|i, w| i % w)).abs() < 1e-9, "{} {}", x, mean(|i, w| i % w));
                prop_assert!((y - mean(|i, w| i / w)).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn radius_for_an_area_is_the_best_of_all((mask, w, h) in masks(), target in 0usize..220) {
        let levels = Levels::new(&mask, w, h).unwrap();
        // By increasing distance from 0, dilation first.
        let radii = std::iter::once(0).chain((1..30).flat_map(|r| [r, -r]));
        let best = radii.min_by_key(|&r| super::super::area(&levels.at(r)).abs_diff(target)).unwrap();
        prop_assert_eq!(to_area(&mask, w, h, target).unwrap(), best);
    }
}

#[test]
fn radii_for_areas_of_a_pixel() {
    let mut mask = [0; 25];
    mask[12] = 1;
    let radius = |target| to_area(&mask, 5, 5, target).unwrap();
    // Areas 0, 1, 5, 13, 21, 25 at radii -1 to 4; 3 and 9 lie in the middle of two.
    let expected = [(0, -1), (1, 0), (2, 0), (3, 0), (4, 1), (9, 1), (10, 2), (23, 3), (24, 4), (1000, 4)];
    for (target, r) in expected {
        assert_eq!(radius(target), r, "{target}");
    }
    assert_eq!(to_area(&[0; 25], 5, 5, 7).unwrap(), 0);
    assert_eq!(to_area(&[1; 25], 5, 5, 7).unwrap(), 0);
    assert!(to_area(&[1; 25], 5, 4, 7).is_err());
    assert!(centroid(&[1; 25], 5, 4).is_err());
}
