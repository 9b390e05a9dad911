use proptest::prelude::*;

use super::super::components::{Connectivity, fill_holes, label, largest, remove_small};
use super::*;

fn either() -> impl Strategy<Value = Connectivity> {
    prop_oneof![Just(Connectivity::Four), Just(Connectivity::Eight)]
}

/// The slow twin: floods from each pixel that is not labelled yet.
fn flood(mask: &[u8], w: usize, h: usize, connectivity: Connectivity) -> Vec<u32> {
    let mut labels = vec![0; w * h];
    let mut count = 0;
    for seed in 0..w * h {
        if mask[seed] == 0 || labels[seed] != 0 {
            continue;
        }
        count += 1;
        let mut open = vec![seed];
        labels[seed] = count;
        while let Some(i) = open.pop() {
            for j in 0..w * h {
                let (dx, dy) = ((i % w).abs_diff(j % w), (i / w).abs_diff(j / w));
                let touch = match connectivity {
                    Connectivity::Four => dx + dy == 1,
                    Connectivity::Eight => dx.max(dy) == 1,
                };
                if touch && mask[j] != 0 && labels[j] == 0 {
                    labels[j] = count;
                    open.push(j);
                }
            }
        }
    }
    labels
}

fn pixels_of(labels: &[u32], k: usize) -> Vec<u8> {
    labels.iter().map(|&l| u8::from(l as usize == k + 1)).collect()
}

proptest! {
    #[test]
    fn labels_equal_a_flood((mask, w, h) in prop_oneof![4 => masks(), 1 => wide_masks()], connectivity in either()) {
        let found = label(&mask, w, h, connectivity).unwrap();
        let labels = found.labels();
        prop_assert_eq!(&labels, &flood(&mask, w, h, connectivity));
        prop_assert_eq!(labels.iter().max().map_or(0, |&n| n as usize), found.parts().len());
        for (k, part) in found.parts().iter().enumerate() {
            let only = pixels_of(&labels, k);
            prop_assert_eq!(part.area, super::super::area(&only));
            prop_assert_eq!(Some(part.centroid), centroid(&only, w, h).unwrap());
            prop_assert_eq!(Some(part.bounds), bounding_box(&only, w, h).unwrap());
            prop_assert_eq!(found.keep(|i, _| i == k), only);
        }
    }

    #[test]
    fn cleaning_keeps_what_it_says((mask, w, h) in masks(), connectivity in either(), k in 0usize..4, min in 0usize..9) {
        let labels = flood(&mask, w, h, connectivity);
        let count = labels.iter().max().map_or(0, |&n| n as usize);
        let parts: Vec<Vec<u8>> = (0..count).map(|k| pixels_of(&labels, k)).collect();
        let union = |parts: &[Vec<u8>]| {
            (0..w * h).map(|i| parts.iter().map(|p| p[i]).max().unwrap_or(0)).collect::<Vec<u8>>()
        };
        let big: Vec<_> = parts.iter().filter(|p| super::super::area(p) >= min).cloned().collect();
        prop_assert_eq!(remove_small(&mask, w, h, connectivity, min).unwrap(), union(&big));
        let mut by_area = parts;
        by_area.sort_by_key(|p| std::cmp::Reverse(super::super::area(p)));
        by_area.truncate(k);
        prop_assert_eq!(largest(&mask, w, h, connectivity, k).unwrap(), union(&by_area));
    }

    #[test]
    fn holes_are_what_a_flood_from_beyond_the_border_leaves((mask, w, h) in masks(), connectivity in either()) {
        // A frame of outside pixels joins all that reaches the border.
        let (fw, fh) = (w + 2, h + 2);
        let mut outside = vec![1; fw * fh];
        for (i, &b) in mask.iter().enumerate() {
            outside[(i / w + 1) * fw + i % w + 1] = u8::from(b == 0);
        }
        let labels = flood(&outside, fw, fh, connectivity.of_outside());
        let slow: Vec<u8> = (0..w * h).map(|i| u8::from(labels[(i / w + 1) * fw + i % w + 1] != 1)).collect();
        let filled = fill_holes(&mask, w, h, connectivity).unwrap();
        prop_assert_eq!(&filled, &slow);
        prop_assert_eq!(fill_holes(&filled, w, h, connectivity).unwrap(), filled);
    }
}

#[test]
fn a_corner_joins_only_with_eight() {
    let mask = [1, 0, 0, 1];
    assert_eq!(label(&mask, 2, 2, Connectivity::Four).unwrap().labels(), [1, 0, 0, 2]);
    assert_eq!(label(&mask, 2, 2, Connectivity::Eight).unwrap().labels(), [1, 0, 0, 1]);
    // A ring whose corners touch closes its hole only with eight.
    let ring = [0, 1, 0, 1, 0, 1, 0, 1, 0];
    assert_eq!(fill_holes(&ring, 3, 3, Connectivity::Four).unwrap(), ring);
    assert_eq!(fill_holes(&ring, 3, 3, Connectivity::Eight).unwrap(), [0, 1, 0, 1, 1, 1, 0, 1, 0]);
    assert!(label(&mask, 3, 2, Connectivity::Four).is_err());
    assert!(fill_holes(&mask, 3, 2, Connectivity::Four).is_err());
}
