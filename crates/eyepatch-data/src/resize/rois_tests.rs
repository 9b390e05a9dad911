use eyepatch_core::{Image, Pixels};
use proptest::prelude::*;

use super::*;
use crate::resize::image;

const METHODS: [ResizeMethod; 2] = [ResizeMethod::Antialias, ResizeMethod::Study];

fn resized(v: &[u8], (h, w): (usize, usize), to: (usize, usize), how: ResizeMethod) -> Image {
    image(&Image::new(w, h, 1, Pixels::U8(v.to_vec())).unwrap(), to, how).unwrap()
}

/// By definition: the mask, and its complement, through the image's filter as numbers, then above 0.
fn slow(mask: &Mask, to: (usize, usize), how: ResizeMethod) -> [Vec<bool>; 2] {
    let touched = |mask: &Mask| -> Vec<bool> {
        let values = mask.bits().iter().map(|&b| f32::from(b)).collect();
        let image = Image::new(mask.width(), mask.height(), 1, Pixels::F32(values)).unwrap();
        let image = super::super::image(&image, to, how).unwrap();
        (0..to.0 * to.1).map(|i| image.value(i) > 0.0).collect()
    };
    let (inside, outside) = (touched(mask), touched(&mask.complement()));
    let inner = inside.iter().zip(&outside).map(|(i, o)| *i && !o).collect();
    [inside, inner]
}

proptest! {
    #[test]
    fn edges_are_where_the_filter_has_weight(
        (h, w) in (1usize..40, 1usize..40), to in (1usize..40, 1usize..40), how in 0usize..2, share in 0u8..255,
        seed in any::<u64>(),
    ) {
        use rand_core::RngCore;
        let mut rng = eyepatch_core::Seed::root(seed).rng();
        let bits = (0..h * w).map(|_| u8::from(((rng.next_u32() >> 24) as u8) < share)).collect();
        let mask = Mask::new(w, h, bits).unwrap();
        let fast = roi(&Roi::single(mask.clone()).unwrap(), to, METHODS[how]).unwrap();
        let [outer, inner] = slow(&mask, to, METHODS[how]);
        let bits = |roi: &Roi| roi.union(&[]).unwrap().bits().iter().map(|&b| b == 1).collect::<Vec<_>>();
        prop_assert_eq!(bits(&fast.outer), outer);
        prop_assert_eq!(bits(&fast.inner), inner);
    }

    /// Whatever lies inside the ROI, pixels outside its outer edge stay bit for bit the same; whatever lies outside
    /// it, pixels inside its inner edge do. So it is after a second resize, too.
    #[test]
    fn nothing_leaks_across_the_roi_s_edges(
        (h, w) in (4usize..40, 4usize..40), to in (3usize..24, 3usize..24), then in (3usize..24, 3usize..24),
        how in (0usize..2, 0usize..2), seed in any::<u64>(),
    ) {
        use rand_core::RngCore;
        let mut rng = eyepatch_core::Seed::root(seed).rng();
        let mut byte = || (rng.next_u32() >> 24) as u8;
        let bits: Vec<u8> = (0..h * w).map(|i| u8::from((i / w) * 3 > h && (i % w) * 2 > w && byte() > 40)).collect();
        let a: Vec<u8> = (0..h * w).map(|_| byte()).collect();
        let how = (METHODS[how.0], METHODS[how.1]);
        let once = roi(&Roi::single(Mask::new(w, h, bits.clone()).unwrap()).unwrap(), to, how.0).unwrap();
        let twice = edges(&once.outer, &once.inner, then, how.1).unwrap();
        let small = |v: &[u8]| {
            let once = resized(v, (h, w), to, how.0);
            let again = image(&once, then, how.1).unwrap();
            (once, again)
        };
        let mut changed = |side: u8| {
            let other: Vec<u8> = a.iter().zip(&bits).map(|(&x, &m)| if m == side { byte() } else { x }).collect();
            small(&other)
        };
        let (inside_changed, outside_changed, same) = (changed(1), changed(0), small(&a));
        for (edges, same, inside, outside) in [
            (&once, &same.0, &inside_changed.0, &outside_changed.0),
            (&twice, &same.1, &inside_changed.1, &outside_changed.1),
        ] {
            let (outer, inner) = (edges.outer.union(&[]).unwrap(), edges.inner.union(&[]).unwrap());
            for i in 0..same.pixels().len() {
                prop_assert!(outer.contains(i) || same.value(i) == inside.value(i));
                prop_assert!(!inner.contains(i) || same.value(i) == outside.value(i));
                prop_assert!(outer.contains(i) || !inner.contains(i));
            }
        }
    }
}
