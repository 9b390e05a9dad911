use eyepatch_core::Pixels;
use proptest::prelude::*;

use super::*;

/// Each lit pixel takes the smallest number among itself and its lit neighbours, until nothing changes.
fn slow(lit: &[bool], width: usize) -> Vec<usize> {
    let mut number: Vec<usize> = (0..lit.len()).collect();
    loop {
        let before = number.clone();
        for i in (0..lit.len()).filter(|&i| lit[i]) {
            for j in (0..lit.len()).filter(|&j| lit[j]) {
                let (dx, dy) = ((i % width).abs_diff(j % width), (i / width).abs_diff(j / width));
                if dx + dy == 1 {
                    number[i] = number[i].min(number[j]);
                }
            }
        }
        if number == before {
            break;
        }
    }
    let patch = |n: usize| -> Vec<usize> { (0..lit.len()).filter(|&i| lit[i] && number[i] == n).collect() };
    let all: Vec<Vec<usize>> = (0..lit.len()).map(patch).collect();
    let most = all.iter().map(Vec::len).max().unwrap_or(0);
    all.into_iter().find(|p| p.len() == most).unwrap_or_default()
}

proptest! {
    #[test]
    fn the_largest_patch_is_found(
        (width, lit) in (1usize..8).prop_flat_map(|w| {
            (Just(w), (1usize..8).prop_flat_map(move |h| proptest::collection::vec(any::<bool>(), w * h)))
        })
    ) {
        let height = lit.len() / width;
        let mut found = largest(&mut lit.clone(), width, height);
        found.sort_unstable();
        prop_assert_eq!(found, slow(&lit, width));
    }

    /// Between two of its pixels a row has no gap, nor has a column; every pixel of the largest patch is inside.
    #[test]
    fn the_field_of_view_has_the_patch(values in proptest::collection::vec(0u8..=255, 48)) {
        let image = Image::new(8, 6, 1, Pixels::U8(values.clone())).unwrap();
        let mask = of(&image).unwrap();
        let most = f32::from(*values.iter().max().unwrap());
        let mut lit: Vec<bool> = values.iter().map(|&v| f32::from(v) > LIT * most).collect();
        for pixel in largest(&mut lit, 8, 6) {
            prop_assert!(mask.contains(pixel));
        }
    }
}

#[test]
fn dark_vessels_and_maculas_are_inside() {
    let mut values = vec![0u8; 9 * 9];
    (1..8).for_each(|y| (1..8).for_each(|x| values[9 * y + x] = 200));
    values[9 * 4 + 4] = 3;
    let mask = of(&Image::new(9, 9, 1, Pixels::U8(values)).unwrap()).unwrap();
    assert_eq!(mask.area(), 49);
    assert!(mask.contains(9 * 4 + 4) && !mask.contains(0));
}
