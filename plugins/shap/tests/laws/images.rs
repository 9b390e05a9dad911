//! Composing, players and baselines.

use std::collections::BTreeSet;

use eyepatch_core::{Ctx, Image, Layout, Mask, Pixels, Roi, Sample};
use eyepatch_kernels::coalition::{Coalitions, Ids, Segments, composite};
use eyepatch_testkit::strategy;
use plugin_shap::{Baseline, Block, Canvas, Error, Game, PartitionSettings, Players, Segmentation, Shown};
use plugin_shap::{box_blur, partition, superpixels};
use proptest::prelude::*;

/// Composes every coalition in both layouts and compares values with where they lie; the output depends on the
/// coalition, so that the search goes everywhere.
struct Composing {
    whole: Block,
    seen: usize,
}

impl Game<[Shown]> for Composing {
    type Error = Error;

    fn classes(&self) -> usize {
        1
    }

    fn batch(&self) -> usize {
        6
    }

    fn outputs(&mut self, shown: &[Shown]) -> Result<Vec<f64>, Error> {
        let (height, width, channels) = self.whole.size();
        let n = self.whole.values();
        let image: Vec<u16> = (1..=n as u16).collect();
        let background = vec![0; n];
        let planes = Canvas::new(&image, &background, self.whole, Layout::Nchw)?;
        let mixed = Canvas::new(&image, &background, self.whole, Layout::Nhwc)?;
        let (mut a, mut b) = (vec![9999; n * shown.len()], vec![9999; n * shown.len()]);
        planes.paint_all(shown, &mut a)?;
        mixed.paint_all(shown, &mut b)?;
        let mut outputs = Vec::new();
        for (i, (a, b)) in a.chunks_exact(n).zip(b.chunks_exact(n)).enumerate() {
            for (block, inside) in shown[i].pieces() {
                for c in block.channels.0..block.channels.1 {
                    for y in block.rows.0..block.rows.1 {
                        for x in block.columns.0..block.columns.1 {
                            let (c, y, x) = (c as usize, y as usize, x as usize);
                            let (plane, pixel) =
                                ((c * height + y) * width + x, (y * width + x) * channels + c);
                            assert_eq!(a[plane], if inside { image[plane] } else { 0 });
                            assert_eq!(b[pixel], if inside { image[pixel] } else { 0 });
                        }
                    }
                }
            }
            self.seen += 1;
            outputs.push(a.iter().map(|&v| f64::from(v)).sum::<f64>().sin());
        }
        Ok(outputs)
    }
}

fn sample(image: Image, roi: Roi) -> Sample {
    Sample { id: "s".into(), patient: "p".into(), labels: vec![Some(true)], image, roi }
}

fn grey(height: usize, width: usize, value: impl Fn(usize, usize) -> u8) -> Image {
    let pixels = (0..height * width).map(|i| value(i / width, i % width)).collect();
    Image::new(width, height, 1, Pixels::U8(pixels)).unwrap()
}

fn mask(height: usize, width: usize, inside: impl Fn(usize, usize) -> bool) -> Mask {
    Mask::new(width, height, (0..height * width).map(|i| u8::from(inside(i / width, i % width))).collect())
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn coalitions_are_composed_where_they_lie(height in 1usize..12, width in 1usize..12, channels in 1usize..5) {
        let whole = Block::image(height, width, channels).unwrap();
        let mut game = Composing { whole, seen: 0 };
        let settings = PartitionSettings { evaluations: 150, expand: 3, target: None };
        let found = partition(&mut game, whole, settings).unwrap();
        prop_assert_eq!(found.evaluations, game.seen);
    }

    #[test]
    fn segments_are_composed_as_the_kernels_do(
        (height, width, players) in (1usize..9, 1usize..9, 1usize..80),
        seed in prop::collection::vec(any::<u16>(), 81), bits in prop::collection::vec(any::<u64>(), 4), channels in 1usize..4,
    ) {
        let n = height * width;
        let map: Vec<usize> = (0..n).map(|i| usize::from(seed[i]) % players).collect();
        let names = (0..players).map(|i| i.to_string()).collect();
        let found = Segmentation::new(height, width, &map, names).unwrap();
        let ids: Vec<u32> = found.map().iter().map(|&p| p as u32).collect();
        // The same pixels go together, under new numbers.
        for i in 0..n {
            for j in 0..n {
                prop_assert_eq!(map[i] == map[j], ids[i] == ids[j]);
            }
        }
        prop_assert_eq!(found.sizes().iter().sum::<usize>(), n);
        let coalitions = Coalitions::from_fn(1, found.players(), |_, j| bits[j / 64] >> (j % 64) & 1 == 1);
        let image: Vec<f32> = (0..channels * n).map(|i| i as f32).collect();
        let background = vec![-1.0; channels * n];
        let mut twin = vec![0.0; channels * n];
        composite(&image, &background, &Segments::new(Ids::U32(&ids)), &coalitions, &mut twin).unwrap();
        let mix = |planes: &[f32]| -> Vec<f32> { (0..planes.len()).map(|i| planes[i % channels * n + i / channels]).collect() };
        let mut out = vec![0.0; channels * n];
        found.paint(&mix(&image), &mix(&background), (&coalitions, 0), &mut out).unwrap();
        prop_assert_eq!(out, mix(&twin));
    }

    #[test]
    fn a_blur_is_the_mean_over_mirrored_boxes(
        (height, width, channels) in (1usize..9, 1usize..9, 1usize..4), kx in 1usize..24, ky in 1usize..24,
        seed in prop::collection::vec(0.0f64..1.0, 192),
    ) {
        let image = &seed[..height * width * channels];
        let found = box_blur(image, [height, width, channels], kx, ky);
        // … 2 1 0 1 2 … n-1 n-2 …, step by step.
        let mirror = |mut i: isize, n: usize| {
            let last = n as isize - 1;
            while last > 0 && !(0..=last).contains(&i) {
                i = if i < 0 { -i } else { 2 * last - i };
            }
            if last == 0 { 0 } else { i as usize }
        };
        for (at, value) in found.iter().enumerate() {
            let (pixel, c) = (at / channels, at % channels);
            let (y, x) = (pixel / width, pixel % width);
            let mut sum = 0.0;
            for j in 0..ky {
                for i in 0..kx {
                    let row = mirror(y as isize + j as isize - (ky / 2) as isize, height);
                    let column = mirror(x as isize + i as isize - (kx / 2) as isize, width);
                    sum += image[(row * width + column) * channels + c];
                }
            }
            prop_assert!((value - sum / (kx * ky) as f64).abs() < 1e-12);
        }
    }

    #[test]
    fn players_cover_the_image_and_none_is_empty(
        sample in (1usize..20, 1usize..20, strategy::channels())
            .prop_flat_map(|(w, h, c)| strategy::sample(w, h, c, &["heart".to_owned(), "lung".to_owned()])),
        rows in 1usize..12, columns in 1usize..12, count in 1usize..40,
    ) {
        let size = (sample.image.height(), sample.image.width());
        for players in [
            Players::Grid { rows, columns },
            Players::Regions,
            Players::Parts,
            Players::Superpixels { count, compactness: 10.0 },
        ] {
            let found = players.of(&sample).unwrap();
            prop_assert_eq!(found.size(), size);
            prop_assert_eq!(found.map().len(), size.0 * size.1);
            prop_assert!(found.sizes().iter().all(|&n| n > 0));
            prop_assert_eq!(found.map().into_iter().collect::<BTreeSet<_>>().len(), found.players());
            prop_assert_eq!(&players.of(&sample).unwrap(), &found);
            if let Players::Grid { rows, columns } = players {
                prop_assert_eq!(found.players(), rows.min(size.0) * columns.min(size.1));
                let (least, most) = (found.sizes().iter().min().unwrap(), found.sizes().iter().max().unwrap());
                prop_assert!(*most <= (size.0 / rows.min(size.0) + 1) * (size.1 / columns.min(size.1) + 1));
                prop_assert!(*least >= (size.0 / rows.min(size.0)) * (size.1 / columns.min(size.1)));
            }
        }
    }
}

#[test]
fn regions_are_named_and_go_to_the_first() {
    let image = grey(20, 20, |_, _| 7);
    let heart = mask(20, 20, |y, x| (8..12).contains(&y) && (8..12).contains(&x));
    let lung = mask(20, 20, |y, x| (6..10).contains(&y) && (4..14).contains(&x));
    let roi = Roi::new([("lung".into(), lung), ("heart".into(), heart)]).unwrap();
    let found = Players::Regions.of(&sample(image, roi)).unwrap();
    let expected = [
        ("heart", 16),
        ("lung", 40 - 8),
        // The box has 6 x 10 pixels.
        ("rim", 60 - 16 - 32),
        ("corner top left", 25),
        ("corner top right", 25),
        ("corner bottom left", 25),
        ("corner bottom right", 25),
        ("background", 400 - 60 - 100),
    ];
    let named: Vec<(&str, usize)> =
        found.names().iter().map(String::as_str).zip(found.sizes().iter().copied()).collect();
    assert_eq!(named, expected);
    let map = found.map();
    assert_eq!((map[9 * 20 + 9], map[6 * 20 + 4], map[11 * 20 + 5], map[0], map[19]), (0, 1, 2, 3, 4));
}

#[test]
fn parts_are_connected() {
    let roi = Roi::single(mask(6, 9, |y, x| y == 1 && x < 3 || y == 4 && x > 5)).unwrap();
    let found = Players::Parts.of(&sample(grey(6, 9, |_, _| 0), roi)).unwrap();
    assert_eq!(found.names(), ["background", "part 1", "part 2"]);
    assert_eq!(found.sizes(), [54 - 6, 3, 3]);
    let other = Roi::single(Mask::filled(5, 5, true)).unwrap();
    let error = Players::Parts.of(&sample(grey(6, 9, |_, _| 0), other)).unwrap_err();
    assert!(error.to_string().contains("expected 6x9"), "{error}");
}

#[test]
fn superpixels_keep_to_edges_and_are_connected() {
    // A bright disc on dark ground.
    let disc = |y: usize, x: usize| (y as i32 - 30).pow(2) + (x as i32 - 26).pow(2) <= 300;
    let image = grey(60, 60, |y, x| if disc(y, x) { 220 } else { 30 });
    let found = superpixels(&image, 36, 10.0).unwrap();
    assert!((20..=50).contains(&found.players()), "{}", found.players());
    let map = found.map();
    for player in 0..found.players() {
        let own: Vec<usize> = (0..3600).filter(|&i| map[i] == player).collect();
        let inside = own.iter().filter(|&&i| disc(i / 60, i % 60)).count();
        // Small rests that were joined to a neighbour may lie beyond an edge.
        let wrong = inside.min(own.len() - inside);
        assert!(4 * wrong <= own.len(), "player {player}: {inside} of {} in the disc", own.len());
        let bits = (0..3600).map(|i| u8::from(map[i] == player)).collect::<Vec<_>>();
        let four = eyepatch_kernels::roi::components::Connectivity::Four;
        assert_eq!(eyepatch_kernels::roi::components::label(&bits, 60, 60, four).unwrap().parts().len(), 1);
    }
}

#[test]
fn baselines_hide_the_image() {
    let (ctx, other) = (Ctx::for_tests(1), Ctx::for_tests(2));
    let image = grey(16, 16, |y, x| (y * 16 + x) as u8);
    let hidden = |baseline: Baseline, ctx: &Ctx| baseline.of(&image, &[], ctx).unwrap().remove(0);
    assert!(hidden(Baseline::Black, &ctx).to_f32().iter().all(|v| *v == 0.0));
    assert!(hidden(Baseline::Mean, &ctx).to_f32().iter().all(|v| *v == 128.0));
    let noise = hidden(Baseline::Noise, &ctx);
    assert_eq!(noise, hidden(Baseline::Noise, &ctx));
    assert_ne!(noise, hidden(Baseline::Noise, &other));
    let mean = noise.to_f32().iter().sum::<f32>() / 256.0;
    assert!((mean - 127.5).abs() < 20.0, "{mean}");
    for text in ["black", "mean", "noise", "blur:51,3"] {
        let baseline: Baseline = text.parse().unwrap();
        assert_eq!(baseline.name(), text.replace(":51,3", "(51,3)"));
    }
    for text in ["blur:0,1", "blur:1,1", "blur:5", "blur:5000,5", "white", ""] {
        assert!(text.parse::<Baseline>().unwrap_err().to_string().contains("are known"), "{text}");
    }
}
