use proptest::prelude::*;

use super::*;

proptest! {
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

    #[test]
    fn published_box_lacks_the_last_column_and_row_but_no_pixel_of_the_mask((mask, w, h) in masks()) {
        let found = bounding_box(&mask, w, h).unwrap();
        for (i, &b) in box_published(&mask, w, h).unwrap().iter().enumerate() {
            let (x, y) = (i % w, i / w);
            let in_box = found.is_some_and(|f| (f.x0..f.x1 - 1).contains(&x) && (f.y0..f.y1 - 1).contains(&y));
            prop_assert_eq!(b, u8::from(mask[i] != 0 || in_box));
        }
    }
}

#[test]
fn published_box_of_small_masks() {
    let published = |mask: &[u8], w, h| box_published(mask, w, h).unwrap();
    assert_eq!(published(&[0; 6], 3, 2), [0; 6]);
    assert_eq!(published(&[0, 9, 0, 0, 0, 0], 3, 2), [0, 1, 0, 0, 0, 0]);
    // A diagonal: the box is 3 x 3, and 2 x 2 of it are filled.
    assert_eq!(published(&[1, 0, 0, 0, 1, 0, 0, 0, 1], 3, 3), [1, 1, 0, 1, 1, 0, 0, 0, 1]);
}
