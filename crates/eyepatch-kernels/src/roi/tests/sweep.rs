use proptest::prelude::*;

use super::*;

/// One iteration after the other, on packed strips.
fn in_strips(mask: &[u8], w: usize, radius: i32) -> Vec<u8> {
    let mut out = vec![9; mask.len()];
    let buffers = (&mut Vec::new(), &mut Vec::new());
    strips::dilate((mask, w), (radius.unsigned_abs() as usize, radius < 0), buffers, &mut out);
    out
}

proptest! {
    #[test]
    fn every_way_gives_the_same((mask, w, h) in wide_masks(), radius in -140i32..140) {
        let slow = dilate_slowly(&mask, w, h, radius);
        prop_assert_eq!(&dilate(&mask, w, h, radius).unwrap(), &slow);
        prop_assert_eq!(&sweep_of(&mask, w, h, &[radius], &mut Scratch::new())[0], &slow);
        prop_assert_eq!(&in_strips(&mask, w, radius), &slow);
        prop_assert_eq!(&Levels::narrow(&mask, w).at(radius), &slow);
        prop_assert_eq!(&Levels::wide(&mask, w).at(radius), &slow);
    }

    #[test]
    fn small_radii((mask, w, h) in prop_oneof![masks(), wide_masks()], radius in -3i32..=3) {
        let slow = dilate_slowly(&mask, w, h, radius);
        prop_assert_eq!(&dilate(&mask, w, h, radius).unwrap(), &slow);
        prop_assert_eq!(in_strips(&mask, w, radius), slow);
    }

    #[test]
    fn levels_of_16_and_32_bits_are_the_same((mask, w, _) in wide_masks()) {
        let (narrow, wide) = (Levels::narrow(&mask, w), Levels::wide(&mask, w));
        prop_assert!(narrow.values().eq(wide.values()));
    }

    #[test]
    fn one_scratch_serves_masks_of_any_size(
        inputs in prop::collection::vec((prop_oneof![masks(), wide_masks()], prop::collection::vec(-80i32..80, 0..5)), 1..4),
    ) {
        let mut scratch = Scratch::new();
        for ((mask, w, h), radii) in inputs {
            let swept = sweep_of(&mask, w, h, &radii, &mut scratch);
            let levels = Levels::new(&mask, w, h).unwrap();
            let mut cut = vec![vec![9; w * h]; radii.len()];
            let mut outs: Vec<&mut [u8]> = cut.iter_mut().map(Vec::as_mut_slice).collect();
            levels.at_each_into(&radii, &mut outs).unwrap();
            prop_assert_eq!(&cut, &swept);
            for (&radius, swept) in radii.iter().zip(&swept) {
                let mut one = vec![9; w * h];
                dilate_into(&mask, w, h, radius, &mut one, &mut scratch).unwrap();
                prop_assert_eq!(&one, swept);
            }
        }
    }

    #[test]
    fn dilation_keeps_all_pixels_and_erosion_adds_none((mask, w, h) in wide_masks(), radius in 0i32..90) {
        let swept = sweep_of(&mask, w, h, &[-radius, 0, radius], &mut Scratch::new());
        prop_assert!(swept[0].iter().zip(&swept[1]).zip(&swept[2]).all(|((e, m), d)| e <= m && m <= d));
        prop_assert_eq!(&swept[1], &complement(&complement(&mask)));
        let of_complement = dilate(&complement(&mask), w, h, radius).unwrap();
        prop_assert_eq!(&swept[0], &complement(&of_complement));
    }

    #[test]
    fn batches_do_not_depend_on_threads(
        (w, h) in (1usize..70, 1usize..5), n in 0usize..6, seed: u64, radii in prop::collection::vec(-20i32..20, 0..4),
    ) {
        let masks = noise(n * w * h, seed);
        let batch = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut out = vec![9; masks.len() * radii.len()];
            pool.install(|| sweep_batch(&masks, w, h, &radii, &mut out)).unwrap();
            out
        };
        let singly: Vec<u8> = masks
            .chunks_exact(w * h)
            .flat_map(|mask| sweep_of(mask, w, h, &radii, &mut Scratch::new()).concat())
            .collect();
        for threads in [1, 2, 3] {
            prop_assert_eq!(&batch(threads), &singly);
        }
    }
}

/// Xorshift: half of the pixels inside.
pub(super) fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40 & 1) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn lengths_that_do_not_fit_are_refused() {
    let mut scratch = Scratch::new();
    let (mut long, mut short) = ([0; 6], [0; 5]);
    let mut run = |radii: &[i32], outs: &mut [&mut [u8]]| sweep(&[1; 6], 3, 2, radii, outs, &mut scratch);
    assert!(matches!(run(&[1, 2], &mut [&mut long]), Err(KernelError::Length { expected: 2, found: 1, .. })));
    assert!(matches!(run(&[1], &mut [&mut short]), Err(KernelError::BufferLength { expected: 6, found: 5 })));
    assert!(matches!(
        dilate_into(&[1; 6], 3, 2, 1, &mut short, &mut scratch),
        Err(KernelError::BufferLength { expected: 6, found: 5 })
    ));
    assert!(matches!(
        sweep_batch(&[1; 7], 3, 2, &[1], &mut [0; 7]),
        Err(KernelError::MaskShape { len: 7, .. })
    ));
    assert!(matches!(sweep_batch(&[], 0, 2, &[], &mut []), Err(KernelError::MaskShape { .. })));
    assert!(matches!(
        sweep_batch(&[1; 12], 3, 2, &[1], &mut [0; 6]),
        Err(KernelError::BufferLength { expected: 12, found: 6 })
    ));
    sweep_batch(&[], 3, 2, &[1], &mut []).unwrap();
    sweep_batch(&[1; 12], 3, 2, &[], &mut []).unwrap();
}
