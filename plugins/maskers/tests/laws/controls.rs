//! What each control promises to hold constant, and what it gives up.

use eyepatch_core::{Ctx, Donors, Handle, Keep, Mask, Masker, Prepared, Result, Roi, Seed, Shape};
use eyepatch_testkit::{Memory, strategy};
use plugin_maskers::{Dilate, Fill, Of, Region, controls, fills};
use proptest::prelude::*;

/// Donors whose labels are known, for a positive sample.
struct Labelled(Vec<(Roi, Option<bool>)>);

impl Donors for Labelled {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn roi(&self, index: usize) -> Result<Roi> {
        Ok(self.0[index].0.clone())
    }

    fn agrees(&self, index: usize, _class: usize) -> Option<bool> {
        self.0[index].1
    }
}

fn prepared(of: Of) -> Box<dyn Prepared> {
    let masker = Region { keep: Keep::Inside, of, ..Region::default() };
    masker.prepare(&Memory::default(), &Ctx::for_tests(0)).unwrap()
}

pub(super) fn region(of: Of, own: &Mask, donors: &dyn Donors, seed: u64) -> Result<Mask> {
    let roi = Roi::single(own.clone()).unwrap();
    prepared(of).visible(&roi, donors, &Ctx::for_tests(0).with_seed(Seed::root(seed)))
}

fn overlap(a: &Mask, b: &Mask) -> usize {
    a.bits().iter().zip(b.bits()).filter(|(a, b)| **a & **b != 0).count()
}

/// A mask that is neither empty nor full, up to 24 pixels a side.
pub(super) fn some_mask() -> impl Strategy<Value = Mask> {
    (4usize..24, 4usize..24)
        .prop_flat_map(|(w, h)| strategy::mask(w, h))
        .prop_filter("neither empty nor full", |m| !m.is_empty() && !m.complement().is_empty())
}

proptest! {
    #[test]
    fn moved_keeps_the_area_and_leaves_the_roi_alone(own in some_mask(), seed: u64) {
        let moved = region(Of::Moved, &own, &Memory::default(), seed).unwrap();
        // All the room there is, where that is less than the ROI takes.
        prop_assert_eq!(moved.area(), own.area().min(own.complement().area()));
        prop_assert_eq!(overlap(&moved, &own), 0);
    }

    #[test]
    fn blobs_keep_the_area(own in some_mask(), seed: u64) {
        prop_assert_eq!(region(Of::Blob, &own, &Memory::default(), seed).unwrap().area(), own.area());
    }

    #[test]
    fn swaps_take_a_donor_with_the_right_label(own in some_mask(), seed: u64, labels in prop::collection::vec(any::<Option<bool>>(), 1..6)) {
        let (w, h) = (own.width(), own.height());
        // Donor `i` is the one pixel `i`.
        let pixel = |i: usize| Mask::new(w, h, (0..w * h).map(|p| u8::from(p == i)).collect()).unwrap();
        let donors = Labelled(labels.iter().enumerate().map(|(i, l)| (Roi::single(pixel(i)).unwrap(), *l)).collect());
        for (of, same) in [(Of::SwapSame, true), (Of::SwapOpposite, false)] {
            match region(of, &own, &donors, seed) {
                Ok(found) => {
                    let donor = (0..labels.len()).find(|&i| found == pixel(i));
                    prop_assert_eq!(labels[donor.unwrap()], Some(same));
                }
                Err(e) => {
                    prop_assert!(!labels.contains(&Some(same)), "{}", e);
                    prop_assert!(e.to_string().contains("label and a ROI is empty"), "{}", e);
                }
            }
        }
    }

    #[test]
    fn a_visible_share_is_met_as_nearly_as_any_dilation_can(own in some_mask(), share in 0.05f32..0.95, keep in prop_oneof![Just(Keep::Inside), Just(Keep::Outside)]) {
        let roi = Roi::single(own.clone()).unwrap();
        let visible = |dilate: Dilate| {
            let masker = Region { keep, dilate, ..Region::default() };
            let ready = masker.prepare(&Memory::default(), &Ctx::for_tests(0)).unwrap();
            ready.visible(&roi, &Memory::default(), &Ctx::for_tests(0)).ok().map(|m| m.area() as f64)
        };
        let all = own.bits().len() as f64;
        let off = |area: f64| (area - f64::from(share) * all).abs();
        let found = off(visible(Dilate::visible(share)).unwrap());
        for radius in -30..30 {
            if let Some(area) = visible(Dilate::Pixels(radius)) {
                // Half a pixel of rounding in the wanted area.
                prop_assert!(found <= off(area) + 1.0, "radius {} comes nearer: {} < {}", radius, off(area), found);
            }
        }
    }
}

/// Three pixels that no erosion leaves anything of, where one would be wanted.
#[test]
fn a_region_that_erodes_to_nothing_stays_as_small_as_it_gets() {
    let bits = [6, 9, 10].iter().fold(vec![0; 16], |mut bits, &i: &usize| {
        bits[i] = 1;
        bits
    });
    let roi = Roi::single(Mask::new(4, 4, bits).unwrap()).unwrap();
    let masker = Region { keep: Keep::Outside, dilate: Dilate::visible(0.914), ..Region::default() };
    let ready = masker.prepare(&Memory::default(), &Ctx::for_tests(0)).unwrap();
    assert_eq!(ready.visible(&roi, &Memory::default(), &Ctx::for_tests(0)).unwrap().area(), 13);
}

pub(super) fn disc(side: usize, radius: f64) -> Mask {
    let c = side as f64 / 2.0;
    let inside = |i: usize| {
        let (x, y) = ((i % side) as f64 + 0.5 - c, (i / side) as f64 + 0.5 - c);
        u8::from(x * x + y * y <= radius * radius)
    };
    Mask::new(side, side, (0..side * side).map(inside).collect()).unwrap()
}

#[test]
fn a_perturbed_roi_has_the_wanted_dice() {
    let own = disc(64, 18.0);
    for wanted in [0.98f32, 0.9, 0.8, 0.6] {
        for seed in 0..10 {
            let found = region(Of::Perturbed(wanted), &own, &Memory::default(), seed).unwrap();
            let dice = 2.0 * overlap(&found, &own) as f64 / (found.area() + own.area()) as f64;
            assert!((dice - f64::from(wanted)).abs() < 0.02, "{dice} instead of {wanted}, seed {seed}");
        }
    }
    assert_eq!(region(Of::Perturbed(1.0), &own, &Memory::default(), 1).unwrap(), own);
}

#[test]
fn random_controls_differ_from_sample_to_sample_and_not_from_call_to_call() {
    let own = disc(48, 9.0);
    for of in [Of::Moved, Of::Blob, Of::Perturbed(0.8)] {
        let draw = |seed| region(of, &own, &Memory::default(), seed).unwrap();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2), "{of:?}");
        assert_ne!(draw(1), own, "{of:?}");
    }
}

#[test]
fn the_mean_roi_holds_the_pixels_that_most_share_and_is_the_same_for_all() {
    use eyepatch_core::{Image, Pixels, Sample};
    let row = |bits: [u8; 6]| Mask::new(6, 1, bits.to_vec()).unwrap();
    let sample = |(i, mask): (usize, Mask)| Sample {
        id: format!("s{i}"),
        patient: format!("p{i}"),
        labels: vec![Some(true)],
        image: Image::new(6, 1, 1, Pixels::U8(vec![9; 6])).unwrap(),
        roi: Roi::single(mask).unwrap(),
    };
    let rois = [row([0, 1, 1, 0, 0, 0]), row([0, 0, 1, 1, 0, 0]), row([0, 0, 1, 1, 1, 0])];
    let training = Memory(rois.into_iter().enumerate().map(sample).collect());
    let masker = Region { keep: Keep::Inside, of: Of::MeanRoi, ..Region::default() };
    assert!(masker.learns());
    let ctx = Ctx::for_tests(0);
    let ready = masker.prepare(&training, &ctx).unwrap();
    for own in [row([1, 0, 0, 0, 0, 0]), row([0, 0, 0, 0, 1, 1])] {
        let found = ready.visible(&Roi::single(own).unwrap(), &training, &ctx).unwrap();
        // 7 pixels in 3 ROIs: 2 on average; pixel 2 is in three of them, pixel 3 in two.
        assert_eq!(found, row([0, 0, 1, 1, 0, 0]));
    }
}

#[test]
fn every_control_says_what_it_holds_constant() {
    let all: Vec<Handle<dyn Masker>> = controls(Fill::Black);
    let cards: Vec<_> = all.iter().map(|m| m.card()).collect();
    for card in &cards {
        assert!(card.control.as_ref().is_some_and(|c| c.starts_with("Holds")), "{card:?}");
        assert!(!card.is_own_whole_roi() && card.hides, "{card:?}");
    }
    let names: Vec<&str> = cards.iter().map(|c| c.name.as_str()).collect();
    let expected = [
        "NoROI~swap-same",
        "NoROI~swap-opposite",
        "NoROI~mean-roi",
        "NoROI~moved",
        "NoROI~blob",
        "NoROI~dice-0.9",
    ];
    assert_eq!(names, expected);
    let fills = fills([Fill::Mean, Fill::Blur { kx: 9, ky: 9 }]);
    assert!(fills[0].card().is_own_whole_roi() && fills[0].card().hides && !fills[1].card().hides);
}

#[test]
fn sizes_are_written_as_numbers_or_by_name() {
    let read = |json: serde_json::Value| serde_json::from_value::<Dilate>(json).unwrap();
    assert_eq!(read(serde_json::json!(-3)), Dilate::Pixels(-3));
    assert_eq!(read(serde_json::json!({ "fraction": 0.02 })), Dilate::fraction(0.02));
    assert_eq!(read(serde_json::json!({ "visible": 0.5 })), Dilate::visible(0.5));
    let name = |dilate| Handle::<dyn Masker>::from(Region { dilate, ..Region::default() }).card().name;
    assert_eq!(
        [name(25.into()), name(Dilate::fraction(0.02)), name(Dilate::visible(0.5))],
        ["NoROI+25", "NoROI+2%", "NoROI@50%"]
    );
    // 2 % of 50 pixels is one pixel.
    let roi = Roi::single(disc(50, 6.0)).unwrap();
    let area = |dilate| {
        let masker = Region { keep: Keep::Inside, dilate, ..Region::default() };
        let ctx = Ctx::for_tests(0);
        masker
            .prepare(&Memory::default(), &ctx)
            .unwrap()
            .visible(&roi, &Memory::default(), &ctx)
            .unwrap()
            .area()
    };
    assert_eq!(area(Dilate::fraction(0.02)), area(Dilate::Pixels(1)));
    for wrong in [Dilate::fraction(1.5), Dilate::visible(0.0), Dilate::visible(f32::NAN)] {
        let masker: Handle<dyn Masker> = Region { dilate: wrong, ..Region::default() }.into();
        assert!(masker.checked(eyepatch_core::Kind::Masker).is_err(), "{wrong:?}");
    }
}

/// The study's box, pixel by pixel: ROI united with its box without the box's last row and column.
#[test]
fn the_published_box_lacks_its_last_row_and_column() {
    let mut bits = vec![0; 30];
    // An L in columns 1 to 3 and rows 1 to 3 of a 6x5 image.
    for (x, y) in [(1, 1), (1, 2), (1, 3), (2, 3), (3, 3)] {
        bits[y * 6 + x] = 1;
    }
    let masker = Region { keep: Keep::Inside, shape: Shape::BoxPublished, ..Region::default() };
    let ctx = Ctx::for_tests(0);
    let roi = Roi::single(Mask::new(6, 5, bits).unwrap()).unwrap();
    let found =
        masker.prepare(&Memory::default(), &ctx).unwrap().visible(&roi, &Memory::default(), &ctx).unwrap();
    let rows: Vec<String> = found.bits().chunks(6).map(|r| r.iter().map(u8::to_string).collect()).collect();
    assert_eq!(rows, ["000000", "011000", "011000", "011100", "000000"]);
}
