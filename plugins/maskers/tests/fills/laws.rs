//! The laws of fills: for all of them, with and without a feather, at every depth.

use eyepatch_core::{Ctx, Error, Image, Mask, Pixels, Seed};
use eyepatch_testkit::{Memory, strategy};
use plugin_maskers::{Fill, Filler};
use proptest::prelude::*;

/// One of each, with small windows among the wide ones.
pub(crate) fn fills() -> Vec<Fill> {
    vec![
        Fill::Black,
        Fill::Mean,
        Fill::Noise,
        Fill::Average,
        Fill::Donors { n: 1 },
        Fill::Donors { n: 32 },
        Fill::LocalMean { radius: 1 },
        Fill::LocalMean { radius: 9 },
        Fill::VisibleMean,
        Fill::Inpaint,
        Fill::Blur { kx: 2, ky: 3 },
        Fill::Blur { kx: 51, ky: 40 },
        Fill::Gaussian { sigma: 0.7 },
        Fill::Gaussian { sigma: 6.5 },
        Fill::OwnNoise,
    ]
}

/// An image, another of its kind, two masks of visible pixels, a training part.
#[derive(Debug, Clone)]
struct Case {
    image: Image,
    other: Image,
    visible: Mask,
    elsewhere: Mask,
    training: Memory,
    feather: u32,
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    (strategy::size(), strategy::channels(), strategy::depth()).prop_flat_map(|((w, h), channels, depth)| {
        let image = || strategy::image(w, h, channels, depth);
        let mask = || strategy::mask(w, h);
        let training = prop::collection::vec(strategy::sample(w, h, channels, &["roi".into()]), 1..3);
        (image(), image(), mask(), mask(), training, 0u32..6, any::<u64>()).prop_map(
            |(image, other, visible, elsewhere, training, feather, seed)| Case {
                image,
                other,
                visible,
                elsewhere,
                training: Memory(training),
                feather,
                seed,
            },
        )
    })
}

impl Case {
    fn filler(&self, fill: Fill, ctx: &Ctx) -> Filler {
        fill.prepare(&self.training, ctx).unwrap()
    }

    fn filled(&self, filler: &Filler, image: &Image, visible: &Mask, feather: u32, ctx: &Ctx) -> Image {
        let mut image = image.clone();
        let ctx = ctx.clone().with_seed(Seed::root(self.seed));
        filler.fill(&mut image, visible, feather, &ctx).unwrap();
        image
    }

    /// City-block distance to the nearest hidden pixel, counted out.
    fn distance(&self, pixel: usize) -> Option<usize> {
        let (w, bits) = (self.image.width(), self.visible.bits());
        let from = |hidden: usize| (hidden % w).abs_diff(pixel % w) + (hidden / w).abs_diff(pixel / w);
        (0..bits.len()).filter(|&hidden| bits[hidden] == 0).map(from).min()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn fills_keep_their_laws(case in case()) {
        let ctx = Ctx::for_tests(0);
        let channels = case.image.channels();
        for fill in fills() {
            let filler = case.filler(fill, &ctx);
            for feather in [0, case.feather, u32::MAX] {
                let filled = case.filled(&filler, &case.image, &case.visible, feather, &ctx);
                // Determinism.
                let again = case.filled(&filler, &case.image, &case.visible, feather, &ctx);
                prop_assert_eq!(filled.to_le_bytes(), again.to_le_bytes(), "{:?}", fill);
                // What is further than the feather keeps its value.
                for i in 0..filled.pixels().len() {
                    if case.distance(i / channels).is_none_or(|d| d > feather as usize) {
                        prop_assert_eq!(filled.value(i).to_bits(), case.image.value(i).to_bits(), "{:?}", fill);
                    }
                    prop_assert!((0.0..=filled.full_scale()).contains(&filled.value(i)), "{:?}", fill);
                }
                // No change of a hidden pixel reaches the output.
                if fill.hides() {
                    let mut changed = case.image.clone();
                    for i in (0..filled.pixels().len()).filter(|i| !case.visible.contains(i / channels)) {
                        changed.set(i, case.other.value(i));
                    }
                    let changed = case.filled(&filler, &changed, &case.visible, feather, &ctx);
                    prop_assert_eq!(filled.to_le_bytes(), changed.to_le_bytes(), "{:?}", fill);
                }
                // Hidden pixels are wholly filled, and alike whatever the feather; but inpaint continues pixels that
                // are further away.
                if fill != Fill::Inpaint {
                    let hard = case.filled(&filler, &case.image, &case.visible, 0, &ctx);
                    for i in (0..filled.pixels().len()).filter(|i| !case.visible.contains(i / channels)) {
                        prop_assert_eq!(filled.value(i).to_bits(), hard.value(i).to_bits(), "{:?}", fill);
                    }
                }
            }
        }
    }

    #[test]
    fn fills_that_know_no_region_do_not_depend_on_it(case in case()) {
        let ctx = Ctx::for_tests(0);
        let channels = case.image.channels();
        let aware = |f: &Fill| matches!(f, Fill::LocalMean { .. } | Fill::VisibleMean | Fill::Inpaint);
        for fill in fills().into_iter().filter(|f| !aware(f)) {
            let filler = case.filler(fill, &ctx);
            let one = case.filled(&filler, &case.image, &case.visible, 0, &ctx);
            let other = case.filled(&filler, &case.image, &case.elsewhere, 0, &ctx);
            for i in 0..one.pixels().len() {
                if !case.visible.contains(i / channels) && !case.elsewhere.contains(i / channels) {
                    prop_assert_eq!(one.value(i).to_bits(), other.value(i).to_bits(), "{:?}", fill);
                }
            }
        }
    }

    #[test]
    fn own_noise_is_noise_learnt_from_the_image_alone(case in case()) {
        let ctx = Ctx::for_tests(0);
        let mut alone = case.clone();
        alone.training.0.truncate(1);
        alone.training.0[0].image = case.image.clone();
        let own = case.filled(&case.filler(Fill::OwnNoise, &ctx), &case.image, &case.visible, 2, &ctx);
        let learnt = alone.filled(&alone.filler(Fill::Noise, &ctx), &case.image, &case.visible, 2, &ctx);
        prop_assert_eq!(own.to_le_bytes(), learnt.to_le_bytes());
    }
}

/// A row of grey levels, of which those marked 0 are hidden.
fn row(levels: &[u8], visible: &[u8], fill: Fill, feather: u32) -> Vec<u8> {
    let ctx = Ctx::for_tests(1);
    let mut image = Image::new(levels.len(), 1, 1, Pixels::U8(levels.to_vec())).unwrap();
    let visible = Mask::new(levels.len(), 1, visible.to_vec()).unwrap();
    fill.prepare(&Memory::default(), &ctx).unwrap().fill(&mut image, &visible, feather, &ctx).unwrap();
    match image.pixels() {
        Pixels::U8(v) => v.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn rows_of_pixels_become_what_the_fills_say() {
    let levels = [10, 20, 200, 200, 200, 60, 90];
    let visible = [1, 1, 0, 0, 0, 1, 1];
    let hard = |fill| row(&levels, &visible, fill, 0);
    assert_eq!(hard(Fill::Black), [10, 20, 0, 0, 0, 60, 90]);
    assert_eq!(hard(Fill::VisibleMean), [10, 20, 45, 45, 45, 60, 90]);
    // The middle one sees nothing within one pixel, so it looks two pixels each way.
    assert_eq!(hard(Fill::LocalMean { radius: 1 }), [10, 20, 20, 40, 60, 60, 90]);
    assert_eq!(hard(Fill::LocalMean { radius: 4096 }), [10, 20, 45, 45, 45, 60, 90]);
    assert_eq!(hard(Fill::Inpaint), [10, 20, 30, 40, 50, 60, 90]);
    assert_eq!(hard(Fill::Blur { kx: 3, ky: 1 }), [10, 20, 140, 200, 153, 60, 90]);

    // One pixel away half of black, two pixels away a third, and so on.
    let soft = |feather| row(&levels, &visible, Fill::Black, feather);
    assert_eq!(soft(1), [10, 10, 0, 0, 0, 30, 90]);
    assert_eq!(soft(2), [7, 7, 0, 0, 0, 20, 60]);
    // Inpaint goes from 10 to 90 in a straight line over six steps; its weight is a half at 20 and 60.
    assert_eq!(row(&levels, &visible, Fill::Inpaint, 1), [10, 22, 37, 50, 63, 68, 90]);
}

#[test]
fn where_nothing_is_visible_the_fill_is_black() {
    for fill in [Fill::LocalMean { radius: 2 }, Fill::VisibleMean, Fill::Inpaint] {
        for feather in [0, 3] {
            assert_eq!(row(&[3, 5, 7], &[0, 0, 0], fill, feather), [0, 0, 0], "{fill:?}");
            assert_eq!(row(&[3, 5, 7], &[1, 1, 1], fill, feather), [3, 5, 7], "{fill:?}");
        }
    }
}

#[test]
fn other_sizes_and_channels_are_refused() {
    let ctx = Ctx::for_tests(1);
    let mut image = Image::new(3, 2, 1, Pixels::U8(vec![1; 6])).unwrap();
    let refusal = Filler::default().fill(&mut image, &Mask::filled(2, 3, false), 0, &ctx).unwrap_err();
    assert_eq!(refusal.to_string(), "visible part: expected 2x3, the image's size, found 3x2");
    let learnt = Fill::Mean.prepare(&Memory::default(), &ctx);
    assert!(matches!(learnt, Err(Error::EmptyRegion { .. })), "{learnt:?}");
    // A literal that nobody checked.
    let wrong = Fill::LocalMean { radius: 0 }.prepare(&Memory::default(), &ctx).unwrap_err();
    assert!(wrong.to_string().contains("radius = 0: 1 to 4096"), "{wrong}");
}
